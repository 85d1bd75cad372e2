"""Evidence about several people: its structure, who comes and goes, and what a newcomer gains."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import outer_iteration, solve_inner
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.core.people_evidence import REWARDS, PeopleEvidence
from bisirl_ros.core.posterior import EXPERT

from .conftest import ConditionalLogit, Day, DaySolver, chosen_by, day

ANNA, BEN, CARA = np.array([1.0, -2.0, 0.5]), np.array([-0.5, 0.5, 0.5]), np.array([0.0, 1.0, -1.0])


def likelihood(seed: int = 0, decisions: int = 20, **people: Array) -> PeopleLikelihood:
    rng = np.random.default_rng(seed)
    return PeopleLikelihood({name: chosen_by(x, decisions, rng) for name, x in people.items()})


def taught(reward: str, *batches: PeopleLikelihood, window: int = 200) -> LoopState[Day]:
    """A state whose evidence holds the batches, explained one after the other."""
    config = LoopConfig(reward=reward, inner_tolerance=1e-9, evidence_window=window)
    n = next(iter(batches[0].of.values())).size
    state: LoopState[Day] = LoopState.start(torch.zeros(1), n, config, 0, people=True)
    for batch in batches:
        evidence = state.evidence.met(batch.of, state.theta)
        state.theta = evidence.extended(state.theta)
        state.evidence = evidence.add(batch)
        solve_inner(state, config)
        state.evidence = state.evidence.carry(state.theta)
    return state


def people_of(state: LoopState[Day]) -> PeopleEvidence:
    assert isinstance(state.evidence, PeopleEvidence)
    return state.evidence


TWO = (likelihood(1, anna=ANNA, ben=BEN), likelihood(2, 15, ben=BEN, cara=CARA))


@pytest.mark.parametrize("reward", REWARDS)
def test_derivatives_are_those_of_the_value(reward: str) -> None:
    evidence = people_of(taught(reward, *TWO))
    rng, step = np.random.default_rng(3), 1e-5
    theta = rng.normal(size=3 if reward == "shared" else 9)
    ways = step * np.eye(len(theta))
    slope = [(evidence.value(theta + w) - evidence.value(theta - w)) / (2 * step) for w in ways]
    bend = [evidence.gradient(theta + w) - evidence.gradient(theta - w) for w in ways]
    assert evidence.gradient(theta) == pytest.approx(np.array(slope), rel=1e-6, abs=1e-6)
    bends = np.array(bend) / (2 * step)
    assert evidence.hessian(theta) == pytest.approx(bends, rel=1e-6, abs=1e-5)
    assert evidence.covariance(theta) == pytest.approx(np.linalg.inv(evidence.hessian(theta)))


@pytest.mark.parametrize("reward", ["each", "pooled"])
def test_people_decide_independently_of_each_other(reward: str) -> None:
    state = taught(reward, *TWO)
    evidence, theta = people_of(state), state.theta
    assert evidence.identities == ("anna", "ben", "cara")
    bend = evidence.hessian(theta)
    for i, name in enumerate(evidence.identities):
        own = slice(3 * i, 3 * i + 3)
        assert (evidence.theta_of(theta, name) == theta[own]).all()
        assert (bend[own, own] == evidence.parts[name].hessian(theta[own])).all()
        assert evidence.covariance_of(theta, name) == pytest.approx(np.linalg.inv(bend[own, own]))
        bend[own, own] = 0.0
    assert not bend.any()


@pytest.mark.parametrize("window", [200, 1])
def test_one_person_alone_is_the_plain_evidence(window: int) -> None:
    batches = [likelihood(seed, anna=ANNA) for seed in range(3)]
    state = taught("each", *batches, window=window)
    config = LoopConfig(inner_tolerance=1e-9, evidence_window=window)
    plain: LoopState[Day] = LoopState.start(torch.zeros(1), 3, config, 0)
    for batch in batches:
        plain.evidence = plain.evidence.add(batch.of["anna"])
        solve_inner(plain, config)
        plain.evidence = plain.evidence.carry(plain.theta)
    assert (state.theta == plain.theta).all()
    assert state.evidence.value(state.theta) == plain.evidence.value(plain.theta)
    for what in ("gradient", "hessian", "fisher", "posterior_precision", "covariance"):
        ours, theirs = (getattr(x.evidence, what)(x.theta) for x in (state, plain))
        assert (ours == theirs).all()
    assert state.evidence.trajectories == plain.evidence.trajectories == 3


def test_what_is_shared_is_the_evidence_of_everything_joined() -> None:
    state = taught("shared", *TWO)
    every = [x for batch in TWO for x in batch.of.values()]
    joined = Evidence.start(3, 0.1).add(every[0].joined(every[1:]))
    x = np.array([0.3, -0.2, 0.1])
    assert state.evidence.value(x) == pytest.approx(joined.value(x))
    assert state.evidence.gradient(x) == pytest.approx(joined.gradient(x))
    assert state.evidence.hessian(x) == pytest.approx(joined.hessian(x))
    assert np.linalg.norm(joined.gradient(state.theta)) < 1e-6
    assert state.evidence.trajectories == 4
    for name in state.evidence.identities:
        assert (state.evidence.theta_of(state.theta, name) == state.theta).all()
    mean, covariance = state.evidence.newcomer(state.theta)
    assert (mean == state.theta).all()
    assert covariance == pytest.approx(joined.covariance(state.theta))


def test_theta_grows_with_those_who_come_at_the_mean_of_what_is_known() -> None:
    crowd = [likelihood(s, 80, **{f"p{s}": ANNA}) for s in range(6)]
    for reward, mean in (("each", np.zeros(3)), ("pooled", ANNA)):
        state = taught(reward, *crowd)
        met = state.evidence.met(["new", "p3"], state.theta)
        theta = met.extended(state.theta)
        assert met.identities == (*state.evidence.identities, "new")
        assert (theta[:18] == state.theta).all()
        assert met.theta_of(theta, "new") == pytest.approx(mean, abs=0.35)
        mean_of, covariance = state.evidence.newcomer(state.theta)
        assert met.theta_of(theta, "new") == pytest.approx(mean_of)
        assert met.covariance_of(theta, "new") == pytest.approx(covariance)
        assert met.extended(theta) is not theta and (met.extended(theta) == theta).all()


def test_who_was_never_met_is_not_known() -> None:
    state = taught("each", TWO[0])
    with pytest.raises(KeyError, match="cara"):
        state.evidence.add(TWO[1])
    with pytest.raises(KeyError):
        state.evidence.theta_of(state.theta, "cara")


def test_who_leaves_and_comes_back_is_still_known() -> None:
    """While others come, whoever is away changes by nothing; back again, their evidence adds up."""
    first, away = likelihood(1, anna=ANNA), [likelihood(s, ben=BEN) for s in (2, 3, 4)]
    state = taught("each", first)
    before = state.evidence.theta_of(state.theta, "anna").copy()
    state = taught("each", first, *away)
    assert (state.evidence.theta_of(state.theta, "anna") == before).all()
    state = taught("each", first, *away, likelihood(5, anna=ANNA))
    assert [len(x.batches) for x in state.evidence.parts.values()] == [2, 3]
    both = taught("each", first, likelihood(5, anna=ANNA))
    assert state.evidence.theta_of(state.theta, "anna") == pytest.approx(both.theta, abs=1e-7)


def test_what_is_published_of_somebody_is_worked_out_once() -> None:
    state = taught("each", likelihood(1, anna=ANNA, ben=BEN))
    evidence, theta = people_of(state), state.theta
    found = evidence.covariance_of(theta, "anna")
    assert evidence.ways_of(theta.copy(), "anna") is evidence.ways_of(theta, "anna")
    assert (evidence.ways_of(theta, "anna")[0].covariance == found).all()
    nearby = evidence.covariance_of(theta + np.repeat([0.5, 0.0], len(ANNA)), "anna")
    assert not np.allclose(nearby, found)
    same = np.tile(ANNA, 2)
    one, other = (evidence.covariance_of(same, name) for name in ("anna", "ben"))
    assert not np.allclose(one, other), "who it is of counts, too"
    more = people_of(taught("each", likelihood(1, anna=ANNA, ben=BEN), likelihood(2, anna=ANNA)))
    assert not np.allclose(more.covariance_of(theta, "anna"), found)


def test_what_is_reported_is_what_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of who is doubted, too, whose deviations depend on the batches that are kept."""
    monkeypatch.setattr(PeopleEvidence, "doubts", lambda self, identity: True)
    window = len(ANNA) + 2
    config = LoopConfig(policy_steps=0, evidence_window=window)
    rng = np.random.default_rng(6)
    state: LoopState[Day] = LoopState.start(torch.zeros(2), len(ANNA), config, 0, people=True)
    for _ in range(window + 2):
        some = day({"anna": ANNA}, 20, rng)
        report = outer_iteration(DaySolver(), state, config, some, state.phi)
    published = np.sqrt(np.diag(state.evidence.covariance_of(state.theta, "anna")))
    assert (report.people["anna"].std == published).all()
    assert (published != np.sqrt(np.diag(state.evidence.covariance(state.theta)))).any()


