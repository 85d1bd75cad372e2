"""Candidate motions stand for the disc of target velocities."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.candidates import gauss_disc, sunflower_disc


@pytest.mark.parametrize("candidates", [gauss_disc(1.8), sunflower_disc(1.8, 200, 0.7)])
def test_areas_add_up_to_the_disc_and_all_points_are_in_it(candidates) -> None:
    assert float(candidates.log_area.exp().sum()) == pytest.approx(math.pi * 1.8**2)
    assert float(candidates.velocity.norm(dim=-1).max()) < 1.8


def test_gauss_disc_integrates_polynomials_exactly() -> None:
    """int (x^2 + y^2)^2 = 2 pi R^6 / 6 and int x^2 y^2 = pi R^6 / 24 on a disc of radius R."""
    disc, radius = gauss_disc(1.3, rings=3, spokes=8), 1.3
    area, (x, y) = disc.log_area.exp(), disc.velocity.T
    assert float((area * (x**2 + y**2) ** 2).sum()) == pytest.approx(math.pi * radius**6 / 3)
    assert float((area * x**2 * y**2).sum()) == pytest.approx(math.pi * radius**6 / 24)


def test_two_sets_normalise_a_smooth_density_alike() -> None:
    """What lets learner and human use different candidates."""
    centre = torch.tensor([0.3, 1.0], dtype=torch.float64)

    def log_normaliser(candidates) -> float:
        logits = -((candidates.velocity - centre) ** 2).sum(-1) / (2 * 0.35**2)
        return float(torch.logsumexp(logits + candidates.log_area, -1))

    exact = log_normaliser(gauss_disc(1.8, 30, 60))
    assert log_normaliser(gauss_disc(1.8, 8, 18)) == pytest.approx(exact, abs=2e-3)
    assert log_normaliser(sunflower_disc(1.8, 400)) == pytest.approx(exact, abs=1e-2)
    assert np.isfinite(exact)
