"""A person who changes half way, with the drift test and without it."""

from __future__ import annotations

import pytest
import torch

from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory.drift import CHANGE, EXPERIMENT
from bisirl_ros.verify.experiment import Outcome, Setup


def outcome_of(seed: int) -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True, seed=seed), lambda line: None)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return outcome_of(0)


def test_the_change_is_noticed_and_the_new_reward_recovered(outcome: Outcome) -> None:
    figures = outcome.figures
    assert outcome.holds
    assert figures["detected"] == 1.0
    assert figures["delay_worst_batches"] <= 3
    assert figures["error_end"] < 0.15
    assert figures["false_alarms"] == 0


def test_without_the_test_the_error_stays(outcome: Outcome) -> None:
    figures = outcome.figures
    assert figures["error_end_untested"] > 0.4
    assert figures["recovered_untested"] == 0.0
    before = [run[:CHANGE] for run in figures["errors"]]
    assert before == [run[:CHANGE] for run in figures["errors_untested"]]  # the same luck


def test_it_can_be_drawn(outcome: Outcome) -> None:
    figure, (ax,) = grid("drift", "", 1, 1, (8.0, 3.6))
    EXPERIMENT.draw(outcome, ax)
    assert png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_agree(seed: int) -> None:
    assert outcome_of(seed).holds