@pytest.mark.parametrize("reward", REWARDS)
def test_the_newest_batch_can_be_taken_back(reward: str) -> None:
    state = taught(reward, *TWO)
    before, now = people_of(taught(reward, TWO[0])), people_of(state).without_newest()
    kept = {name: part.batches for name, part in now.parts.items() if part.batches}
    assert kept == {name: part.batches for name, part in before.parts.items()}
    again = now.add(TWO[1])
    assert again.value(state.theta) == pytest.approx(state.evidence.value(state.theta))


@dataclass(frozen=True)
class Saddle(ConditionalLogit):
    """Its Hessian is not positive, as a mixture's need not be."""

    def hessian(self, theta: Array) -> Array:
        return -super().hessian(theta)

    def fisher(self, theta: Array) -> Array:
        return super().hessian(theta)


def test_where_one_persons_hessian_is_not_positive_their_fisher_matrix_stands_in() -> None:
    state = taught("each", TWO[0])
    evidence, theta = people_of(state), state.theta
    ben = evidence.parts["ben"]
    odd = Saddle(*(getattr(ben.batches[0], x) for x in ("chosen", "offered", "log_area")))
    evidence = evidence.with_parts({"ben": replace(ben, batches=(odd,))})
    precision = evidence.posterior_precision(theta)
    assert precision == pytest.approx(state.evidence.fisher(theta))
    assert not np.allclose(evidence.hessian(theta), precision)
    _, bend = evidence.parts["ben"].said(theta[3:])
    assert bend == pytest.approx(odd.fisher(theta[3:]))


