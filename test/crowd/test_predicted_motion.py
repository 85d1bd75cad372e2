"""Predicted paths to look at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.predicted_motion import PredictedMotion
from bisirl_ros.crowd.scenario import Scenario

from .conftest import THETA, random_phi, situation

ROBOT = (-1.0, 0.0, 0.0, 0.8, 0.0, 0.0)
UP, DOWN = (0.0, -2.0, 0.0, 1.0), (1.0, 2.0, 0.0, -1.0)


def test_the_likeliest_come_first_and_lead_to_the_goal(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    now = situation(ROBOT, [UP, DOWN], goals=[[0.0, 3.6], [1.0, -3.6]])
    predicted = PredictedMotion(crossing, policy, shown=6)
    paths, p = predicted(random_phi(policy, 0.1).float(), np.stack([THETA, THETA]), now)
    assert paths.shape == (2, 6, crossing.person.horizon + 1, 2) and p.shape == (2, 6)
    assert (np.diff(p, axis=1) <= 0.0).all() and (p.sum(1) <= 1.0 + 1e-12).all()
    assert p[:, 0].min() > 1.0 / 37.0
    assert paths[:, :, 0] == pytest.approx(np.array([[UP[:2]] * 6, [DOWN[:2]] * 6]))
    ends = (p[..., None] * paths[:, :, -1]).sum(1) / p.sum(1, keepdims=True)
    assert ends[0, 1] > 0.0 and ends[1, 1] < 0.0


def test_other_weights_are_other_paths_and_nobody_is_no_path(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    predicted, phi = PredictedMotion(crossing, policy), random_phi(policy, 0.1)
    now = situation(ROBOT, [UP])
    there, back = (predicted(phi, s * THETA[None], now)[0][0, :, -1, 1].mean() for s in (1, -1))
    assert there > back + 1.0
    paths, p = predicted(phi, np.zeros((0, 4)), situation(ROBOT))
    assert len(paths) == len(p) == 0
    both = situation(ROBOT, [UP, DOWN])
    gone = replace(both, present=torch.tensor([[True, False]]))
    paths, p = predicted(phi, np.stack([THETA, THETA]), gone)
    alone = predicted(phi, THETA[None], now)
    assert paths[0] == pytest.approx(alone[0][0]) and p[0] == pytest.approx(alone[1][0])
