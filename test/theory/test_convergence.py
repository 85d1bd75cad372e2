"""Convergence of the double loop, quickly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from bisirl_ros.theory.convergence import EXPERIMENT, VARIANTS, _slope
from bisirl_ros.verify.experiment import Outcome, Setup

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True), lambda line: None)


def test_the_gradient_shrinks_as_claimed(outcome: Outcome) -> None:
    assert outcome.holds
    low, high = outcome.interval
    assert -1.0 <= low <= outcome.figures["slope"] <= high < -0.3
    assert set(outcome.figures["squared_norms"]) == set(VARIANTS)
    assert all(ratio < 0.5 for ratio in outcome.figures["last_over_first"].values())


def test_the_second_term_is_what_a_wrong_model_leaves(outcome: Outcome) -> None:
    left = outcome.figures["second_term_of_what_is_left"]
    assert left["implicit"] < 0.1 * left["first_order_wrong_model"]


@pytest.mark.parametrize("power", [0.0, -0.5, -0.8])
def test_the_fit_finds_the_slope_of_a_power_law(power: float) -> None:
    k = np.arange(1, 2001)
    total = k ** (1.0 + power)
    squares = np.diff(total, prepend=0.0)
    assert _slope(squares.tolist()) == pytest.approx(power, abs=1e-9)


def test_it_can_be_drawn(outcome: Outcome) -> None:
    ax = Figure().add_subplot()
    EXPERIMENT.draw(outcome, ax)
    assert len(ax.get_lines()) == len(outcome.seeds) + 4
