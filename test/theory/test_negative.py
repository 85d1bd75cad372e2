"""Negative controls, quickly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from bisirl_ros.theory.negative import EXPERIMENT
from bisirl_ros.verify.experiment import Outcome, Setup


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True), lambda line: None)


def test_nothing_is_found_where_nothing_is(outcome: Outcome) -> None:
    assert outcome.holds
    assert 0.85 < outcome.figures["coverage"] < 1.0
    assert set(outcome.figures["ranks_of_one_policy"]) == {16}
    assert outcome.figures["shaping_largest_weight"] < 1e-12


def test_the_joint_test_has_power(outcome: Outcome) -> None:
    assert outcome.figures["rejected_with_reward"] == 1.0
    assert max(outcome.figures["p_values_with_reward"]) < 1e-6
    assert np.median(outcome.figures["p_values"]) > 0.1


def test_it_can_be_drawn(outcome: Outcome) -> None:
    ax = Figure().add_subplot()
    EXPERIMENT.draw(outcome, ax)
    assert len(ax.get_lines()) == 4
