"""The human's features psi(s, a_l, a_e): one step of both bodies, one number per name.

Every feature takes the human before and after the step (..., 4), the robot after it (..., 5) and
the human's goal (..., 2), and returns (...,). r_e = theta . psi (FORMULATION section 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.scenario import FeatureSpec, HumanSpec

EPS_M = 1e-6


@dataclass(frozen=True)
class Step:
    """What a feature may look at.

    human_t, human_tp1: (..., 4); robot_tp1: (..., 5); goal: (..., 2) [m]; dt_s: step [s]
    """

    human_t: Tensor
    human_tp1: Tensor
    robot_tp1: Tensor
    goal: Tensor
    dt_s: float


Feature = Callable[[Step, FeatureSpec, HumanSpec], Tensor]


def progress(step: Step, feature: FeatureSpec, human: HumanSpec) -> Tensor:
    """Distance gained on the goal, in strides at the preferred speed."""
    gained = _distance(step.human_t[..., :2] - step.goal) - _distance(
        step.human_tp1[..., :2] - step.goal
    )
    return gained / (human.preferred_speed * step.dt_s * feature.scale)


def proximity(step: Step, feature: FeatureSpec, human: HumanSpec) -> Tensor:
    """exp(-(distance to the robot / scale)^2 / 2) after the step; scale [m]."""
    apart = step.human_tp1[..., :2] - step.robot_tp1[..., :2]
    return torch.exp(-0.5 * apart.square().sum(-1) / feature.scale**2)


def velocity_change(step: Step, feature: FeatureSpec, human: HumanSpec) -> Tensor:
    """(|v' - v| / scale)^2; scale [m/s]."""
    change = step.human_tp1[..., 2:] - step.human_t[..., 2:]
    return change.square().sum(-1) / feature.scale**2


def speed_deviation(step: Step, feature: FeatureSpec, human: HumanSpec) -> Tensor:
    """((|v'| - preferred speed) / scale)^2; scale [m/s]."""
    speed = _distance(step.human_tp1[..., 2:])
    return ((speed - human.preferred_speed) / feature.scale).square()


def effort(step: Step, feature: FeatureSpec, human: HumanSpec) -> Tensor:
    """(|v'| / scale)^2; scale [m/s]. With progress it lets a preferred speed be learned."""
    return step.human_tp1[..., 2:].square().sum(-1) / feature.scale**2


FEATURES: dict[str, Feature] = {
    f.__name__: f for f in (progress, proximity, velocity_change, speed_deviation, effort)
}


def psi(step: Step, specs: tuple[FeatureSpec, ...], human: HumanSpec) -> Tensor:
    """All features of one step, stacked: (..., n_features)."""
    return torch.stack([FEATURES[spec.name](step, spec, human) for spec in specs], -1)


def _distance(vector: Tensor) -> Tensor:
    return torch.sqrt(vector.square().sum(-1) + EPS_M**2)
