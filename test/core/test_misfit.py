"""Whoever no reward explains is found, whoever one explains is not, however often one looks."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.misfit import WIDTHS, Misfit
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.robust import robust_covariance

from .conftest import ConditionalLogit, chosen_by

THETA, LACKING = np.array([1.0, -2.0, 0.5]), np.array([0.0, 0.8])
NONE = np.zeros(2)


def first(wider: ConditionalLogit, n: int = 3) -> ConditionalLogit:
    """What the reward knows of it."""
    return ConditionalLogit(wider.chosen[:, :n], wider.offered[..., :n], wider.log_area)


def minimised(evidence: Evidence, start: Array) -> Array:
    return solve_lower_level(
        evidence, start, trajectories=evidence.trajectories, tolerance=1e-7
    ).theta


def lived(weights: Array, seed: int, batches: int = 12, decisions: int = 20) -> list[Misfit]:
    """What is said of the model after each batch of somebody whose reward has these weights too."""
    rng, evidence, theta = np.random.default_rng(seed), Evidence.start(3, 0.1), np.zeros(3)
    found = []
    for _ in range(batches):
        wider = chosen_by(np.concatenate([THETA, weights]), decisions, rng)
        evidence = evidence.asked_beyond(wider, theta).add(first(wider))
        theta = minimised(evidence, theta)
        assert evidence.misfit is not None
        found.append(evidence.misfit)
    return found


def test_whoever_fits_is_rarely_said_not_to_ever() -> None:
    runs, level = 150, 0.1
    alarms = sum(any(m.found(level) for m in lived(NONE, seed)) for seed in range(runs))
    assert alarms <= runs * level + 2.0 * np.sqrt(runs * level * (1.0 - level))


def alike(wider: ConditionalLogit, own: float = 0.5) -> ConditionalLogit:
    """With one statistic that is the first feature, and a little of its own, instead of theirs."""

    def changed(values: Array) -> Array:
        return np.concatenate([values[..., :3], values[..., :1] + own * values[..., 3:4]], -1)

    return ConditionalLogit(changed(wider.chosen), changed(wider.offered), wider.log_area)


def test_innovations_have_the_covariance_that_is_said() -> None:
    """The estimate's error adds to that of choices, of a statistic that is like a feature."""
    squares, of_choice = [], []
    for seed in range(300):
        rng, evidence = np.random.default_rng(seed), Evidence.start(3, 0.1)
        evidence = evidence.add(chosen_by(THETA, 60, rng))
        theta = minimised(evidence, np.zeros(3))
        covariance = evidence.covariance(theta)
        wider = alike(chosen_by(np.concatenate([THETA, NONE]), 40, rng))
        found = Misfit(np.zeros(1), np.zeros((1, 1)), np.ones(1)).after(wider, theta, covariance)
        if found.total.any():  # the estimate was not too poor
            squares.append(float(found.total[0] ** 2 / found.spread[0, 0]))
            at = np.concatenate([theta, np.zeros(1)])
            of_choice.append(float(found.total[0] ** 2 / wider.fisher(at)[3, 3]))
    assert len(squares) > 200
    assert np.mean(squares) == pytest.approx(1.0, abs=0.25)
    assert np.mean(of_choice) > 1.35


def test_how_much_a_batch_tells_may_depend_on_what_is_chosen_in_it() -> None:
    """Whoever once chooses to be elsewhere tells no more; S keeps its mean of zero all the same."""
    totals = []
    for seed in range(400):
        rng, misfit = np.random.default_rng(seed), Misfit(np.zeros(1), np.zeros((1, 1)), np.ones(1))
        for _ in range(10):
            offered = np.zeros((8, 2, 2))
            offered[:, 1, 1] = 1.0
            chosen = np.zeros((8, 2))
            for i in range(8):
                chosen[i, 1] = offered[i, 1, 1] * (rng.random() < 0.5)
                if chosen[i, 1]:
                    offered[i + 1 :, :, 1] = 0.0
            misfit = misfit.after(
                ConditionalLogit(chosen, offered, np.zeros(2)), np.zeros(1), 1e-6 * np.eye(1)
            )
        totals.append(float(misfit.total[0] / np.sqrt(misfit.spread[0, 0])))
    assert abs(np.mean(totals)) < 3.0 / np.sqrt(len(totals))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_weight_that_the_reward_lacks_is_found_and_named(sign: float) -> None:
    for seed in range(5):
        last = lived(sign * LACKING, seed)[-1]
        assert last.found(0.01)
        assert abs(last.deviations).argmax() == 1
        assert np.sign(last.deviations[1]) == sign


