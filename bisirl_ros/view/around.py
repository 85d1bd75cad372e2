"""The learned reward around people as tables, small enough for a page to draw it at any time.

Every feature that depends on where the robot is depends on its distance, and on the sine of its
bearing from somebody's way to their goal: two numbers a distance are the whole map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.comfort import ComfortSettings, losses
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.view.scene import Around, Estimate

STEP_M = 0.1
FAR_M = 100.0
"""Where the goal is put: far enough for its direction to be the same everywhere."""
TINY = 1e-4


def around(scenario: Scenario, estimates: Sequence[Estimate]) -> Around:
    """What each loses by the robot here or there, of all estimates (`crowd.comfort.losses`)."""
    settings = ComfortSettings()
    steps = round(settings.reach_m / STEP_M) + 1
    tables = tuple(_tables(scenario, estimate.theta, steps) for estimate in estimates)
    return Around(STEP_M, settings.worst, tables)


def _tables(scenario: Scenario, theta: Mapping[str, list[float]], steps: int) -> dict[str, Array]:
    """Of everybody whose weights are all known."""
    names = [name for name, weights in theta.items() if np.isfinite(weights).all()]
    count = len(names)
    weights = torch.tensor([theta[name] for name in names], dtype=torch.float64)
    reach = STEP_M * torch.arange(steps, dtype=torch.float64)
    none = torch.zeros_like(reach)
    places = torch.cat([torch.stack([reach, none], -1), torch.stack([none, reach], -1)])
    people = torch.zeros(count, 4, dtype=torch.float64)
    goal = torch.tensor([FAR_M, 0.0], dtype=torch.float64).expand(count, 2)
    with torch.no_grad():
        lost = losses(
            scenario,
            weights.reshape(count, len(scenario.feature_names)),
            people,
            goal,
            scenario.room,
            places.expand(count, -1, -1),
        )
    ahead, left = lost.numpy().reshape(count, 2, steps).transpose(1, 0, 2)
    sided = np.where(np.abs(left - ahead) < TINY, 0.0, left - ahead)
    return {name: np.stack([ahead[i], sided[i]]) for i, name in enumerate(names)}
