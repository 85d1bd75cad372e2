"""Comparisons: against worked examples, other implementations and what they must not depend on."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.metrics.bootstrap import bootstrap_iqm, bootstrap_mean, interquartile_mean
from bisirl_ros.metrics.compare import (
    against_baselines,
    holm,
    interquartile,
    normalised,
    signed_rank_p,
    spread,
)

# One figure


def test_spread_by_hand() -> None:
    found = spread([1.0, 2.0, 3.0, 4.0])
    assert (found.n, found.mean) == (4, 2.5)
    assert found.sd == pytest.approx(math.sqrt(5 / 3))
    assert 1.0 <= found.interval[0] < 2.5 < found.interval[1] <= 4.0


def test_one_value_has_no_spread() -> None:
    found = spread([3.0])
    assert (found.mean, found.interval) == (3.0, (3.0, 3.0))
    assert math.isnan(found.sd)


def test_the_interval_of_a_normal_mean_is_as_wide_as_it_should_be() -> None:
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_mean(values)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_an_infinite_value_stays_within_its_draws() -> None:
    assert bootstrap_mean([1.0, 1.0, math.inf])[1] == math.inf
    assert bootstrap_mean([1.0] * 3 + [math.inf])[0] < math.inf


# Pairs


def test_signed_ranks_by_hand() -> None:
    """Six of one sign: 2 of the 2^6 signs are as extreme; five cannot reach 5 %."""
    pytest.importorskip("scipy")
    assert signed_rank_p(np.arange(1.0, 7.0)) == 2 / 64
    assert signed_rank_p(np.arange(1.0, 6.0)) == 2 / 32 > 0.05
    assert signed_rank_p(np.append(np.arange(1.0, 7.0), 0.0)) == 2 / 64
    assert signed_rank_p(np.zeros(4)) == 1.0


@pytest.mark.parametrize("rounded", [False, True])
def test_signed_ranks_against_all_signs(rounded: bool) -> None:
    """Ties share their mean rank."""
    pytest.importorskip("scipy")
    difference = np.random.default_rng(1).normal(0.4, 1.0, 9)
    difference = np.round(difference * 2) / 2 + 0.25 if rounded else difference
    size = np.abs(difference)
    rank = np.array([(size < s).sum() + ((size == s).sum() + 1) / 2 for s in size])
    signs = np.array(list(itertools.product([-1, 1], repeat=9)))
    as_extreme = np.abs(signs @ rank) >= abs(np.sign(difference) @ rank)
    assert len(set(size)) < 9 if rounded else len(set(size)) == 9
    assert signed_rank_p(difference) == pytest.approx(as_extreme.mean())


def test_holm_of_the_textbook_example() -> None:
    """Wikipedia, "Holm-Bonferroni method": at 5 % the first and the fourth are rejected.

    In order: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04, which is no less than what comes before.
    """
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_rejects_what_the_step_down_procedure_rejects() -> None:
    rng = np.random.default_rng(2)
    several = 0
    for _ in range(200):
        p = rng.random(5) ** 3
        rejected: set[int] = set()
        for step, i in enumerate(np.argsort(p)):  # Holm 1979: stop at the first that fails
            if p[i] > 0.05 / (5 - step):
                break
            rejected.add(int(i))
        assert {i for i, q in enumerate(holm(p)) if q <= 0.05} == rejected
        several += len(rejected) > 1
    assert several > 20


def test_holm_of_one_and_of_large_p() -> None:
    assert holm([0.04]) == [0.04]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(InputError, match=r"must be a list of numbers in \[0, 1\]"):
        holm([0.5, math.nan])


def test_a_method_against_its_baselines() -> None:
    """Ten pairs, better in each by 1 to 10: p = 2 / 2^10, doubled for two baselines."""
    pytest.importorskip("scipy")
    rng = np.random.default_rng(3)
    method, noise = rng.normal(0.0, 100.0, 10), rng.normal(size=10)
    worse, alike = method - np.arange(1.0, 11.0), method + noise - noise.mean()
    found = against_baselines(method, {"worse": worse, "alike": alike})
    assert found["worse"].difference.mean == pytest.approx(5.5)
    assert found["worse"].p == pytest.approx(2 / 1024)
    assert found["worse"].p_holm == pytest.approx(4 / 1024)
    low, high = found["worse"].difference.interval
    assert 1.0 < low < 5.5 < high < 10.0
    assert found["alike"].p_holm == found["alike"].p > 0.3
    unpaired = against_baselines(method, {"worse": rng.permutation(worse)})
    assert unpaired["worse"].p > 0.1


def test_pairs_that_do_not_fit_are_named() -> None:
    with pytest.raises(InputError, match=r"passive has shape \(2,\); it must be \(3,\), in pairs"):
        against_baselines(np.zeros(3), {"passive": np.zeros(2)})
    with pytest.raises(InputError, match="passive: every entry must be finite"):
        against_baselines(np.zeros(2), {"passive": np.array([0.0, math.nan])})


# Across scenarios


def test_scores_are_normalised_to_the_span_of_each_scenario() -> None:
    floor, oracle = np.array([-10.0, 0.0]), np.array([-2.0, 100.0])
    scores = np.array([[-10.0, 100.0], [-2.0, 0.0], [-4.0, 150.0]])
    expected = np.array([[0.0, 1.0], [1.0, 0.0], [0.75, 1.5]])
    np.testing.assert_allclose(normalised(scores, floor, oracle), expected)


def test_a_scenario_whose_oracle_is_no_better_is_refused() -> None:
    with pytest.raises(InputError, match="scenario 1: oracle 3 is not above go_to_goal 3"):
        normalised(np.zeros((2, 2)), np.array([0.0, 3.0]), np.array([1.0, 3.0]))
    with pytest.raises(InputError, match=r"oracle \(1,\); both must be \(2,\)"):
        normalised(np.zeros((2, 2)), np.zeros(2), np.ones(1))


def test_interquartile_mean_by_hand() -> None:
    """Of 1 to 8 the two least and the two largest go; how large they are does not matter."""
    scores = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    assert interquartile(scores).mean == (3 + 4 + 5 + 6) / 4
    wild = np.where(scores > 6, 1e9, np.where(scores < 3, -1e9, scores))
    assert interquartile(wild).mean == 4.5


@pytest.mark.parametrize("shape", [(3, 1), (5, 3), (10, 4), (7, 9)])
def test_interquartile_mean_against_scipy(shape: tuple[int, int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    scores = np.random.default_rng(4).normal(size=shape)
    expected = stats.trim_mean(scores, proportiontocut=0.25, axis=None)
    assert interquartile(scores).mean == pytest.approx(expected)


def test_many_interquartile_means_at_once() -> None:
    rows: Array = np.random.default_rng(5).normal(size=(6, 11))
    each = [float(interquartile_mean(row)) for row in rows]
    np.testing.assert_allclose(interquartile_mean(rows), each)


def test_the_bootstrap_keeps_every_scenario() -> None:
    """Runs that agree in each of very different scenarios: nothing to redraw, so no width.

    A bootstrap that redraws scenarios, too, would move between 0 and 100.
    """
    scores = np.tile([0.0, 1.0, 50.0, 100.0], (6, 1))
    assert bootstrap_iqm(scores) == [25.5, 25.5]


def test_the_bootstrap_of_one_scenario_has_the_width_of_its_runs() -> None:
    """Of n normal scores the 25 % trimmed mean has variance 1.20 / n (Huber 1981)."""
    scores = np.random.default_rng(6).normal(size=(400, 1))
    low, high = interquartile(scores).interval
    assert low < interquartile(scores).mean < high
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(1.20 / 400), rel=0.2)
