"""Rewards and their intervals from noisy reports: recorder, quadrature and likelihood together."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.latent import draws
from bisirl_ros.crowd.offered import Choosable
from bisirl_ros.crowd.person import FeatureSpec, Person, lagged
from bisirl_ros.crowd.recorder import DecisionRecorder
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario, load_scenario

THETA = np.array([1.5, -0.5, -0.4])
PERSON = Person(
    (FeatureSpec("progress"), FeatureSpec("velocity_change"), FeatureSpec("speed_deviation"))
)
ROOM = Room.of()
CHOOSABLE = Choosable(gauss_disc(PERSON.max_speed, 9, 16), PERSON.max_speed)
FINE_S = 0.01


@dataclass(frozen=True)
class Tracker:
    """rate [Hz], standard deviations of positions [m] and velocities [m/s], share of dropouts.

    tells: whether it says how noisy it is
    """

    rate: float
    position: float
    velocity: float | None = None
    dropout: float = 0.2
    tells: bool = True


def features(state: Array, target: Array, goal: Array) -> Array:
    """Phi of targets (..., 2) from states (..., 4), summed over the horizon: (..., 3)."""
    s, u = torch.as_tensor(state), torch.as_tensor(target)
    lead = torch.broadcast_shapes(s.shape[:-1], u.shape[:-1])
    path = PERSON.path(s.expand(*lead, 4), u.expand(*lead, 2), ROOM)
    apart = (path[..., :2] - torch.as_tensor(goal)).norm(dim=-1)
    v = path[..., 2:]
    speed = (v[..., 1:, :].square().sum(-1) + 1e-12).sqrt()
    stride = PERSON.preferred_speed * PERSON.decision_period_s
    rows = (
        (apart[..., :-1] - apart[..., 1:]) / stride,
        (v[..., 1:, :] - v[..., :-1, :]).square().sum(-1) / 0.25,
        (speed - PERSON.preferred_speed).square() / 0.25,
    )
    weight = PERSON.discount ** torch.arange(PERSON.horizon, dtype=torch.float64)
    return np.asarray(torch.stack([(weight * row).sum(-1) for row in rows], -1))


def walk(rng: np.random.Generator, goal: Array, decisions: int, late_s: float) -> Array:
    """States every FINE_S of somebody who holds each choice for a period, from late_s after it."""
    heading = rng.uniform(0.0, 2.0 * math.pi)
    state = torch.tensor([0.0, 0.0, 0.9 * math.cos(heading), 0.9 * math.sin(heading)]).double()
    states, last = [state.numpy()], state[2:]
    late = round(late_s / FINE_S)
    for _ in range(decisions):
        offered = disc(900, rng.uniform(0.0, 2.0 * math.pi))
        logits = features(state.numpy(), offered, goal) @ THETA
        p = np.exp(logits - logits.max())
        target = torch.tensor(offered[rng.choice(len(p), p=p / p.sum())])
        for tick in range(round(PERSON.decision_period_s / FINE_S)):
            state = lagged(state, target if tick >= late else last, PERSON.lag_s, FINE_S)
            states.append(state.numpy())
        last = target
    return np.array(states)


def disc(count: int, turn: float) -> Array:
    """Points of equal area on the disc of targets, turned: what people choose among."""
    index = np.arange(count) + 0.5
    radius, angle = PERSON.max_speed * np.sqrt(index / count), index * 2.39996323 + turn
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


@cache
def scenario() -> Scenario:
    return replace(load_scenario("crossing"), person=PERSON)


def observe(
    rng: np.random.Generator, tracker: Tracker, episodes: int, late_s: float
) -> tuple[Array, Array, Array]:
    """Means (N, 6), spreads (N, 6, 6) and goals (N, 2) of the decisions of a few episodes."""
    recorder = DecisionRecorder(scenario())
    batches = []
    for episode in range(episodes):
        angle = rng.uniform(0.0, 2.0 * math.pi)
        goal = 20.0 * np.array([math.cos(angle), math.sin(angle)])
        states = walk(rng, goal, 20, late_s)
        aims = {"a": goal[None]}, {"a": np.zeros(1)}
        recorder.begin(0.0, 0, episode, np.zeros((1, 2)), *aims)
        report(recorder, states, tracker, rng)
        batches.append(recorder.finish())
    mean, spread, goals = [], [], []
    for batch in batches:
        assert batch is not None
        known = batch.decided[:, 0]
        mean.append(np.concatenate([batch.people[known, 0], batch.target[known, 0]], -1))
        spread.append(batch.spread[known, 0])
        goals.append(np.repeat(batch.goals[:1, 0], known.sum(), 0))
    return np.concatenate(mean), np.concatenate(spread), np.concatenate(goals)


def report(
    recorder: DecisionRecorder, states: Array, tracker: Tracker, rng: np.random.Generator
) -> None:
    """The tracker's reports of an episode, with white noise."""
    r, v = tracker.position**2 * np.eye(2), (tracker.velocity or 0.0) ** 2 * np.eye(2)
    every = round(1.0 / tracker.rate / FINE_S)
    for tick in range(0, len(states), every):
        recorder.robot(tick * FINE_S, np.zeros(6))
        if tick and rng.random() < tracker.dropout:
            continue
        place = states[tick, :2] + rng.normal(0.0, tracker.position, 2)
        velocity = None
        if tracker.velocity is not None:
            velocity = states[tick, 2:] + rng.normal(0.0, tracker.velocity, 2)
        told = (r, v) if tracker.tells else (None, None)
        recorder.person("a", tick * FINE_S, place, velocity, *told)


