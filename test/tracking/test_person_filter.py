"""The filter's beliefs hold the truth as often as they say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.person import lagged
from bisirl_ros.tracking.habit import HABITS, ChoicePrior, Habit, Habits, likely
from bisirl_ros.tracking.lagging import lagging
from bisirl_ros.tracking.motion_model import MotionModel, Seen
from bisirl_ros.tracking.person_filter import Hypothesis, PersonFilter, Report, mixed
from bisirl_ros.tracking.reaction import Reaction, reactions
from bisirl_ros.tracking.track import Rhythm, Track, follow

FINE_S, PERIOD_S, LAG_S = 0.01, 0.4, 0.3


def walk(
    rng: np.random.Generator, decisions: int, late_s: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States every FINE_S; states (N, 4) and targets (N, 2) at the decisions."""
    state = torch.tensor([0.0, 0.0, 0.0, 1.0]).double()
    states, last = [state.numpy()], state[2:]
    at, targets = [], []
    for _ in range(decisions):
        at.append(state.numpy())
        habit = 0.8 * state[2:].numpy() + np.array([0.0, 0.2])
        target = torch.tensor(habit + rng.normal(0.0, 0.5, 2))
        for tick in range(40):
            state = lagged(state, target if tick * FINE_S >= late_s else last, LAG_S, FINE_S)
            states.append(state.numpy())
        targets.append(target.numpy())
        last = target
    return np.array(states), np.array(at), np.array(targets)


def reported(
    rng: np.random.Generator,
    states: np.ndarray,
    rate: float,
    position: float | None,
    velocity: float | None,
    dropout: float = 0.0,
) -> list[Report]:
    reports = []
    for tick in range(0, len(states), round(1.0 / rate / FINE_S)):
        if tick and rng.random() < dropout:
            continue
        place = speed = place_cov = speed_cov = None
        if position is not None:
            place = states[tick, :2] + rng.normal(0.0, position, 2)
            place_cov = position**2 * np.eye(2)
        if velocity is not None:
            speed = states[tick, 2:] + rng.normal(0.0, velocity, 2)
            speed_cov = velocity**2 * np.eye(2)
        reports.append(Report(tick * FINE_S, place, place_cov, speed, speed_cov))
    return reports


RHYTHM = Rhythm(0.0, PERIOD_S, 0.1)


def onwards(_: float, place: np.ndarray) -> np.ndarray:
    """The velocity that is wanted everywhere."""
    return np.array([0.0, 1.0])


def followed(reports: list[Report]) -> Track:
    """Under all reactions and one habit."""
    every = [Hypothesis(r, Habit()) for r in reactions(0.1)]
    return follow([reports], RHYTHM, LAG_S, every, onwards, {})


def normalised(
    late_s: float, rate: float, position: float, velocity: float | None
) -> tuple[np.ndarray, float]:
    """Errors of the target given the state, whitened, per walk: (W, N, 2); mean chi2 of all six."""
    rng = np.random.default_rng(5)
    model, people, truth = MotionModel(LAG_S, 0.1), {}, []
    for number in range(8):
        states, at, targets = walk(rng, 40, late_s)
        people[f"{number}"] = Seen(
            [reported(rng, states, rate, position, velocity, dropout=0.2)], onwards
        )
        truth.append(np.concatenate([at, targets], -1))
    z = []
    for track, true in zip(model.follow(people, RHYTHM).values(), truth, strict=True):
        rows = []
        for moment in track.moments[1:40]:
            if moment.decision is None:
                rows.append(np.full(6, np.nan))
                continue
            mean, cov = mixed(*moment.decision, model.log_weight)
            rows.append(np.linalg.solve(np.linalg.cholesky(cov), mean - true[moment.step]))
        z.append(rows)
    every = np.array(z)
    return every[..., 4:], float(np.nanmean(np.square(every).sum(-1)))