def test_evidence_is_the_gaussian_mixture_of_likelihood_ratios() -> None:
    """Of exp(lambda . S - lambda' V lambda / 2) over N(lambda; 0, w), by quadrature."""
    total, spread = np.array([3.0, -2.0]), np.array([[4.0, 1.0], [1.0, 3.0]])
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    x, y = np.meshgrid(nodes, nodes)
    both = np.outer(weights, weights) / (2.0 * np.pi)
    found = []
    for w in WIDTHS:
        for a, b in ((x, 0.0 * x), (0.0 * y, y), (x, y)):
            some = np.sqrt(w) * np.stack([a, b], -1)
            ratio = np.exp(some @ total - 0.5 * np.einsum("xyi,ij,xyj->xy", some, spread, some))
            found.append((both * ratio).sum())
    assert Misfit(total, spread, np.ones(2)).log_evidence == pytest.approx(np.log(np.mean(found)))


def test_what_a_poor_estimate_cannot_foretell_does_not_count() -> None:
    rng = np.random.default_rng(0)
    wider = chosen_by(np.concatenate([THETA, NONE]), 20, rng)
    correlated = ConditionalLogit(
        np.concatenate([wider.chosen[:, :3], wider.chosen[:, :2]], -1),
        np.concatenate([wider.offered[..., :3], wider.offered[..., :2]], -1),
        wider.log_area,
    )
    begun = Misfit(np.zeros(2), np.zeros((2, 2)), np.ones(2))
    told = correlated.fisher(np.concatenate([THETA, NONE]))
    ratio = np.linalg.eigvals(
        np.linalg.solve(told[3:, 3:] + 1e-9 * np.eye(2), told[3:, :3] @ told[:3, 3:])
    ).real.max()
    for share, counts in ((1.1, False), (0.9, True)):
        found = begun.after(correlated, THETA, share / ratio * np.eye(3))
        assert found.total.any() == counts


def test_what_hardly_varies_is_measured_in_what_those_do_that_vary() -> None:
    """A place where nobody was is no weight that may be a million times as large; nor do such
    places, however many, make other statistics weigh more."""
    wider = chosen_by(np.concatenate([THETA, NONE]), 20, np.random.default_rng(0))
    for unit, measured in (([1.0, 1e-12], [1.0, 1.0]), ([2.0, 1.0], [2.0, 5.0 / 3.0])):
        begun = Misfit(np.zeros(2), np.zeros((2, 2)), np.array(unit))
        found = begun.after(wider, THETA, 1e-3 * np.eye(3))
        seen = -wider.gradient(np.concatenate([THETA, NONE]))[3:]
        assert found.total == pytest.approx(seen / np.sqrt(measured))


def test_a_batch_in_which_no_statistic_varies_does_not_count() -> None:
    """Least of all as what others are measured in."""
    wider = chosen_by(np.concatenate([THETA, NONE]), 20, np.random.default_rng(0))
    still = ConditionalLogit(0.0 * wider.chosen, 0.0 * wider.offered, wider.log_area)
    begun = Misfit.none(2)
    assert begun.after(still, THETA, 1e-3 * np.eye(3)) is begun


def test_the_first_batch_that_counts_says_only_what_to_measure_in() -> None:
    wider = chosen_by(np.concatenate([THETA, NONE]), 20, np.random.default_rng(0))
    found = Misfit.none(2).after(wider, THETA, 1e-3 * np.eye(3))
    assert not found.total.any()
    assert (found.unit > 0.0).all()


def test_who_was_doubted_once_stays_so() -> None:
    """The bound is on ever; what comes later cannot take back an alarm."""
    found = Misfit(np.zeros(1), np.eye(1), np.ones(1), most=5.0)
    assert found.found(0.01)
    wider = chosen_by(np.concatenate([THETA, NONE]), 20, np.random.default_rng(0))
    later = Misfit(NONE, np.eye(2), np.ones(2), most=5.0).after(wider, THETA, 1e-3 * np.eye(3))
    assert (later.most, later.found(0.01)) == (5.0, True)


def test_what_is_not_finite_says_nothing() -> None:
    wider = chosen_by(np.concatenate([THETA, NONE]), 20, np.random.default_rng(0))
    broken = ConditionalLogit(wider.chosen * np.nan, wider.offered, wider.log_area)
    before = lived(NONE, 0, batches=3)[-1]
    assert before.after(broken, THETA, 1e-3 * np.eye(3)) is before