def test_pooled_estimates_are_a_fixed_point_for_each_person_and_for_all() -> None:
    rng = np.random.default_rng(0)
    crowd = {f"p{i}": ANNA + 0.3 * rng.normal(size=3) for i in range(5)}
    state = taught("pooled", likelihood(1, **crowd), likelihood(2, 10, **crowd))
    evidence = people_of(state)
    assert evidence.repooled(state.theta) is evidence
    assert np.linalg.norm(evidence.gradient(state.theta)) < 1e-5
    pool = evidence.pool(state.theta)
    for i, part in enumerate(evidence.parts.values()):
        std = np.sqrt(np.diag(pool.others_covariance[i]))
        assert (np.abs(part.prior_mean - pool.others_mean[i]) < 2e-3 * std).all()


def test_a_prior_is_exchanged_without_touching_what_was_seen() -> None:
    plain = taught("each", *(likelihood(s, anna=ANNA) for s in range(4)), window=2)
    part, x = plain.evidence.parts["anna"], np.array([0.3, 0.1, -0.4])
    assert part.condensed == 2
    mean, precision = np.array([1.0, 2.0, 3.0]), np.diag([1.0, 5.0, 9.0])
    other = part.under(mean, precision)
    for a, b in zip(part.said(x), other.said(x), strict=True):
        assert a == pytest.approx(b)
    off = x - mean
    gained = other.value(x) - other.value(mean) - part.value(x) + part.value(mean)
    assert gained == pytest.approx(0.5 * (off @ precision @ off - 0.1 * (x @ x - mean @ mean)))
    back = other.under(np.zeros(3), 0.1 * np.eye(3))
    assert back.mean == pytest.approx(part.mean) and back.precision == pytest.approx(part.precision)
    forgotten = other.forget(x, newest=0, rho=0.0)
    assert forgotten.mean == pytest.approx(mean) and forgotten.precision == pytest.approx(precision)


def _sixth(reward: str, seed: int) -> tuple[Array, Array, Array]:
    """theta, estimate and standard deviation of who comes after five, from two short batches."""
    rng = np.random.default_rng(seed)
    theta = np.array([2.0, -1.5, 1.0, 0.5, -1.0]) + 0.3 * rng.normal(size=(6, 5))
    others = {f"p{i}": chosen_by(theta[i], 150, rng) for i in range(5)}
    weak = [PeopleLikelihood({"new": chosen_by(theta[5], 6, rng)}) for _ in range(2)]
    state = taught(reward, PeopleLikelihood(others), *weak)
    std = np.sqrt(np.diag(state.evidence.covariance_of(state.theta, "new")))
    return theta[5], state.evidence.theta_of(state.theta, "new"), std


def test_a_sixth_person_is_known_sooner_for_the_five_before() -> None:
    """12 choices among five: without what the others taught, more than twice the error."""
    error: dict[str, list[float]] = {"each": [], "pooled": []}
    for seed in range(12):
        for reward, errors in error.items():
            truth, found, _ = _sixth(reward, seed)
            errors.append(float(np.linalg.norm(found - truth)))
    assert np.mean(error["pooled"]) <= 0.5 * np.mean(error["each"])


@pytest.mark.slow
def test_the_sixth_persons_intervals_are_honest_before_and_after_they_came() -> None:
    after, before = [], []
    for seed in range(50):
        truth, found, std = _sixth("pooled", seed)
        after += list(np.abs(found - truth) < 1.96 * std)
        rng = np.random.default_rng(seed)
        theta = ANNA + np.array([0.5, 0.2, 0.3]) * rng.normal(size=(5, 3))
        crowd = {f"p{i}": chosen_by(theta[i], 30, rng) for i in range(4)}
        state = taught("pooled", PeopleLikelihood(crowd))
        mean, covariance = state.evidence.newcomer(state.theta)
        before += list(np.abs(theta[4] - mean) < 1.96 * np.sqrt(np.diag(covariance)))
    assert np.mean(after) >= 0.9
    assert np.mean(before) >= 0.9


def test_a_game_without_names_has_one_expert() -> None:
    evidence = Evidence.start(3, 0.1).add(TWO[0].of["anna"])
    assert (evidence.identities, evidence.newest) == ((), (EXPERT,))
    assert evidence.met(["anna"], np.zeros(3)) is evidence
    assert evidence.repooled(np.zeros(3)) is evidence
