"""Somebody whose goal is not known: a sum over goals of an episode's likelihood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.goal_mixture import GoalMixture
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import THETA, simulate_episode

GOALS = ((0.0, 3.6), (-3.0, 2.0), (3.0, -1.0))


class Setup:
    """Episodes of somebody who goes for the first of three goals."""

    def __init__(self, crossing: Scenario) -> None:
        person = replace(crossing.starts.people[0], goals=GOALS)
        starts = replace(crossing.starts, people=(person,))
        self.scenario = replace(crossing, starts=starts)
        policy = InteractionPolicy(crossing.robot)
        self.phi = policy.initial(torch.Generator().manual_seed(0))
        self.solver = CrowdSolver(self.scenario, policy, likelihood_grid=(4, 9))
        rng = np.random.default_rng(0)
        self.batches = [simulate_episode(self.scenario, self.phi, THETA, rng) for _ in range(3)]

    def __call__(self, batch: Decisions) -> Choices | GoalMixture:
        return self.solver.likelihood(batch, self.phi).of["person_0"]


@pytest.fixture
def setup(crossing: Scenario) -> Setup:
    return Setup(crossing)


def first(batch: Decisions, count: int) -> Decisions:
    """The first moments of an episode."""
    names = ("robot", "people", "present", "target", "spread", "route", "log_belief", "step")
    return replace(batch, **{name: getattr(batch, name)[:count] for name in names})


def differences(likelihood: GoalMixture, theta: Array, what: str) -> Array:
    ways, of = 1e-5 * np.eye(len(theta)), getattr(likelihood, what)
    return np.array([(of(theta + way) - of(theta - way)) / 2e-5 for way in ways])


def test_gradient_and_hessian_are_those_of_the_value(setup: Setup) -> None:
    """At a moment when it is open which goal it is, and at the end."""
    for moments in (2, 12):
        mixture = setup(first(setup.batches[0], moments))
        assert isinstance(mixture, GoalMixture)
        theta = 0.3 * THETA
        slope, bend = mixture.gradient(theta), mixture.hessian(theta)
        assert slope == pytest.approx(differences(mixture, theta, "value"), rel=1e-5, abs=1e-6)
        exact = differences(mixture, theta, "gradient")
        assert np.allclose(bend, exact, rtol=1e-5, atol=1e-6)
        assert np.linalg.eigvalsh(mixture.fisher(theta)).min() > -1e-9


def test_its_value_is_the_sum_over_goals_by_hand(setup: Setup) -> None:
    batch = first(setup.batches[0], 3)
    belief = np.log([0.2, 0.5, 0.3])
    told = replace(batch, log_belief=np.broadcast_to(belief, (3, 1, 3)).copy())
    each = []
    for goal in GOALS:
        known = replace(batch, goals=np.array([[goal]]), log_belief=np.zeros((3, 1, 1)))
        single = setup(known)
        assert isinstance(single, Choices)
        each.append(-single.value(THETA))
    total = np.exp(np.array(each) + belief).sum()
    assert setup(told).value(THETA) == pytest.approx(-np.log(total))


def test_a_goal_that_is_certain_is_no_mixture(setup: Setup) -> None:
    batch = setup.batches[0]
    sure = np.broadcast_to([0.0, -np.inf, -np.inf], batch.log_belief.shape).copy()
    certain = setup(replace(batch, log_belief=sure))
    plain = setup(
        replace(batch, goals=batch.goals[:, :1], log_belief=np.zeros((len(batch.robot), 1, 1)))
    )
    assert isinstance(certain, Choices) and isinstance(plain, Choices)
    one = GoalMixture.of([plain], np.zeros(1))
    for of in (certain, one):
        assert of.value(THETA) == pytest.approx(plain.value(THETA))
        assert of.gradient(THETA) == pytest.approx(plain.gradient(THETA))
        assert of.hessian(THETA) == pytest.approx(plain.hessian(THETA))
    impossible = setup(replace(batch, log_belief=np.where(sure < 0.0, -30.0, 0.0)))
    assert impossible.value(THETA) == pytest.approx(plain.value(THETA), abs=1e-6)


def test_the_belief_sharpens_on_the_true_goal(setup: Setup) -> None:
    for batch in setup.batches:
        beliefs = [setup(first(batch, t)).responsibility(THETA) for t in (1, 4, len(batch.robot))]
        assert all(belief.sum() == pytest.approx(1.0) for belief in beliefs)
        assert beliefs[2][0] > 0.99 and beliefs[2][0] > beliefs[0][0]


def test_episodes_joined_are_episodes_added(setup: Setup) -> None:
    """Also one with fewer possible goals, another number of decisions, and points of its own."""
    a, b = setup(setup.batches[0]), setup(first(setup.batches[1], 3))
    fewer = np.broadcast_to([-0.5, -0.9, -np.inf], setup.batches[2].log_belief.shape).copy()
    noisy = np.broadcast_to(0.02 * np.eye(6), setup.batches[2].spread.shape).copy()
    c = setup(replace(setup.batches[2], log_belief=fewer, spread=noisy))
    assert isinstance(a, GoalMixture)
    whole = a.joined([b, c])
    assert whole.trajectories == 3 and len(whole) == len(a) + len(b) + len(c)
    for theta in (THETA, 0.2 * THETA):
        assert whole.value(theta) == pytest.approx(sum(x.value(theta) for x in (a, b, c)))
        for what in ("gradient", "hessian", "fisher"):
            total = sum(getattr(x, what)(theta) for x in (a, b, c))
            assert np.allclose(getattr(whole, what)(theta), total, rtol=1e-9, atol=1e-9)
    again = whole.joined([a])
    assert again.value(THETA) == pytest.approx(whole.value(THETA) + a.value(THETA))
