"""Evidence carried forward against a window, in a doorway that the robot learns to avoid."""

from __future__ import annotations

import pytest
import torch

from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory.evidence import EXPERIMENT
from bisirl_ros.verify.experiment import Outcome, Setup


def outcome_of(seed: int) -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True, seed=seed), lambda line: None)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return outcome_of(0)


def test_what_was_learned_is_kept(outcome: Outcome) -> None:
    figures = outcome.figures
    assert outcome.holds
    assert 0.05 < figures["error_carried"] < 0.2
    assert figures["error_window"] > 0.3
    assert 0.05 < figures["limit"] < 0.2


def test_the_robot_itself_hides_the_feature(outcome: Outcome) -> None:
    assert outcome.figures["near_first"] > 0.4
    assert outcome.figures["near_last"] < 0.1
    assert outcome.figures["prior_share"] < 0.05
    # As long as the two still come near, the window knows as much.
    first = [run[1] for run in outcome.figures["windowed"]]
    assert sum(first) / len(first) < outcome.figures["error_window"]


def test_it_can_be_drawn(outcome: Outcome) -> None:
    figure, (ax,) = grid("evidence", "", 1, 1, (8.0, 3.6))
    EXPERIMENT.draw(outcome, ax)
    assert png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_agree(seed: int) -> None:
    assert outcome_of(seed).holds
