"""Published intervals hold the truth; intervals of half the width do not."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory import coverage
from bisirl_ros.theory.coverage import EXPERIMENT, WEIGHTS, judge
from bisirl_ros.verify.experiment import Outcome, Setup


@pytest.fixture(scope="module")
def outcomes() -> Iterator[list[Outcome]]:
    """Quick, of base seeds 0, 1 and 2, which share most of their repetitions."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "repetition", functools.cache(coverage.repetition))
        yield [EXPERIMENT.run(Setup(quick=True, seed=seed), lambda line: None) for seed in range(3)]


def test_about_95_percent_of_the_intervals_hold(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert outcome.holds is True
        assert 0.9 < outcome.figures["pooled"] < 0.995
        assert 0.8 < outcome.figures["spread_of_errors"] < 1.2
        assert len(outcome.figures["per_weight"]) == outcome.figures["least_rank"] == WEIGHTS


def test_the_deployed_policies_differ(outcomes: list[Outcome]) -> None:
    assert outcomes[0].figures["policy_distance"] > 0.1


@pytest.mark.parametrize("factor", (0.5, 2.0))
def test_intervals_of_another_width_miss_the_bar(outcomes: list[Outcome], factor: float) -> None:
    """A standard deviation of `factor` times the published one, at either scale."""
    seeds = outcomes[0].seeds
    found = [coverage.repetition(seed) for seed in seeds]
    wrong = [replace(one, weights=one.weights / factor) for one in found]
    for quick in (True, False):
        outcome = judge(wrong, seeds, quick)
        assert outcome.holds is False
        assert (outcome.figures["pooled"] < 0.92) == (factor < 1.0)


def test_the_picture_can_be_drawn(outcomes: list[Outcome]) -> None:
    figure, (ax,) = grid("", "", 1, 1, (8.0, 3.6))
    EXPERIMENT.draw(outcomes[0], ax)
    assert len(ax.get_xticklabels()) == WEIGHTS + 3
    assert png(figure).startswith(b"\x89PNG")
