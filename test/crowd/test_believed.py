"""By which weights people are imagined, and what a careful robot makes of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.core.risk import CVAR, ESTIMATE, MEAN, WORST
from bisirl_ros.core.structures import Explanation, Family
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.believed import Believed
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import THETA, random_phi, short

SPREAD = np.array([[0.5, 0.2, 0.0, 0.0], [0.2, 0.3, 0.0, 0.1], [0.0, 0.0, 0.1, 0.0],
                   [0.0, 0.1, 0.0, 0.4]])  # fmt: skip
SCENARIO = short(load_scenario("crossing"), 6, horizon=4)
(WHO,) = SCENARIO.identities
POLICY = InteractionPolicy(SCENARIO.robot, hidden=6)
SHORT = "looks ahead 2 decisions, not 4"


def believed_of(covariance: np.ndarray) -> PeopleEvidence:
    """Somebody whose weights are known so well."""
    part = Evidence.around(THETA, np.linalg.inv(covariance))
    met = PeopleEvidence.start(4, 0.1).met([WHO], np.zeros(0))
    return replace(met, parts={WHO: part})


def drawn(risk: str, cast: list[str], episodes: int = 20000) -> torch.Tensor:
    theta = torch.from_numpy(THETA)
    rng, evidence = np.random.default_rng(0), believed_of(SPREAD)
    return Believed(risk).imagined(theta, THETA, evidence, cast, episodes, rng)[0]


def test_people_are_drawn_from_what_is_believed_of_them() -> None:
    assert drawn(ESTIMATE, [WHO, ""]).tolist() == [THETA.tolist(), [0.0] * 4]
    found = drawn(MEAN, [WHO, ""]).numpy()
    assert found.shape == (20000, 2, 4)
    np.testing.assert_allclose(found.mean(0), [THETA, np.zeros(4)], atol=1e-9)
    np.testing.assert_allclose(np.cov(found[:, 0].T), SPREAD, atol=0.02)
    np.testing.assert_allclose(np.cov(found[:, 1].T), 10.0 * np.eye(4), atol=0.5)


def test_who_shares_a_reward_shares_what_is_not_known_of_it() -> None:
    shared = PeopleEvidence.start(4, 0.1, reward="shared").met(["ann", "ben"], THETA)
    theta, rng = torch.from_numpy(THETA), np.random.default_rng(0)
    found = Believed(MEAN).imagined(theta, THETA, shared, ["ann", "ben", ""], 50, rng)[0]
    assert torch.equal(found[:, 0], found[:, 1]) and torch.equal(found[:, 0], found[:, 2])
    each = PeopleEvidence.start(4, 0.1).met(["ann", "ben"], np.zeros(0))
    both = np.concatenate([THETA, THETA])
    apart, _ = Believed(MEAN).imagined(
        torch.from_numpy(both), both, each, ["ann", "ben", "", ""], 50, rng
    )
    assert not any(torch.equal(apart[:, i], apart[:, j]) for i in range(4) for j in range(i))


def undecided(covariance: np.ndarray) -> PeopleEvidence:
    """Somebody of whom two ways to decide are believed, one three times as likely."""
    evidence = believed_of(covariance)
    own = Explanation(evidence.parts[WHO], THETA)
    other = Explanation(Evidence.around(THETA + 1.0, np.linalg.inv(covariance)), THETA + 1.0)
    named = {GIVEN: own, SHORT: replace(other, lost=-math.log(3.0))}
    return replace(evidence, families={WHO: Family(evidence.parts[WHO], of=named)})


def test_how_they_decide_is_drawn_by_its_probability_and_their_weights_with_it() -> None:
    evidence, theta = undecided(SPREAD), torch.from_numpy(THETA)
    assert evidence.families[WHO].probability == pytest.approx({GIVEN: 0.75, SHORT: 0.25})
    rng, cast = np.random.default_rng(0), [WHO, ""]
    found, names = Believed(MEAN).imagined(theta, THETA, evidence, cast, 20000, rng)
    decide = np.array(names)
    assert decide.shape == (20000, 2) and set(decide[:, 1]) == {GIVEN}
    short = decide[:, 0] == SHORT
    assert short.mean() == pytest.approx(0.25, abs=1e-3)
    for those, middle in ((short, THETA + 1.0), (~short, THETA)):
        drawn = found[torch.from_numpy(those), 0].numpy()
        np.testing.assert_allclose(drawn.mean(0), middle, atol=1e-9)
        np.testing.assert_allclose(np.cov(drawn.T), SPREAD, atol=0.03)
    whole = evidence.covariance_of(THETA, WHO)
    np.testing.assert_allclose(whole, SPREAD + 0.25 * np.ones((4, 4)))
    most, names = Believed(ESTIMATE).imagined(theta, THETA, evidence, cast, 3, rng)
    assert most.tolist() == [THETA.tolist(), [0.0] * 4] and names == [[GIVEN, GIVEN]] * 3


def test_a_policy_is_planned_for_all_ways_in_which_they_may_decide() -> None:
    known = 1e-12 * np.eye(4)
    solver = CrowdSolver(SCENARIO, POLICY, likelihood_grid=(4, 9), episodes=24, risk=MEAN)
    phi = random_phi(POLICY).float()

    def each(evidence: PeopleEvidence) -> np.ndarray:
        return solver.returns(phi, THETA, evidence, [], 24, np.random.default_rng(1))

    sure, unsure = each(believed_of(known)), each(undecided(known))
    assert 4 <= (np.abs(sure - unsure) > 1e-3).sum() <= 6, "a quarter of the episodes"


def test_the_draws_move_with_the_estimate() -> None:
    theta = torch.from_numpy(THETA).requires_grad_()
    evidence, rng = believed_of(SPREAD), np.random.default_rng(0)
    weights, _ = Believed(MEAN).imagined(theta, THETA, evidence, [WHO], 5, rng)
    (moved,) = torch.autograd.grad(weights.sum(), theta)
    assert moved.tolist() == [5.0] * 4


def test_what_is_believed_anew_is_drawn_anew() -> None:
    believed, theta = Believed(MEAN), torch.from_numpy(THETA)

    def spread(evidence: PeopleEvidence) -> float:
        rng = np.random.default_rng(0)
        weights, _ = believed.imagined(theta, THETA, evidence, [WHO], 400, rng)
        return float(weights.std(0).mean())

    wide, narrow = believed_of(SPREAD), believed_of(1e-4 * SPREAD)
    assert spread(wide) == spread(wide) == pytest.approx(100.0 * spread(narrow), rel=0.05)


def terms(risk: str, covariance: np.ndarray) -> tuple[float, torch.Tensor]:
    solver = CrowdSolver(SCENARIO, POLICY, likelihood_grid=(4, 9), episodes=24, risk=risk)
    phi, rng = random_phi(POLICY).float(), np.random.default_rng(1)
    found = solver.outer_terms(phi, THETA, believed_of(covariance), [], rng)
    return found.value, found.d_phi


def test_somebody_who_is_known_is_planned_for_as_estimated() -> None:
    known = 1e-12 * np.eye(4)
    by_estimate, on_average = terms(ESTIMATE, known), terms(MEAN, known)
    assert on_average[0] == pytest.approx(by_estimate[0], rel=1e-4)
    torch.testing.assert_close(on_average[1], by_estimate[1], rtol=1e-2, atol=1e-3)
    assert terms(MEAN, SPREAD)[0] != pytest.approx(by_estimate[0], rel=1e-4)


def test_the_worst_quarter_is_what_a_cautious_robot_sees() -> None:
    solver = CrowdSolver(SCENARIO, POLICY, likelihood_grid=(4, 9), episodes=24, risk=CVAR)
    phi, evidence = random_phi(POLICY).float(), believed_of(SPREAD)
    each = solver.returns(phi, THETA, evidence, [], 24, np.random.default_rng(1))
    value, gradient = terms(CVAR, SPREAD)
    assert value == pytest.approx(np.sort(each)[: round(24 * WORST)].mean(), rel=1e-4)
    assert not torch.allclose(gradient, terms(MEAN, SPREAD)[1], rtol=0.1)


def test_a_score_cannot_be_cautious() -> None:
    with pytest.raises(ValueError, match="cvar needs"):
        CrowdSolver(SCENARIO, POLICY, through=Through.SCORE, risk=CVAR)
