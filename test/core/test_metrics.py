"""Means of held-out figures."""

from __future__ import annotations

import pytest

from bisirl_ros.core.metrics import held_out_mean


def test_the_first_batch_trains_and_decisions_weigh_alike() -> None:
    assert held_out_mean([(5, -9.0), (1, -4.0), (0, None), (3, -2.0)]) == pytest.approx(-2.5)


@pytest.mark.parametrize("batches", [[], [(5, -1.0)], [(5, -1.0), (0, None)]])
def test_nothing_held_out_has_no_mean(batches: list[tuple[int, float | None]]) -> None:
    assert held_out_mean(batches) is None


def test_a_figure_that_is_not_known_is_not_left_out() -> None:
    """A log-likelihood that is not finite is kept as None; without it the mean would flatter."""
    assert held_out_mean([(5, -1.0), (2, -1.0), (1, None)]) is None
