"""A prior is as wide as what was seen asks for, and no narrower than it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from bisirl_ros.core import bilevel
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, outer_iteration
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import LowerLevelResult, Status, solve_lower_level
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.prior_width import explained, log_width, widened
from bisirl_ros.core.structures import Explanation
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID, gauss_disc
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.offered import Choosable

from .conftest import DaySolver, chosen_by, day

FAR = np.array([6.0, -4.0, 2.0])
NEAR = np.array([1.0, -1.0, 0.5])
PRECISION = 1.0


def solve(evidence: Evidence, theta: Array) -> Array:
    return solve_lower_level(
        evidence, theta, trajectories=evidence.trajectories, tolerance=1e-10
    ).theta


@dataclass(frozen=True)
class Said:
    """exp(-(theta - best)' bend (theta - best) / 2), as it is."""

    best: Array
    bend: Array
    size = 3

    def __len__(self) -> int:
        return 1

    def value(self, theta: Array) -> float:
        return 0.5 * float((theta - self.best) @ self.bend @ (theta - self.best))

    def gradient(self, theta: Array) -> Array:
        return np.asarray(self.bend @ (theta - self.best))

    def hessian(self, theta: Array) -> Array:
        return self.bend

    fisher = hessian

    def joined(self, others: Sequence[Said]) -> Said:
        assert not others
        return self


def seen(theta: Array, decisions: int = 400, seed: int = 0) -> Evidence:
    return Evidence.start(3, PRECISION).add(
        chosen_by(theta, decisions, np.random.default_rng(seed))
    )


def test_far_out_nothing_is_lost_to_the_prior() -> None:
    """A fixed one takes deviations of every weight; intervals hold them now."""
    z_fixed, z = [], []
    for seed in range(20):
        evidence = seen(FAR, seed=seed)
        fixed = solve(evidence, np.zeros(3))
        wider, theta = explained(evidence, np.zeros(3), solve)
        z_fixed.append((fixed - FAR) / np.sqrt(np.diag(evidence.covariance(fixed))))
        z.append((theta - FAR) / np.sqrt(np.diag(wider.covariance(theta))))
    assert np.mean(np.abs(z_fixed) < 1.96) < 0.5
    assert np.mean(np.abs(z) < 1.96) > 0.85


def narrow(std: float, decisions: int) -> Choices:
    """Choices about going on, two more features beside: narrower than the prior has anybody."""
    rng = np.random.default_rng(0)
    going = rng.uniform(-0.8, 0.8, (decisions, 2))
    chosen = going + std * rng.standard_normal((decisions, 2))
    offered = Choosable(gauss_disc(1.8, *LIKELIHOOD_GRID), 1.8).offered(going, chosen)

    def features(u: Array) -> Array:
        off = np.square(u - going[:, None]).sum(-1)
        return np.stack([u[..., 0], off, np.square(np.linalg.norm(u, axis=-1) - 0.5)], -1)

    return Choices.exact(
        features(chosen[:, None])[:, 0], features(offered.velocity), offered.log_area
    )


@pytest.mark.parametrize(("std", "decisions"), [(0.05, 20), (0.05, 200), (0.03, 60), (0.02, 400)])
def test_it_settles_where_choices_are_narrow(std: float, decisions: int) -> None:
    """Their likelihood is far from quadratic: seen from 0 it seems to say nothing of where it is.

    A search that begins there each time comes and goes for ever.
    """
    first = Evidence.start(3, 0.1).add(narrow(std, decisions))
    evidence, theta = explained(first, np.zeros(3), solve)
    assert widened(evidence, theta) is evidence
    assert theta[1] == pytest.approx(-0.5 / std**2, rel=0.35)


@pytest.mark.parametrize("decisions", [60, 500])
def test_who_goes_on_exactly_drives_no_weight_without_end(decisions: int) -> None:
    evidence, theta = explained(
        Evidence.start(3, 0.1).add(narrow(0.0, decisions)), np.zeros(3), solve
    )
    assert np.isfinite(theta).all() and widened(evidence, theta) is evidence
    assert -1e8 < theta[1] < -1e3


def test_usual_weights_keep_the_prior_as_it_was() -> None:
    evidence = seen(NEAR)
    assert widened(evidence, solve(evidence, np.zeros(3))) is evidence
    nothing = Evidence.start(3, PRECISION)
    assert widened(nothing, np.zeros(3)) is nothing


def test_what_is_found_is_the_likeliest_width() -> None:
    """Where Laplace's approximation is exact."""
    bend = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 0.2]])
    first = Evidence.start(3, PRECISION).add(Said(FAR, bend))  # type: ignore[arg-type]
    evidence, theta = explained(first, np.zeros(3), solve)
    assert evidence.width > 5.0

    def log_evidence(factor: float) -> float:
        other = replace(first.under(first.prior_mean, first.prior / factor), width=factor)
        return Explanation(other, solve(other, theta)).log_evidence

    most = log_evidence(evidence.width)
    for times in (0.7, 0.9, 1.1, 1.4):
        assert log_evidence(times * evidence.width) < most
    assert log_width(1.0) == 0.0


