"""The double loop among people: who is new, who changed, what it costs, and what it refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, outer_iteration
from bisirl_ros.core.lower_level import Status
from bisirl_ros.core.people_evidence import REWARDS
from bisirl_ros.core.solver import Collected
from bisirl_ros.errors import InputError

from .conftest import ConditionalLogit, Day, DaySolver, PeopleLikelihood, day

ANNA, BEN = np.array([1.0, -2.0, 0.5]), np.array([-1.0, 1.0, 0.5])
QUICK = LoopConfig(policy_steps=2)


class Run:
    """A loop, and what it reported."""

    def __init__(self, config: LoopConfig = QUICK, solver: DaySolver | None = None) -> None:
        self.config, self.solver = config, solver or DaySolver()
        self.state: LoopState[Day] = LoopState.start(torch.zeros(2), 3, config, 1, people=True)
        self.rng = np.random.default_rng(0)

    def go(self, decisions: int = 30, **people: Array) -> OuterReport:
        return self.learn(day(people, decisions, self.rng))

    def learn(self, batch: Day) -> OuterReport:
        phi = self.state.phi
        return outer_iteration(self.solver, self.state, self.config, batch, phi)


@pytest.mark.parametrize("reward", REWARDS)
def test_it_learns_who_people_are_and_reports_each(reward: str) -> None:
    run = Run(replace(QUICK, reward=reward))
    for _ in range(4):
        run.go(anna=ANNA)
    report = run.go(ben=BEN, anna=ANNA)
    assert report.identities == ("anna", "ben")
    assert (report.k, report.updates, report.decisions) == (5, 10, 60)
    assert report.inner.status is Status.CONVERGED
    assert report.rank == 3
    assert run.state.evidence.trajectories == 6
    for name, person in report.people.items():
        assert (person.theta == run.state.evidence.theta_of(run.state.theta, name)).all()
        assert person.std.shape == (3,)
    shape = (3,) if reward == "shared" else (6,)
    assert report.theta.shape == report.std.shape == shape
    if reward == "each":
        assert (np.abs(report.people["anna"].theta - ANNA) < 4 * report.people["anna"].std).all()
        assert report.people["ben"].std.mean() > 1.3 * report.people["anna"].std.mean()


def test_somebody_new_is_judged_by_what_was_believed_of_strangers() -> None:
    run = Run()
    run.go(anna=ANNA)
    report = run.go(ben=BEN)
    assert report.held_out == pytest.approx(-np.log(5.0))  # theta = 0 chooses evenly


def test_a_batch_is_explained_with_those_before_it_and_their_policies() -> None:
    told: list[list[tuple[Day, list[float]]]] = []

    class Remembering(DaySolver):
        def likelihood(
            self, batch: Day, phi: Tensor, before: Collected[Day] = ()
        ) -> PeopleLikelihood:
            told.append([(day, its.tolist()) for day, its in before])
            return super().likelihood(batch, phi, before)

    run = Run(replace(QUICK, replayed_batches=2, policy_steps=1), Remembering())
    for _ in range(4):
        run.go(anna=ANNA)
    assert [len(before) for before in told] == [0, 1, 2, 2]
    first, second, third = (told[i][-1] for i in (1, 2, 3))
    assert [day for day, _ in told[3]] == [second[0], third[0]]
    assert first[1] == [0.0, 0.0] != second[1] != third[1]


def test_only_who_changed_is_forgotten() -> None:
    run = Run(replace(QUICK, drift_alarm=0.01, replayed_batches=6))
    for _ in range(8):
        assert run.go(60, anna=ANNA, ben=BEN).drifted == {}
    before = run.state.evidence.parts["ben"]
    reports = [run.go(60, anna=-ANNA, ben=BEN) for _ in range(3)]
    alarms = [r for r in reports if r.drifted]
    assert alarms and all(set(r.drifted) == {"anna"} for r in alarms)
    assert alarms[0].drift == alarms[0].drifted["anna"]
    anna, ben = (run.state.evidence.parts[x] for x in ("anna", "ben"))
    assert len(anna.batches) <= 3 and anna.seen == 11
    assert len(ben.batches) == len(before.batches) + 3
    assert len(run.state.recent) <= 3
    assert reports[-1].people["anna"].theta == pytest.approx(-ANNA, abs=0.8)
    assert reports[-1].people["ben"].theta == pytest.approx(BEN, abs=0.4)


def test_false_alarms_are_as_rare_among_several_people() -> None:
    alarms = 0
    for seed in range(20):
        run = Run(replace(QUICK, drift_alarm=0.1, policy_steps=0))
        run.rng = np.random.default_rng(seed)
        crowd = {f"p{i}": ANNA + 0.3 * run.rng.normal(size=3) for i in range(4)}
        alarms += any([bool(run.go(20, **crowd).drifted) for _ in range(6)])
    assert alarms <= 5  # 10 % asked for, at most


def memory(state: LoopState[Day]) -> tuple[object, ...]:
    """All that a state is made of, for comparison."""
    return (
        state.phi.tolist(),
        state.theta.tolist(),
        state.evidence,
        repr([(s.phi.tolist(), s.mean.tolist(), s.ascent.inertia) for s in state.searches]),
        state.rng.bit_generator.state,
        (state.k, state.updates),
        list(map(id, state.recent)),
    )


class Failing(DaySolver):
    """It cannot go on at the second update of the policy."""

    def __init__(self) -> None:
        self.asked = Counter[str]()
        super().__init__(told=self._count)

    def _count(self, what: str) -> None:
        self.asked[what] += 1
        if what == "outer_terms" and self.asked[what] == 6:
            raise InputError("no")


@pytest.mark.parametrize("reward", REWARDS)
def test_a_batch_that_is_refused_leaves_everything_as_it_was(reward: str) -> None:
    run = Run(replace(QUICK, reward=reward), Failing())
    run.go(anna=ANNA)
    run.go(anna=ANNA, ben=BEN)
    before, good = memory(run.state), day({"anna": ANNA, "cara": BEN}, 10, run.rng)
    bad = replace(good, chosen=np.where(good.chosen == good.chosen[3], np.nan, good.chosen))
    with pytest.raises(InputError, match="not finite"):
        run.learn(bad)
    assert memory(run.state) == before
    with pytest.raises(InputError, match="no"):  # after the inner loop and one update
        run.learn(good)
    assert memory(run.state) == before
    nobody = replace(good, whose=np.zeros(0, int), chosen=np.zeros((0, 3)), identities=())
    with pytest.raises(InputError, match="nobody decided"):
        run.learn(nobody)
    assert memory(run.state) == before
    other = Run(replace(QUICK, reward=reward))  # never disturbed
    other.go(anna=ANNA)
    other.go(anna=ANNA, ben=BEN)
    for each in (run, other):
        each.learn(good)
    assert torch.equal(run.state.phi, other.state.phi)
    assert (run.state.theta == other.state.theta).all()


def test_the_inner_solve_is_no_part_of_the_first_update() -> None:
    now = 0.0

    def told(what: str) -> None:
        nonlocal now
        now += {"likelihood": 100.0, "outer_terms": 1.0, "returns": 10.0}[what]

    run = Run(solver=DaySolver(told=told))
    batch = day({"anna": ANNA}, 10, run.rng)
    report = outer_iteration(run.solver, run.state, QUICK, batch, torch.zeros(2), lambda: now)
    assert report.inner_s == 100.0
    assert report.update_s == (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Counting(ConditionalLogit):
    """It tells how often it is evaluated."""

    calls: Counter[str] | None = None
    trajectories: int = 1

    def joined(self, others: object) -> Counting:
        whole = super().joined(others)  # type: ignore[arg-type]
        return Counting(whole.chosen, whole.offered, whole.log_area, self.calls)

    def value(self, theta: Array) -> float:
        self._count("value")
        return super().value(theta)

    def hessian(self, theta: Array) -> Array:
        self._count("hessian")
        return super().hessian(theta)

    def fisher(self, theta: Array) -> Array:
        self._count("fisher")
        return super().hessian(theta)

    def _count(self, what: str) -> None:
        if self.calls is not None:
            self.calls[what] += 1


class CountingSolver(DaySolver):
    """Likelihoods that count, by person."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Mapping[str, Counter[str]] = {"anna": Counter(), "ben": Counter()}

    def likelihood(self, batch: Day, phi: Tensor, before: Collected[Day] = ()) -> PeopleLikelihood:
        every = super().likelihood(batch, phi).of
        return PeopleLikelihood(
            {
                name: Counting(x.chosen, x.offered, x.log_area, self.calls[name])
                for name, x in every.items()
            }
        )


