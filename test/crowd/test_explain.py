"""What a batch of decisions says: exactly, person by person, under the policy of its time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import Likelihood
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID, gauss_disc
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.explain import Explainer
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import THETA, decisions, random_phi, simulate_episode, situation

ROBOT = (-1.0, 0.1, 0.2, 0.7, 0.0, 0.1)
FIRST, SECOND, THIRD = (0.2, -0.8, 0.1, 0.9), (0.9, 0.5, -0.5, -0.3), (-1.5, 1.6, 0.4, -0.6)
NAMES = ("ann", "ben", "cas")


def one_moment(*people: tuple[float, ...]) -> Decisions:
    """One decision of each of some people."""
    now, rng = situation(ROBOT, people), np.random.default_rng(0)
    target = rng.uniform(-0.8, 0.8, (1, len(people), 2))
    return decisions(now, now.robot.numpy(), now.people.numpy(), target, NAMES[: len(people)])


def explained(batch: Decisions, scenario: Scenario, phi: torch.Tensor) -> dict[str, Likelihood]:
    return dict(CrowdSolver(scenario, InteractionPolicy(scenario.robot)).likelihood(batch, phi).of)


@pytest.mark.parametrize("count", [1, 3])
def test_a_decision_by_hand(count: int) -> None:
    """- log p = log int exp(theta . Phi) - theta . Phi(chosen), of everybody by themselves."""
    scenario = load_scenario("crowd", people=count)
    policy = InteractionPolicy(scenario.robot)
    phi, theta = random_phi(policy, 0.2), np.array([*THETA, -1.0])
    batch = one_moment(FIRST, SECOND, THIRD) if count == 3 else one_moment(FIRST)
    ours = explained(batch, scenario, phi)
    game = CrowdModel(scenario, policy, gauss_disc(1.8, 24, 52), "cpu", torch.float64)
    now = situation(ROBOT, (FIRST, SECOND, THIRD)[:count])
    setting = game.setting(now, now.aims.likeliest, torch.from_numpy(theta))
    weights = policy.weights(phi)
    robots = game.drive(weights, policy.robot.motion(now.robot), now.people, setting)
    grid = game.candidates.velocity.expand(count, -1, -1)
    asked = torch.cat([torch.from_numpy(batch.target[0])[:, None], grid], 1)
    robots = robots.repeated(count)
    seen = game.foresee(weights, (robots, robots), now.people, setting, asked)
    value = seen.features @ torch.from_numpy(theta)
    by_hand = torch.logsumexp(value[:, 1:] + game.candidates.log_area, 1) - value[:, 0]
    found = [ours[name].value(theta) for name in batch.identities]
    assert found == pytest.approx(by_hand.tolist(), abs=0.06)


def test_going_on_and_what_was_chosen_are_among_what_was_offered() -> None:
    """By their features, and more about both than the even candidates are."""
    scenario = load_scenario("crossing")
    phi = random_phi(InteractionPolicy(scenario.robot), 0.2)
    (found,) = explained(one_moment(FIRST), scenario, phi).values()
    assert isinstance(found, Choices)
    offered, chosen = found.offered[0, 0], found.chosen[0, 0, 0]
    possible = np.isfinite(found.log_area[0, 0])
    change = [spec.name for spec in scenario.person.features].index("velocity_change")
    as_chosen = np.abs(offered - chosen).max(-1) < 1e-9
    going_on = np.abs(offered[:, change]) < 1e-12
    assert (as_chosen & possible).any() and (going_on & possible).any()
    even = len(gauss_disc(1.8, *LIKELIHOOD_GRID))
    assert not (as_chosen | going_on)[:even].any() and len(offered) > even


def differences(likelihood: Likelihood, theta: Array, what: str) -> Array:
    """Central differences of `what` in theta."""
    ways, of = 1e-5 * np.eye(len(theta)), getattr(likelihood, what)
    return np.array([(of(theta + way) - of(theta - way)) / 2e-5 for way in ways])


def test_gradient_and_hessian_are_those_of_the_value(crossing: Scenario) -> None:
    phi = random_phi(InteractionPolicy(crossing.robot), 0.2)
    batch = simulate_episode(crossing, phi, THETA, np.random.default_rng(0))
    [likelihood] = explained(batch, crossing, phi).values()
    theta = 0.7 * THETA
    assert likelihood.gradient(theta) == pytest.approx(
        differences(likelihood, theta, "value"), rel=1e-6, abs=1e-6
    )
    hessian = likelihood.hessian(theta)
    assert np.allclose(hessian, differences(likelihood, theta, "gradient"), rtol=1e-6, atol=1e-6)
    assert np.linalg.eigvalsh(hessian).min() > 0.0  # a conditional logit is convex


def test_the_true_weights_under_the_right_policy_explain_best(crossing: Scenario) -> None:
    """The human answered that robot; under another one the same choices are less likely."""
    policy = InteractionPolicy(crossing.robot)
    deployed = policy.initial(torch.Generator().manual_seed(0))
    other = deployed.clone()
    deployed[-2], other[-2] = -2.5, 1.5  # a slow robot, a fast one
    rng, solver = np.random.default_rng(0), CrowdSolver(crossing, policy)
    batches = [simulate_episode(crossing, deployed, THETA, rng) for _ in range(12)]

    def value(phi: torch.Tensor, theta: Array) -> float:
        return sum(solver.likelihood(b, phi).value(lambda _: theta) for b in batches)

    right = value(deployed, THETA)
    assert right < value(other, THETA) - 2.0
    assert right < value(deployed, 0.0 * THETA) - 20.0


def test_the_coarse_grid_of_imagination_agrees_with_the_fine_one(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    phi = policy.initial(torch.Generator().manual_seed(0))
    rng = np.random.default_rng(1)
    batches = [simulate_episode(crossing, phi, THETA, rng) for _ in range(6)]
    values = np.zeros((3, 6))
    for row, grid in enumerate(((4, 9), (8, 18), (16, 36))):
        solver = CrowdSolver(crossing, policy, likelihood_grid=grid)
        for column, batch in enumerate(batches):
            likelihood = solver.likelihood(batch, phi)
            values[row, column] = likelihood.value(lambda _: THETA) / len(batch)
    coarse, fine = np.abs(values[:2] - values[2])
    assert fine.max() < 0.02 and coarse.max() < 0.2
    coarse_mean, fine_mean = np.abs((values[:2] - values[2]).mean(1))
    assert fine_mean < 0.005 and coarse_mean < 0.03


def test_somebody_absent_says_nothing_and_is_seen_by_nobody() -> None:
    """Three people, one of whom is there at the second moment only."""
    scenario = load_scenario("crowd", people=3)
    phi = random_phi(InteractionPolicy(scenario.robot), 0.2)
    three, two = one_moment(FIRST, SECOND, THIRD), one_moment(FIRST, SECOND)
    fields = {
        name: np.concatenate([getattr(three, name)] * 2)
        for name in ("robot", "people", "target", "spread", "route", "log_belief")
    }
    fields["target"][0, 2] = np.nan
    fields["people"][0, 2] = 0.0  # nobody knows where
    present = np.array([[True, True, False], [True, True, True]])
    batch = replace(three, **fields, present=present, step=np.arange(2))
    theta = np.array([*THETA, -1.0])
    ours, whole = explained(batch, scenario, phi), explained(three, scenario, phi)
    alone = explained(replace(two, target=three.target[:, :2]), scenario, phi)
    assert {name: len(of) for name, of in ours.items()} == {"ann": 2, "ben": 2, "cas": 1}
    for name in ("ann", "ben"):
        both = alone[name].value(theta) + whole[name].value(theta)
        assert ours[name].value(theta) == pytest.approx(both)
        assert abs(alone[name].value(theta) - whole[name].value(theta)) > 1e-3
    assert ours["cas"].value(theta) == pytest.approx(whole["cas"].value(theta))
    gone = replace(batch, target=np.where(np.arange(3)[:, None] == 2, np.nan, batch.target))
    assert set(explained(gone, scenario, phi)) == {"ann", "ben"}


def test_each_decision_has_the_route_of_its_time(crossing: Scenario) -> None:
    phi = random_phi(InteractionPolicy(crossing.robot), 0.2)
    batch = one_moment(FIRST)
    elsewhere = replace(batch, route=np.array([[[-1.0, 4.0]]]))
    both = {
        name: np.concatenate([getattr(batch, name), getattr(elsewhere, name)])
        for name in ("robot", "people", "present", "target", "spread", "route", "log_belief")
    }
    values = [
        explained(b, crossing, phi)["ann"].value(THETA)
        for b in (batch, elsewhere, replace(batch, **both, step=np.arange(2)))
    ]
    assert values[2] == pytest.approx(values[0] + values[1])
    assert abs(values[0] - values[1]) > 1e-3


def test_a_recorded_robot_is_foreseen_where_it_went_whatever_phi(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    future = np.zeros((1, crossing.person.horizon + 1, 6))
    future[..., 0] = np.linspace(-1.0, 1.5, future.shape[1])
    batch = replace(one_moment(FIRST), robot_future=future)
    of = [
        explained(batch, crossing, random_phi(policy, 0.4, seed))["ann"].value(THETA)
        for seed in (1, 2)
    ]
    assert of[0] == of[1]
    past = replace(batch, robot_future=future + 5.0)
    assert abs(explained(past, crossing, random_phi(policy))["ann"].value(THETA) - of[0]) > 1e-3


def test_reports_that_are_nearly_exact_say_nearly_the_same(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    phi, batch = random_phi(policy, 0.2), one_moment(FIRST)
    game = CrowdModel(crossing, policy, gauss_disc(1.8, 8, 18), "cpu", torch.float64)
    exact = Explainer(game)(batch, phi).of["ann"]
    near = replace(batch, spread=np.broadcast_to(1e-8 * np.eye(6), (1, 1, 6, 6)).copy())
    far = replace(batch, spread=np.broadcast_to(0.04 * np.eye(6), (1, 1, 6, 6)).copy())
    seen = Explainer(game, 4)(near, phi).of["ann"]
    assert seen.gradient(THETA) == pytest.approx(exact.gradient(THETA), abs=1e-3)
    noisy = Explainer(game, 4)(far, phi).of["ann"]
    assert np.trace(noisy.fisher(THETA)) < np.trace(exact.fisher(THETA))


@pytest.mark.parametrize("structures", [False, True])
def test_who_decides_at_another_pace_is_explained_by_a_scenario_of_such_people(
    structures: bool,
) -> None:
    scenario = load_scenario("crossing")
    slow = replace(scenario, person=replace(scenario.person, decision_period_s=0.6, lag_s=0.2))
    phi, batch = random_phi(InteractionPolicy(scenario.robot), 0.2), one_moment(FIRST)
    policy = InteractionPolicy(scenario.robot)
    thought = CrowdSolver(scenario, policy, learn_structure=structures)
    seen = thought.likelihood(replace(batch, period_s=0.6, lag_s=0.2), phi)
    right = CrowdSolver(slow, policy, learn_structure=structures).likelihood(batch, phi)
    (name,) = batch.identities
    assert seen.of[name].value(THETA) == pytest.approx(right.of[name].value(THETA), abs=1e-12)
    assert thought.likelihood(batch, phi).of[name].value(THETA) != seen.of[name].value(THETA)
    for structure, explain in seen.otherwise.get(name, {}).items():
        of_right = right.otherwise[name][structure]().known.value(THETA)
        assert explain().known.value(THETA) == pytest.approx(of_right, abs=1e-12)
