"""A reward that was learned from others: where people start, and what they add to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import solve_inner
from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.core.people_evidence import REWARDS, PeopleEvidence
from bisirl_ros.core.people_structures import nothing_seen
from bisirl_ros.core.pooled_prior import Hyperprior, pooled_prior

from .conftest import Day, chosen_by

MEAN = np.array([2.0, -3.0, 0.5])
COVARIANCE = np.array([[0.5, 0.2, 0.0], [0.2, 0.3, -0.1], [0.0, -0.1, 4.0]])
BELIEF = InitialBelief.around(MEAN, COVARIANCE)
Said = list[tuple[Array, Array]]


def started(reward: str, initial: InitialBelief | None = BELIEF) -> LoopState[Day]:
    config = LoopConfig(reward=reward)
    return LoopState.start(torch.zeros(1), 3, config, 0, people=True, initial=initial)


def people_of(state: LoopState[Day]) -> PeopleEvidence:
    assert isinstance(state.evidence, PeopleEvidence)
    return state.evidence


def gaussian(people: int, rng: np.random.Generator, omega: Array) -> Said:
    """What noisy observations say of rewards N(MEAN, omega)."""
    said = []
    for theta in rng.multivariate_normal(MEAN, omega, people):
        design = rng.normal(size=(5, 3))
        seen = design @ theta + 0.5 * rng.normal(size=5)
        said.append((4.0 * design.T @ seen, 4.0 * design.T @ design))
    return said


@pytest.mark.parametrize("reward", REWARDS)
def test_a_stranger_is_believed_what_was_learned_before_anybody_was_met(reward: str) -> None:
    state = started(reward)
    mean, covariance = state.evidence.newcomer(state.theta)
    assert (mean == MEAN).all()
    assert covariance == pytest.approx(COVARIANCE, rel=1e-12, abs=1e-14)
    met = state.evidence.met(["anna"], state.theta)
    theta = met.extended(state.theta)
    assert met.theta_of(theta, "anna") == pytest.approx(MEAN)
    assert met.covariance_of(theta, "anna") == pytest.approx(COVARIANCE)


def test_whatever_somebodys_structure_is_it_starts_there_too() -> None:
    prior = nothing_seen(people_of(started("each")))
    assert (prior.prior_mean == MEAN).all()
    assert np.linalg.inv(prior.prior) == pytest.approx(COVARIANCE)


def test_where_nothing_is_known_it_is_the_weak_prior_to_the_last_digit() -> None:
    said = gaussian(4, np.random.default_rng(0), COVARIANCE)
    pulls, bends = (np.array(x) for x in zip(*said, strict=True))
    plain = pooled_prior(pulls, bends, Hyperprior.of(0.1))
    weak = InitialBelief.weak(3, 0.1).pooled(said)
    alike = InitialBelief.around(np.zeros(3), 10.0 * np.eye(3)).pooled(said)
    for name, value in vars(plain).items():
        assert np.array_equal(getattr(weak, name), value), name
        assert getattr(alike, name) == pytest.approx(value, rel=1e-6, abs=1e-9), name


def test_given_how_people_differ_the_rest_is_the_closed_form() -> None:
    """mu ~ N(MEAN, COVARIANCE / 2), theta ~ N(mu, spread), seen as N(H^-1 h, H^-1): conjugate."""
    said = gaussian(6, np.random.default_rng(1), 0.2 * COVARIANCE)
    found = BELIEF.pooled(said)

    def mu(of: Said) -> tuple[Array, Array]:
        precision = np.linalg.inv(0.5 * COVARIANCE)
        pull = precision @ MEAN
        for h, bend in of:
            one = np.linalg.inv(found.spread + np.linalg.inv(bend))
            precision, pull = precision + one, pull + one @ np.linalg.solve(bend, h)
        covariance = np.linalg.inv(precision)
        return covariance @ pull, covariance

    mean, covariance = mu(said)
    assert found.mean == pytest.approx(mean, rel=1e-9)
    assert found.mean_covariance == pytest.approx(covariance, rel=1e-9)
    for i in range(len(said)):
        mean, covariance = mu(said[:i] + said[i + 1 :])
        assert found.others_mean[i] == pytest.approx(mean, rel=1e-9)
        expected = found.alike[i] * (found.spread + covariance)
        assert found.others_covariance[i] == pytest.approx(expected, rel=1e-9)


def test_many_people_teach_the_truth_wherever_it_began() -> None:
    omega = np.array([[0.3, 0.1, 0.0], [0.1, 0.2, -0.05], [0.0, -0.05, 0.1]])
    said = gaussian(800, np.random.default_rng(2), omega)
    found = InitialBelief.around(MEAN + 3.0, 4.0 * COVARIANCE).pooled(said)
    assert found.mean == pytest.approx(MEAN, abs=0.08)
    assert found.spread == pytest.approx(omega, abs=0.06)


def test_neither_units_nor_order_of_the_features_matter() -> None:
    said = gaussian(5, np.random.default_rng(3), COVARIANCE)
    turn = np.diag([10.0, 1.0, 0.01])[:, [2, 0, 1]]
    back = np.linalg.inv(turn)
    other = InitialBelief.around(turn @ MEAN, turn @ COVARIANCE @ turn.T)
    ours = BELIEF.pooled(said)
    theirs = other.pooled([(back.T @ h, back.T @ bend @ back) for h, bend in said])
    assert back @ theirs.mean == pytest.approx(ours.mean)
    assert back @ theirs.covariance @ back.T == pytest.approx(ours.covariance)
    assert back @ theirs.others_covariance @ back.T == pytest.approx(ours.others_covariance)


@pytest.mark.parametrize("reward", ["each", "pooled"])
def test_of_few_decisions_somebody_is_known_for_those_before(reward: str) -> None:
    """Three choices: the error is a fraction of what it is without them, and near MEAN's."""
    narrow = InitialBelief.around(MEAN, 0.04 * np.eye(3))
    error: dict[str, list[float]] = {"with": [], "without": []}
    for seed in range(8):
        for name, initial in (("with", narrow), ("without", None)):
            rng = np.random.default_rng(seed)
            truth = MEAN + 0.2 * rng.normal(size=3)
            batch = PeopleLikelihood({"anna": chosen_by(truth, 3, rng)})
            state = started(reward, initial)
            evidence = state.evidence.met(batch.of, state.theta)
            state.theta = evidence.extended(state.theta)
            state.evidence = evidence.add(batch)
            solve_inner(state, LoopConfig(reward=reward))
            found = state.evidence.theta_of(state.theta, "anna")
            error[name].append(float(np.linalg.norm(found - truth)))
            if initial is not None:
                assert np.abs(found - MEAN).max() < 0.4
    assert np.mean(error["with"]) < 0.3 * np.mean(error["without"])


def test_two_that_are_one_but_for_rounding_agree() -> None:
    assert BELIEF.agrees(InitialBelief.around(MEAN + 1e-9, COVARIANCE * (1.0 + 1e-9)))
    assert not BELIEF.agrees(InitialBelief.around(MEAN + 1e-3, COVARIANCE))
    assert not BELIEF.agrees(InitialBelief.around(MEAN, 1.01 * COVARIANCE))
    assert not BELIEF.agrees(InitialBelief.weak(3, 0.1))
    assert InitialBelief.weak(3, 0.1).agrees(InitialBelief.around(np.zeros(3), 10.0 * np.eye(3)))
    assert not BELIEF.agrees(replace(BELIEF, precision=2.0))
