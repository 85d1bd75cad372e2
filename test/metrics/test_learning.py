"""The figures of learning, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.metrics.learning import episodes_to_error, log_likelihood_gain, regret_to_oracle


def test_the_gain_of_the_truth_is_the_divergence_of_the_reference() -> None:
    """Of N(0, 1) over N(1, 1): 1/2 - mean(x), whose expectation is KL = 1/2."""
    x = np.random.default_rng(0).normal(size=1000)
    gain = log_likelihood_gain(-(x**2) / 2, -((x - 1) ** 2) / 2)
    assert gain == pytest.approx(0.5 - x.mean())
    assert gain == pytest.approx(0.5, abs=4 / math.sqrt(1000))
    assert log_likelihood_gain(-((x - 1) ** 2) / 2, -(x**2) / 2) == -gain


def test_a_decision_that_the_model_rules_out_is_infinitely_bad() -> None:
    assert log_likelihood_gain(np.array([0.0, -math.inf]), np.zeros(2)) == -math.inf


def test_regret_by_hand() -> None:
    returns = np.array([1.0, 2.0, 6.0])
    assert regret_to_oracle(returns, 5.0) == 2.0
    assert regret_to_oracle(returns, np.array([2.0, 2.0, 8.0])) == 1.0
    assert regret_to_oracle(returns, returns) == 0.0
    assert regret_to_oracle(returns, 2.0) == -1.0


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([0.5, 0.05, 0.2, 0.09, 0.08], 4),  # the first time does not last
        ([0.5, 0.4, 0.09], 3),
        ([0.05, 0.01], 1),
        ([0.5, 0.05, 0.2], None),
        ([0.5, 0.1], None),  # at it is not below it
        ([None, None, 0.05], 3),
        ([0.05, None], None),
        ([0.05, math.nan, 0.05], 3),
        ([], None),
    ],
)
def test_episodes_until_the_error_stays_below(
    errors: list[float | None], expected: int | None
) -> None:
    assert episodes_to_error(errors) == expected


def test_another_threshold() -> None:
    assert episodes_to_error([0.5, 0.3, 0.2], threshold=0.4) == 2


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match=r"model has shape \(2,\), reference \(3,\)"):
        log_likelihood_gain(np.zeros(2), np.zeros(3))
    with pytest.raises(InputError, match="not empty"):
        regret_to_oracle(np.zeros(0), 1.0)
    with pytest.raises(InputError, match="oracle: no entry may be nan"):
        regret_to_oracle(np.zeros(2), math.nan)