@pytest.mark.parametrize("late_s", [0.0, 0.06, 0.1])
@pytest.mark.parametrize(("rate", "position", "velocity"), [(20.0, 0.01, 0.1), (10.0, 0.02, None)])
def test_errors_are_chi_square_and_white(
    late_s: float, rate: float, position: float, velocity: float | None
) -> None:
    z, chi2 = normalised(late_s, rate, position, velocity)
    assert 0.75 < np.nanmean(np.square(z)) < 1.35
    assert 4.5 < chi2 < 7.5
    assert abs(np.nanmean(z[:, 1:] * z[:, :-1])) < 0.2


def test_the_time_of_the_reaction_is_learned() -> None:
    rng = np.random.default_rng(0)
    model = MotionModel(LAG_S, 0.1)
    states, _, _ = walk(rng, 60, 0.06)
    model.follow({"a": Seen([reported(rng, states, 20.0, 0.01, 0.05)], onwards)}, RHYTHM)
    assert model.reaction.from_s - 0.015 <= 0.06 <= model.reaction.until_s + 0.015
    assert model.reaction.until_s - model.reaction.from_s < 0.05
    assert 0.34 < model.habit.spread_mps < 0.65  # one of a few, of which 0.35 and 0.6 are nearest
    assert model.habit.pull < 0.5


@pytest.mark.parametrize("late_s", [0.0, 0.06])
@pytest.mark.parametrize("velocity", [None, 0.0])
def test_exact_reports_give_the_targets(late_s: float, velocity: float | None) -> None:
    rng = np.random.default_rng(2)
    states, at, targets = walk(rng, 12, late_s)
    track = followed(reported(rng, states, 20.0, 0.0, velocity))
    assert all(moment.exact for moment in track.moments[:12])
    for moment in track.moments[1:12]:
        assert moment.decision is not None
        mean, _ = mixed(*moment.decision, track.log_likelihood)
        assert mean[4:] == pytest.approx(targets[moment.step], abs=5e-3)
        assert mean[:4] == pytest.approx(at[moment.step], abs=5e-3)


def test_a_slow_tracker_still_tells_and_says_how_little() -> None:
    rng = np.random.default_rng(4)
    states, _, targets = walk(rng, 30, 0.06)
    track = followed(reported(rng, states, 2.5, 0.02, 0.1))
    known = [m for m in track.moments[:30] if m.decision is not None]
    assert len(known) == 30
    errors, spreads = [], []
    for moment in known[1:]:
        mean, cov = mixed(*moment.decision, track.log_likelihood)
        errors.append(mean[4] - targets[moment.step, 0])
        spreads.append(math.sqrt(cov[4, 4]))
    assert np.median(spreads) > 0.1
    assert 0.5 < np.mean(np.square(np.array(errors) / spreads)) < 2.0


def test_a_period_without_reports_after_the_reaction_is_not_known() -> None:
    rng = np.random.default_rng(4)
    states, _, _ = walk(rng, 10, 0.0)
    reports = [
        r
        for r in reported(rng, states, 20.0, 0.01, 0.1)
        if not 1.29 < r.time_s < 1.61 and not 2.2 < r.time_s < 3.1
    ]
    track = followed(reports)
    known = {m.step: m.decision is not None for m in track.moments}
    assert not known[3]  # reported at 1.2 to 1.25 only
    assert known[2] and known[4] and known[5]
    assert not known[6] and 7 not in known  # the long gap: a new run from 3.1 on
    assert known[8] and known[9]


def test_a_target_that_takes_over_evenly_is_followed_exactly() -> None:
    """Against the body's own step, the target exchanged in a thousand steps."""
    last, target, pieces = torch.tensor([0.3, -1.0]), torch.tensor([1.2, 0.4]), 1000
    start = torch.tensor([0.5, -0.2, 0.1, 0.9]).double()
    share, rate, dt_s = (
        np.array([0.0, 0.25, 1.0]),
        np.array([8.0, 3.0, 0.0]),
        np.array([0.1, 0.2, 0.3]),
    )
    moved = lagging(dt_s, LAG_S, share, rate)
    for b in range(3):
        state = start
        for k in range(pieces):
            part = share[b] + rate[b] * (k + 0.5) * dt_s[b] / pieces
            state = lagged(state, last + part * (target - last), LAG_S, dt_s[b] / pieces)
        before = np.stack([start[:2], start[2:], target, last])
        np.testing.assert_allclose((moved[b] @ before).ravel(), state, atol=1e-6)