def test_the_hessian_at_the_estimate_is_worked_out_once_and_the_absent_rest() -> None:
    solver = CountingSolver()
    run = Run(replace(QUICK, policy_steps=5), solver)
    run.go(anna=ANNA, ben=BEN)
    for calls in solver.calls.values():
        calls.clear()
    report = run.go(anna=ANNA)
    newton = report.inner.iterations
    assert solver.calls["anna"]["hessian"] == newton + 1
    assert solver.calls["anna"]["fisher"] == 1
    assert not solver.calls["ben"]  # nothing new about them: all is remembered
    run.state.evidence.covariance(run.state.theta)
    assert solver.calls["anna"]["hessian"] == newton + 1


def test_the_tolerance_is_per_trajectory() -> None:
    """A batch of many trajectories weighs as many in N: the same data as many batches."""
    run, batch = (
        Run(replace(QUICK, policy_steps=0)),
        day({"anna": ANNA}, 40, np.random.default_rng(1)),
    )
    like = run.solver.likelihood(batch, torch.zeros(2)).of["anna"]
    many = Counting(like.chosen, like.offered, like.log_area, None, 1000)
    one = Counting(like.chosen, like.offered, like.log_area, None, 1)
    residuals = []
    for like in (one, many):
        run.solver.likelihood = lambda b, phi, before, like=like: PeopleLikelihood({"anna": like})
        run.state = LoopState.start(torch.zeros(2), 3, run.config, 1, people=True)
        report = run.learn(batch)
        assert run.state.evidence.trajectories == like.trajectories
        slope = np.linalg.norm(run.state.evidence.gradient(run.state.theta))
        assert report.inner.residual == pytest.approx(slope / like.trajectories)
        residuals.append(report.inner.iterations)
    assert residuals[1] < residuals[0]


def test_condensed_and_forgotten_trajectories_count_as_such() -> None:
    like = Counting(np.zeros((4, 3)), np.zeros((4, 5, 3)), np.zeros(5), None, 7)
    evidence = LoopState.start(torch.zeros(1), 3, replace(QUICK, evidence_window=1), 0).evidence
    evidence = evidence.add(like).add(like).add(like).carry(np.zeros(3))
    assert (evidence.trajectories, evidence.counted, evidence.seen) == (21, 3, 3)
    halved = evidence.forget(np.zeros(3), newest=1, rho=0.5)
    assert (halved.trajectories, halved.counted, halved.seen) == (14, 2, 3)