def test_a_right_model_keeps_its_deviations() -> None:
    rng, evidence = np.random.default_rng(1), Evidence.start(3, 0.1)
    for _ in range(150):
        evidence = evidence.add(chosen_by(THETA, 20, rng))
    theta = minimised(evidence, np.zeros(3))
    robust, laplace = robust_covariance(evidence, theta), evidence.covariance(theta)
    assert np.diag(robust) / np.diag(laplace) == pytest.approx(np.ones(3), abs=0.4)


def test_robust_is_nowhere_below_laplace_and_survives_one_batch_that_is_everything() -> None:
    rng, evidence = np.random.default_rng(1), Evidence.start(3, 1e-9)
    for _ in range(20):  # everybody's choices alike: they vary less than the model has it
        evidence = evidence.add(chosen_by(THETA, 1, np.random.default_rng(5)))
    evidence = evidence.add(chosen_by(THETA, 4000, rng))
    theta = minimised(evidence, THETA)
    robust, laplace = robust_covariance(evidence, theta), evidence.covariance(theta)
    assert np.linalg.eigvalsh(robust - laplace).min() > -1e-12
    assert np.isfinite(robust).all()


@pytest.fixture(scope="module")
def nearest() -> Array:
    """What such people's choices are nearest to: the estimate of very many of them."""
    rng, evidence = np.random.default_rng(7), Evidence.start(3, 1e-3)
    for _ in range(4000):
        evidence = evidence.add(chosen_by(THETA + rng.normal(size=3), 10, rng))
    return minimised(evidence, THETA)


def coverage(nearest: Array, robust: bool, runs: int = 60, batches: int = 16) -> float:
    """Of somebody whose weights are other ones in each batch, around THETA."""
    held = []
    for seed in range(runs):
        rng, evidence = np.random.default_rng(seed), Evidence.start(3, 1e-3)
        for _ in range(batches):
            evidence = evidence.add(chosen_by(THETA + rng.normal(size=3), 40, rng))
        theta = minimised(evidence, THETA)
        covariance = robust_covariance(evidence, theta) if robust else evidence.covariance(theta)
        held.append(np.abs(theta - nearest) <= 1.96 * np.sqrt(np.diag(covariance)))
    return float(np.mean(held))


def test_robust_intervals_hold_where_batches_differ_and_laplaces_do_not(nearest: Array) -> None:
    assert coverage(nearest, robust=False) < 0.7
    assert coverage(nearest, robust=True) >= 0.9


def test_few_batches_say_nothing_of_how_they_vary() -> None:
    rng, evidence = np.random.default_rng(2), Evidence.start(3, 0.1)
    for _ in range(4):
        evidence = evidence.add(chosen_by(THETA, 20, rng))
    same = evidence.covariance(THETA)
    assert np.array_equal(robust_covariance(evidence, THETA), same)


@pytest.mark.parametrize("reward", ["each", "shared", "pooled"])
def test_among_people_only_the_doubted_ones_deviations_are_robust(reward: str) -> None:
    rng, theta = np.random.default_rng(3), np.zeros(0 if reward != "shared" else 3)
    evidence = PeopleEvidence.start(3, 0.1, reward=reward, misfit_alarm=0.01)
    silent = PeopleEvidence.start(3, 0.1, reward=reward)
    for _ in range(12):
        wider = {
            "anna": chosen_by(np.concatenate([THETA, NONE]), 20, rng),
            "bert": chosen_by(np.concatenate([THETA, 2.0 * LACKING]), 20, rng),
        }
        batch = PeopleLikelihood({name: first(x) for name, x in wider.items()}, wider)
        evidence, silent = (x.met(batch.of, theta) for x in (evidence, silent))
        theta = evidence.extended(theta)
        evidence = evidence.judged(batch, theta).add(batch)
        silent = silent.judged(batch, theta).add(batch)
        found = {
            name: minimised(part, evidence.theta_of(theta, name))
            for name, part in evidence.parts.items()
        }
        theta = evidence.exchanged(theta, found)
    doubted = {name for name in evidence.identities if evidence.doubts(name)}
    assert doubted == ({"anna", "bert"} if reward == "shared" else {"bert"})
    for name in evidence.identities:
        part, share = evidence.parts[evidence.part_of(name)], evidence.theta_of(theta, name)
        robust = robust_covariance(part, share)
        wanted = robust if name in doubted else part.covariance(share)
        assert np.array_equal(evidence.covariance_of(theta, name), wanted)
        assert not silent.doubts(name)
