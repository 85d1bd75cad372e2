"""What people are expected to go for, and what a filter makes of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.expected_choices import AT_A_TIME, ExpectedChoices, Known
from bisirl_ros.crowd.explain import Explainer
from bisirl_ros.crowd.heard_episode import HeardEpisode, Stream
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.person import lagged
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.recorder import DecisionRecorder
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.tracking.track import Rhythm
from bisirl_ros.verify.offline import OfflineRun, play_offline

SCENARIO = load_scenario("crossing")
POLICY = InteractionPolicy(SCENARIO.robot)
THETA = true_weights(SCENARIO, seed=1)
NOISE_M, RATE_HZ = 0.03, 10.0


def phi() -> torch.Tensor:
    return POLICY.initial(torch.Generator().manual_seed(1)).double()


def model() -> CrowdModel:
    return CrowdModel(SCENARIO, POLICY, gauss_disc(1.8, 12, 26), "cpu", torch.float64)


def test_it_is_the_mean_and_covariance_of_pi_e_and_its_slope() -> None:
    game, rng = model(), np.random.default_rng(0)
    now = game.starts(6, rng)
    certain = {"ann": Known(THETA[0], np.zeros((4, 4)))}
    prior = ExpectedChoices(model(), phi(), certain)(now, ("ann",))["ann"]
    setting = game.setting(now, now.aims.likeliest, game.tensor(THETA))
    weights, velocity = POLICY.weights(phi()), game.candidates.velocity
    robot_tp1 = game.drive(weights, POLICY.robot.motion(now.robot), now.seen, setting)

    def mean(people: torch.Tensor) -> tuple[Array, Array]:
        seen = game.foresee(weights, (robot_tp1, robot_tp1), people, setting, velocity[None])
        p = game.respond(seen.features, setting).p
        centre = p @ velocity
        off = velocity - centre[:, None]
        return centre.numpy(), torch.einsum("bk,bki,bkj->bij", p, off, off).numpy()

    centre, spread = mean(now.people)
    at = np.einsum("bij,bj->bi", prior.slope, now.people[:, 0, 2:].numpy()) + prior.offset
    assert at == pytest.approx(centre, abs=0.02)
    assert prior.spread == pytest.approx(spread, abs=5e-3)
    nudge = torch.tensor([0.0, 0.0, 1e-3, 0.0]).double()
    slope = (mean(now.people + nudge)[0] - mean(now.people - nudge)[0]) / 2e-3
    assert prior.slope[..., 0] == pytest.approx(slope, abs=0.05)


def test_what_is_not_known_of_a_reward_widens_it_and_a_stranger_has_none() -> None:
    now = model().starts(3, np.random.default_rng(0))
    found = []
    for variance in (0.0, 0.1):
        known = {"ann": Known(THETA[0], variance * np.eye(4))}
        found.append(ExpectedChoices(model(), phi(), known)(now, ("ann",))["ann"].spread)
    assert (np.linalg.eigvalsh(found[1] - found[0]) > -1e-12).all()
    assert (np.trace(found[1] - found[0], axis1=1, axis2=2) > 1e-4).all()
    assert ExpectedChoices(model(), phi(), {})(now, ("ann",)) == {}


def test_many_situations_are_taken_in_parts() -> None:
    now = model().starts(2 * AT_A_TIME + 3, np.random.default_rng(0))
    expects = ExpectedChoices(model(), phi(), {"ann": Known(THETA[0], np.eye(4))})
    whole, last = (expects(s, ("ann",))["ann"] for s in (now, now.chosen(slice(-2, None))))
    for every, some in zip(whole, last, strict=True):
        assert len(every) == len(now)
        assert every[-2:] == pytest.approx(some, abs=1e-12)


def test_nothing_is_expected_of_whose_goal_or_reward_is_not_known() -> None:
    """Of three who are there: one known and sure, one known and of two goals, one a stranger."""
    names, goal = ("ann", "bob", "carl"), np.array([[0.0, 3.0]])
    sure, torn = [(0.0, np.zeros(1))], [(0.0, np.log([0.5, 0.5]))]
    people = {
        "ann": Stream(goal, sure),
        "bob": Stream(np.concatenate([goal, -goal]), torn),
        "carl": Stream(goal, sure),
    }
    robot = [(0.1 * i, np.array([0.0, 0.1 * i, 0.0, 0.0, 0.0, 0.0])) for i in range(20)]
    heard = HeardEpisode(0.0, 0, 0, [(0.0, goal)], people, robot)
    states = {
        name: {k: np.array([1.0 + p, 0.1 * k, 0.0, 0.5]) for k in (range(3) if p else [0, 2])}
        for p, name in enumerate(names)
    }
    expects = ExpectedChoices(model(), phi(), dict.fromkeys(names[:2], Known(THETA[0], np.eye(4))))
    rhythm = Rhythm(0.0, SCENARIO.decision_period_s, 0.1)
    found = heard.expected(expects, SCENARIO.room, rhythm, states)
    assert sorted(found["ann"]) == [0, 2]
    assert not found["bob"] and "carl" not in found
    assert found["ann"][2].spread.shape == (2, 2)
    assert heard.expected(expects, SCENARIO.room, rhythm, {"ann": {}}) == {}


def test_the_learner_tells_its_filter_what_it_has_learned() -> None:
    """From the second episode on, with the estimate of the first."""
    asked: list[Mapping[str, Known]] = []

    class Told(CrowdSolver):
        def expected(self, phi: torch.Tensor, known: Mapping[str, Known]) -> ExpectedChoices:
            asked.append(known)
            return super().expected(phi, known)

    people = {"person_0": THETA[0]}
    loop = LoopConfig(policy_steps=0)
    play_offline(OfflineRun(SCENARIO, people, loop, episodes=2, grid=(4, 9), solver=Told))
    assert [list(known) for known in asked] == [[], ["person_0"]]
    theta, covariance, _ = asked[1]["person_0"]
    assert np.abs(theta).max() > 0.1 and np.linalg.eigvalsh(covariance)[0] > 0.0


@pytest.mark.slow
def test_a_filter_that_knows_the_person_leaves_their_changes_of_mind_unbiased() -> None:
    """From positions with 3 cm of noise: the score of each weight, at the truth, is zero."""
    known = {"ann": Known(THETA[0], np.zeros((4, 4)))}
    expects = ExpectedChoices(model(), phi(), known)
    by_habit, as_expected = (_scores(e) for e in (None, expects))
    assert by_habit[2] > 2.0  # `velocity_change` looks less disliked than it is
    assert np.abs(as_expected).max() < 2.5


def _scores(expects: ExpectedChoices | None) -> Array:
    """The likelihood's slope at the truth, over its standard deviation: (n,)."""
    game, rng, episodes = model(), np.random.default_rng(1), 24
    start = game.starts(episodes, rng)
    setting = game.setting(start, start.aims.likeliest, game.tensor(THETA))
    luck = game.tensor(rng.random((SCENARIO.episode_decisions, episodes, 1)))
    played = game.imagine(phi(), start, setting, luck)
    recorder, explain, found = DecisionRecorder(SCENARIO), Explainer(game), []
    for b in range(episodes):
        robots = POLICY.robot.state(Motion.unpacked(played.robot[:, b])).numpy()
        walked = int(played.known[:, b, 0].sum())
        batch = _heard(
            recorder,
            robots,
            played.people[:walked, b, 0],
            played.target[:walked, b, 0],
            (start.aims.route[b].numpy(), start.aims.goals[b, 0].numpy()),
            expects,
            rng,
        )
        found.append(-explain(batch, phi()).of["ann"].gradient(THETA[0]))
    scores = np.array(found)
    return np.asarray(scores.sum(0) / (scores.std(0) * np.sqrt(len(scores))))


def _heard(
    recorder: DecisionRecorder,
    robots: Array,
    people: torch.Tensor,
    targets: torch.Tensor,
    aims: tuple[Array, Array],
    expects: ExpectedChoices | None,
    rng: np.random.Generator,
) -> Decisions:
    """Decisions as a tracker of positions shows them."""
    period_s, lag_s = SCENARIO.decision_period_s, SCENARIO.person.lag_s
    recorder.begin(0.0, 0, 0, aims[0], {"ann": aims[1]}, {"ann": np.zeros(1)})
    for h, state in enumerate(robots[: len(people) + 1]):
        recorder.robot(h * period_s, state)
    for time_s in np.arange(0.0, len(people) * period_s - 1e-9, 1.0 / RATE_HZ):
        h = int(time_s / period_s + 1e-9)
        place = lagged(people[h], targets[h], lag_s, time_s - h * period_s)[:2].numpy()
        seen = place + rng.normal(0.0, NOISE_M, 2)
        recorder.person("ann", time_s, seen, None, NOISE_M**2 * np.eye(2))
    batch = recorder.finish(expects)
    assert batch is not None
    return batch