def choices(mean: Array, spread: Array, goals: Array, count: int) -> Choices:
    latent = draws(mean, spread, PERSON.max_speed, count, CHOOSABLE)
    goal = goals[:, None, None, None]
    return Choices(
        features(latent.state[:, :, None], latent.target, goal),
        latent.log_weight,
        features(latent.state[:, :, None], latent.offered.velocity, goal),
        latent.offered.log_area,
        latent.log_share,
    )


@dataclass(frozen=True)
class Outcome:
    """error, std of the Laplace posterior and by the Fisher matrix: (S, 3) each."""

    error: Array
    std: Array
    fisher: Array

    @property
    def coverage(self) -> float:
        return float(np.mean(np.abs(self.error) < 1.96 * self.std))

    @property
    def relative(self) -> float:
        return float(np.linalg.norm(self.error, axis=1).mean() / np.linalg.norm(THETA))


def outcome(
    tracker: Tracker,
    seeds: int,
    *,
    count: int = 1,
    naive: bool = False,
    episodes: int = 3,
    late_s: float = 0.06,
) -> Outcome:
    """Errors over seeds; naive: the estimates taken for exact."""
    rows = []
    for seed in range(seeds):
        rng = np.random.default_rng(1000 + seed)
        mean, spread, goals = observe(rng, tracker, episodes, late_s)
        if naive:
            spread = 0.0 * spread
        evidence = Evidence.start(3, 0.01).add(choices(mean, spread, goals, count))
        result = solve_lower_level(
            evidence, np.zeros(3), trajectories=1, tolerance=1e-6, max_iterations=1000
        )
        assert result.residual < 1e-2
        theta = result.theta
        information = np.linalg.inv(evidence.fisher(theta))
        std = np.sqrt(np.diag(evidence.covariance(theta)))
        rows.append((theta - THETA, std, np.sqrt(np.diag(information))))
    return Outcome(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.mark.slow
def test_told_noise_is_accounted_for() -> None:
    """Small: velocities at 20 Hz and positions alone at 10 Hz, a few dozen decisions each."""
    for tracker in (Tracker(20.0, 0.01, 0.1), Tracker(10.0, 0.01)):
        mixture = outcome(tracker, 10, episodes=2)
        assert mixture.coverage >= 0.85
    taken_for_exact = outcome(tracker, 10, episodes=2, naive=True)
    assert taken_for_exact.coverage < 0.6


CELLS = [
    *(Tracker(20.0, 0.01, velocity) for velocity in (0.05, 0.2)),
    *(Tracker(*seen) for seen in ((10.0, 0.03), (25.0, 0.01), (25.0, 0.03))),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tracker", "late_s"),
    [*((tracker, 0.06) for tracker in CELLS), (CELLS[0], 0.0), (CELLS[-1], 0.0)],
    ids=str,
)
def test_intervals_cover(tracker: Tracker, late_s: float) -> None:
    assert outcome(tracker, 16, late_s=late_s).coverage >= 0.86


@pytest.mark.slow
@pytest.mark.parametrize("tracker", [Tracker(20.0, 0.01, 0.1), Tracker(25.0, 0.01)], ids=str)
def test_noise_that_is_not_told_is_accounted_for(tracker: Tracker) -> None:
    assert outcome(replace(tracker, tells=False), 16).coverage >= 0.84
