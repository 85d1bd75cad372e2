"""What the information term buys a robot that would rather not learn."""

from __future__ import annotations

import pytest
import torch

from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory.active import EXPERIMENT, WITH, WITHOUT
from bisirl_ros.verify.experiment import Outcome, Setup


def outcome_of(seed: int) -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True, seed=seed), lambda line: None)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return outcome_of(0)


def test_asking_halves_the_episodes(outcome: Outcome) -> None:
    figures = outcome.figures
    assert outcome.holds
    assert figures["median"][WITH] < figures["cap"] / 2
    assert figures["censored"][WITH] <= 1
    assert figures["error_end"][WITH] < 0.3 < figures["error_end"][WITHOUT]


def test_asking_has_its_price(outcome: Outcome) -> None:
    assert outcome.figures["cost_total"] > 0.0
    assert outcome.figures["return_with"] < outcome.figures["return_without"]
    errors = outcome.figures["errors"]
    assert [e[0] for e in errors[WITH]] == [e[0] for e in errors[WITHOUT]]  # the same luck


def test_it_can_be_drawn(outcome: Outcome) -> None:
    figure, (ax,) = grid("active", "", 1, 1, (8.0, 3.6))
    EXPERIMENT.draw(outcome, ax)
    assert png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_agree(seed: int) -> None:
    assert outcome_of(seed).holds
