"""Which of the robot's policies somebody has in mind."""

from __future__ import annotations

import pytest
import torch

from bisirl_ros.crowd.in_mind import in_mind

ONE, TWO, THREE = (torch.tensor([float(i), 1.0]) for i in range(3))


def shares(*met: torch.Tensor, rate: float = 0.3) -> list[tuple[float, float]]:
    """Number and share of each."""
    return [(float(phi[0]), share) for phi, share in in_mind(met, rate)]


def test_the_newest_counts_its_share_and_the_first_what_is_left() -> None:
    assert shares(ONE) == [(0.0, 1.0)]
    found = shares(ONE, TWO, THREE)
    assert [who for who, _ in found] == [2.0, 1.0, 0.0]
    assert [share for _, share in found] == pytest.approx([0.3, 0.7 * 0.3, 0.7 * 0.7])


def test_a_policy_that_was_met_again_is_one() -> None:
    found = shares(ONE, TWO, ONE.clone())
    assert [who for who, _ in found] == [0.0, 1.0]
    assert [share for _, share in found] == pytest.approx([0.3 + 0.49, 0.21])


def test_who_forgets_nothing_or_everything() -> None:
    assert shares(ONE, TWO, THREE, rate=0.0) == [(0.0, 1.0)]
    assert shares(ONE, TWO, THREE, rate=1.0) == [(2.0, 1.0)]
