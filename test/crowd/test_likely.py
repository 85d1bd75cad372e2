"""Candidates that follow a choice, against a grid fine enough for it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.candidates import Candidates, gauss_disc
from bisirl_ros.crowd.likely import LikelyCandidates
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.true_weights import true_weights

TOP = 1.8


def gaussian(mean: Tensor, spread: Tensor, at: Candidates) -> Tensor:
    """log of exp(-(u - mean)^T spread^-1 (u - mean) / 2) at each candidate, plus its log area."""
    off = at.velocity - mean[:, None]
    return -0.5 * torch.einsum("mki,mij,mkj->mk", off, spread.inverse(), off) + at.log_area


def test_they_integrate_a_choice_that_has_moved_and_narrowed() -> None:
    """Mean, covariance and integral, of a Gaussian other than the one they were placed by."""
    likely = LikelyCandidates(48, TOP, "cpu", torch.float64)
    grid = gauss_disc(TOP, 24, 52)
    mean = torch.tensor([[0.8, 0.3], [-0.2, 0.9]]).double()
    spread = torch.tensor([[[0.04, 0.01], [0.01, 0.03]], [[0.02, 0.0], [0.0, 0.06]]]).double()
    whole = Candidates(grid.velocity.expand(2, -1, -1), grid.log_area.expand(2, -1))
    offered = likely.after(whole, torch.softmax(gaussian(mean, spread, whole), -1))
    now, narrower = mean + torch.tensor([0.15, -0.1]).double(), 0.8 * spread
    logits = gaussian(now, narrower, offered)
    p = torch.softmax(logits, -1)
    assert torch.allclose(offered.mean(p), now, atol=0.02)
    off = offered.velocity - now[:, None]
    found = torch.einsum("mk,mki,mkj->mij", p, off, off)
    assert torch.allclose(found, narrower, atol=0.01)
    exact = math.log(2.0 * math.pi) + 0.5 * narrower.logdet()
    assert torch.allclose(torch.logsumexp(logits, -1), exact, atol=0.05)


def test_what_nobody_can_choose_is_left_out() -> None:
    likely = LikelyCandidates(24, TOP, "cpu", torch.float64)
    rim = Candidates(torch.tensor([[[1.75, 0.0], [1.7, 0.2]]]).double(), torch.zeros(1, 2).double())
    offered = likely.after(rim, torch.tensor([[0.5, 0.5]]).double())
    beyond = offered.velocity.norm(dim=-1) > TOP
    assert beyond.any() and not beyond.all()
    assert (offered.log_area[beyond] == -math.inf).all()
    assert torch.isfinite(offered.log_area[~beyond]).all()


@pytest.mark.parametrize("name", ["crossing", "guide"])
def test_they_tell_what_would_change_a_choice(name: str) -> None:
    """Mean choice and its derivative along episodes: a grid of more points is far off."""
    scenario = load_scenario(name)
    policy, rng = InteractionPolicy(scenario.robot), np.random.default_rng(0)
    coarse, fine = (gauss_disc(TOP, *size) for size in ((4, 9), (24, 52)))
    model = CrowdModel(scenario, policy, coarse, "cpu", torch.float64, likely=24)
    phi = policy.initial(torch.Generator().manual_seed(0)).double()
    way = 1e-3 * torch.randn(len(phi), generator=torch.Generator().manual_seed(1)).double()
    start = model.starts(16, rng)
    theta = model.tensor(true_weights(scenario, seed=0))
    setting = model.setting(start, start.aims.likeliest, theta)
    luck = torch.from_numpy(rng.random((scenario.episode_decisions, 16, 1)))
    played = model.imagine(phi, start, setting, luck)
    assert played.offered is not None
    off: dict[str, list[Tensor]] = {"coarse": [], "likely": [], "exact": []}
    for h in range(3, scenario.episode_decisions, 5):
        rows = slice(16 * h, 16 * (h + 1))
        own = Candidates(played.offered.velocity[rows], played.offered.log_area[rows])
        for key, offered in (("coarse", coarse), ("likely", own), ("exact", fine)):

            def mean(weights: Tensor, offered: Candidates = offered, h: int = h) -> Tensor:
                layers, people = policy.weights(weights), played.people[h]
                robot = model.drive(layers, Motion.unpacked(played.robot[h]), people, setting)
                targets = offered.velocity.expand(16, -1, -1)
                seen = model.foresee(layers, (robot, robot), people, setting, targets)
                return offered.mean(model.respond(seen.features, setting, offered).p)

            response = (mean(phi + way) - mean(phi - way)) / 2e-3
            off[key].append(response[played.known[h, :, 0]])
    coarse_, likely_, exact = (torch.cat(off[key]).flatten() for key in off)
    cosine = torch.nn.functional.cosine_similarity
    assert float(cosine(likely_, exact, 0)) > 0.97 > 0.9 > float(cosine(coarse_, exact, 0))
    assert float((likely_ - exact).norm()) < 0.3 * float((coarse_ - exact).norm())