def test_it_is_measured_from_the_first_prior() -> None:
    """Widened or not before, the same is found; another prior begins anew."""
    evidence, theta = explained(seen(FAR), np.zeros(3), solve)
    assert widened(evidence, theta) is evidence
    np.testing.assert_allclose(evidence.prior * evidence.width, PRECISION * np.eye(3))
    assert evidence.under(np.zeros(3), np.eye(3)).width == 1.0
    assert evidence.only(1).width == evidence.width
    at_once = widened(seen(FAR), theta)
    assert at_once.width == pytest.approx(evidence.width, rel=0.05)


def test_what_is_not_finite_widens_nothing() -> None:
    evidence = seen(FAR)
    broken = replace(evidence, mean=np.full(3, np.nan))
    assert widened(broken, np.ones(3)) is broken


@pytest.mark.parametrize("reward", ["each", "shared"])
def test_the_loop_widens_each_priors_person(reward: str) -> None:
    config = LoopConfig(policy_steps=0, reward=reward, prior_precision=PRECISION)
    phi, rng = torch.zeros(2, dtype=torch.float64), np.random.default_rng(3)
    state = LoopState.start(phi, 3, config, 0, people=True)
    for _ in range(3):
        people = {"far": FAR} if reward == "shared" else {"far": FAR, "near": NEAR}
        report = outer_iteration(DaySolver(), state, config, day(people, 200, rng), phi)
    assert isinstance(state.evidence, PeopleEvidence)
    widths = {name: part.width for name, part in state.evidence.parts.items()}
    first = next(iter(widths))
    assert widths.pop(first) > 5.0 and set(widths.values()) <= {1.0}
    assert report.inner.status.value == "converged"
    assert np.abs((report.theta[:3] - FAR) / report.std[:3]).max() < 3.0


def test_who_did_not_converge_is_told_although_somebody_else_was_widened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = LoopConfig(policy_steps=0, prior_precision=PRECISION)
    phi, rng = torch.zeros(2, dtype=torch.float64), np.random.default_rng(3)
    state = LoopState.start(phi, 3, config, 0, people=True)
    solved = bilevel.solve_from_starts

    def capped(part: Evidence, *args: object, **options: object) -> LowerLevelResult:
        found = solved(part, *args, **options)  # type: ignore[arg-type]
        near = np.abs(found.theta - NEAR).max() < 1.0
        return replace(found, status=Status.ITERATION_CAP, residual=1.0) if near else found

    monkeypatch.setattr(bilevel, "solve_from_starts", capped)
    people = {"far": FAR, "near": NEAR}
    report = outer_iteration(DaySolver(), state, config, day(people, 400, rng), phi)
    assert state.evidence.parts["far"].width > 2.0
    assert (report.inner.status, report.inner.residual) == (Status.ITERATION_CAP, 1.0)
