"""A person's features psi(s, a_l, a_e): one step of all bodies, one number per name.

Every feature takes the person before and after the step (..., 4), where the robot and the others
are after it, and the person's goal, and returns (...,). r_e = theta . psi (FORMULATION section 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.crowd.room import Room


@dataclass(frozen=True)
class Step:
    """What a feature may look at.

    person_t, person_tp1: (..., 4); robot_tp1: (..., 2) where the robot is after the step [m]
    others_tp1: (..., O, 2) where the other people are after it; goal: (..., 2) [m]; dt_s: [s]
    """

    person_t: Tensor
    person_tp1: Tensor
    robot_tp1: Tensor
    others_tp1: Tensor
    goal: Tensor
    room: Room
    dt_s: float

    def rows(self, index: Tensor) -> Step:
        """Some of what there is a first axis of; index: integers."""
        return replace(
            self,
            person_t=self.person_t[index],
            person_tp1=self.person_tp1[index],
            robot_tp1=self.robot_tp1[index],
            others_tp1=self.others_tp1[index],
            goal=self.goal[index],
        )


Feature = Callable[[Step, FeatureSpec, Person], Tensor]


def progress(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """Distance gained on the goal, in strides at the preferred speed."""
    gained = _length(step.person_t[..., :2] - step.goal) - _length(
        step.person_tp1[..., :2] - step.goal
    )
    return gained / (person.preferred_speed * step.dt_s * feature.scale)


def proximity(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """exp(-(distance to the robot / scale)^2 / 2) after the step; scale [m]."""
    return _near(step.person_tp1[..., :2] - step.robot_tp1, feature.scale)


def company(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """exp(-((distance to the robot - best) / scale)^2 / 2) after the step; best, scale [m]."""
    apart = torch.sqrt((step.person_tp1[..., :2] - step.robot_tp1).square().sum(-1) + 1e-6)
    return torch.exp(((apart - feature.distance) / feature.scale).square() * -0.5)


def robot_left(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """On which side the robot is: `proximity`, times the sine of its bearing; the left is positive.

    The bearing is from the person's way to their goal, which noise does not turn, to the robot.
    """
    to_goal = step.goal - step.person_tp1[..., :2]
    to_robot = step.robot_tp1 - step.person_tp1[..., :2]
    cross = to_goal[..., 0] * to_robot[..., 1] - to_goal[..., 1] * to_robot[..., 0]
    lengths = torch.sqrt((to_goal.square().sum(-1) + 1e-6) * (to_robot.square().sum(-1) + 1e-6))
    return cross / lengths * _near(to_robot, feature.scale)


def person_proximity(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """exp(-(distance / scale)^2 / 2) after the step, summed over the other people; scale [m]."""
    apart = step.person_tp1[..., None, :2] - step.others_tp1
    return _near(apart, feature.scale).sum(-1)


def wall_proximity(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """exp(-(distance to the nearest wall / scale)^2 / 2) after the step; scale [m]."""
    gap = step.room.clearance(step.person_tp1[..., :2]).clamp(min=0.0, max=1e3)
    return torch.exp(-0.5 * (gap / feature.scale).square())


def velocity_change(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """(|v' - v| / scale)^2; scale [m/s]."""
    change = step.person_tp1[..., 2:] - step.person_t[..., 2:]
    return change.square().sum(-1) / feature.scale**2


def persistence(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """log(1 + (|v' - v| / scale)^2): most go on as they walk, a few do anything; scale [m/s].

    With weight -(nu + 2) / 2 it is a bivariate t's logarithm, as velocity_change is a Gaussian's.
    """
    change = step.person_tp1[..., 2:] - step.person_t[..., 2:]
    return torch.log1p(change.square().sum(-1) / feature.scale**2)


def standing(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """exp(-(|v'| / scale)^2 / 2): to stop is more than to be slow; scale [m/s]."""
    return _near(step.person_tp1[..., 2:], feature.scale)


def speed_deviation(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """((|v'| - preferred speed) / scale)^2; scale [m/s]."""
    speed = _length(step.person_tp1[..., 2:])
    return ((speed - person.preferred_speed) / feature.scale).square()


def effort(step: Step, feature: FeatureSpec, person: Person) -> Tensor:
    """(|v'| / scale)^2; scale [m/s]. With progress it lets a preferred speed be learned."""
    return step.person_tp1[..., 2:].square().sum(-1) / feature.scale**2


FEATURES: dict[str, Feature] = {
    f.__name__: f
    for f in (
        progress,
        proximity,
        velocity_change,
        speed_deviation,
        effort,
        wall_proximity,
        person_proximity,
        company,
        robot_left,
        persistence,
        standing,
    )
}


def psi(step: Step, person: Person) -> Tensor:
    """All features of one step, stacked: (..., n)."""
    return torch.stack([FEATURES[spec.name](step, spec, person) for spec in person.features], -1)


def _near(apart: Tensor, scale: float) -> Tensor:
    return torch.exp(apart.square().sum(-1) * (-0.5 / scale**2))


def _length(vector: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(vector, dim=-1)
    return length
