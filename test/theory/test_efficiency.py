"""The likelihood reaches the limit k / 2N; feature matching does not."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory import efficiency
from bisirl_ros.theory.efficiency import EXPERIMENT, K, judge
from bisirl_ros.verify.experiment import Outcome, Setup


@pytest.fixture(scope="module")
def outcomes() -> Iterator[list[Outcome]]:
    """Quick, of base seeds 0, 1 and 2, which share most of their repetitions."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efficiency, "repetition", functools.cache(efficiency.repetition))
        yield [EXPERIMENT.run(Setup(quick=True, seed=seed), lambda line: None) for seed in range(3)]


def test_the_likelihood_reaches_the_limit(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert outcome.holds is True
        assert outcome.figures["least_rank"] == K
        assert 0.75 < outcome.figures["ratio"] < 1.3
        low, high = outcome.interval
        assert high - low < 0.5


def test_the_excess_varies_as_theory_says(outcomes: list[Outcome]) -> None:
    """chi-squared(k) / k has standard deviation sqrt(2 / k)."""
    groups = outcomes[0].figures["by_preferences"].values()
    excess = np.concatenate([group["likelihood"]["excess"] for group in groups])
    assert excess.min() > 0.0
    assert excess.std() == pytest.approx(np.sqrt(2 / K), rel=0.45)


def test_feature_matching_misses_the_same_bar(outcomes: list[Outcome]) -> None:
    found = [efficiency.repetition(seed) for seed in outcomes[0].seeds]
    for method in ("matching", "joint_matching"):
        assert judge(method, found, outcomes[0].seeds, quick=True).holds is False
    for group in outcomes[0].figures["by_preferences"].values():
        assert group["matching"]["median"] > 1.3 * group["likelihood"]["median"]
        assert group["joint_matching"]["median"] > group["matching"]["median"]


def test_the_bootstrap_interval_is_that_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(2.0, 1.0, 400)
    low, high = bootstrap_mean(values)
    assert (high - low) == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high


def test_the_picture_can_be_drawn(outcomes: list[Outcome]) -> None:
    figure, (ax,) = grid("", "", 1, 1, (8.0, 3.6))
    EXPERIMENT.draw(outcomes[0], ax)
    assert len(ax.patches) == 3
    assert png(figure).startswith(b"\x89PNG")