@pytest.mark.parametrize("lag_s", [LAG_S, 0.01])
def test_in_one_go_is_as_in_many_steps(lag_s: float) -> None:
    report = Report(0.0, np.zeros(2), 0.01 * np.eye(2), np.ones(2), 0.01 * np.eye(2))
    one, many = (
        PersonFilter(lag_s, [Hypothesis(r, Habit(0.5, 0.5)) for r in reactions(0.1)], report)
        for _ in range(2)
    )
    for filtered, steps in ((one, 1), (many, 50)):
        for decision in range(3):
            filtered.decide(np.array([0.0, 1.0]))
            filtered.update(replace(report, time_s=0.4 * decision + 0.05, position=np.ones(2)))
            for time_s in np.linspace(0.4 * decision + 0.05, 0.4 * decision + 0.4, steps + 1)[1:]:
                filtered.advance(time_s)
    np.testing.assert_allclose(one.state[0], many.state[0], rtol=1e-9)
    for ours, theirs in ((one.state[1], many.state[1]), (one.decision[1], many.decision[1])):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_hypotheses_count_by_their_likelihood() -> None:
    mean, cov = np.array([[0.0], [2.0]]), np.ones((2, 1, 1))
    assert mixed(mean, cov, np.array([0.0, 0.0])) == (pytest.approx([1.0]), pytest.approx(2.0))
    assert mixed(mean, cov, np.array([0.0, -99.0])) == (pytest.approx([0.0]), pytest.approx(1.0))


def test_a_report_of_either_kind_narrows_the_belief() -> None:
    eye = np.eye(2)
    first = Report(0.0, np.zeros(2), 0.01 * eye, None, None)
    person = PersonFilter(LAG_S, [Hypothesis(Reaction(0.0, 0.1), Habit())], first)
    wide = person.state[1][0]
    person.update(Report(0.1, None, None, np.array([1.0, 0.0]), 0.01 * eye))
    mean, cov = person.state
    assert cov[0, 2, 2] < 0.011 < wide[2, 2]
    assert mean[0, 2] == pytest.approx(1.0, abs=0.01)
    assert mean[0, 0] > 0.02


def test_no_reaction_is_one_hypothesis() -> None:
    assert reactions(0.0) == (Reaction(0.0, 0.0),)
    assert Reaction(0.0, 0.0).jolt(0.3, 0.5) == 0.0


def test_the_expected_habit_is_one_between() -> None:
    assert likely(HABITS[:1], np.zeros(1)) == pytest.approx(HABITS[0])
    assert likely((Habit(0.0, 0.2), Habit(1.0, 0.8)), np.zeros(2)) == Habit(0.5, pytest.approx(0.4))


def test_what_is_expected_stands_in_for_the_habit() -> None:
    """The same prior by either way is the same belief; another one moves what is believed now."""
    rng = np.random.default_rng(3)
    states, _, _ = walk(rng, 12, 0.0)
    reports = reported(rng, states, 10.0, 0.05, None)
    every = [Hypothesis(Reaction(0.0, 0.0), Habit(), expects) for expects in (False, True)]

    def ends(prior: ChoicePrior | None) -> np.ndarray:
        expected = {} if prior is None else dict.fromkeys(range(12), prior)
        track = follow([reports], RHYTHM, LAG_S, every, onwards, expected)
        return track.moments[-1].now[0]

    habit = ChoicePrior(*(of[0] for of in Habits([Habit()]).priors(np.array([0.0, 1.0]))))
    for same in (None, habit):
        found = ends(same)
        assert found[1] == pytest.approx(found[0], abs=1e-9)
    surely = habit._replace(
        slope=np.zeros((2, 2)), offset=np.array([1.0, 0.0]), spread=1e-6 * np.eye(2)
    )
    by_habit, as_expected = ends(surely)
    assert not np.allclose(by_habit, as_expected, atol=0.05)
    assert as_expected[2:] == pytest.approx([1.0, 0.0], abs=0.1)
