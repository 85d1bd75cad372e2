"""How a robot of any drive makes for a point, or for a velocity."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import at_most
from bisirl_ros.crowd.aims import follow
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.situation import Situation

SLOWEST = 0.1
"""A velocity below has no direction worth turning to [m/s]."""
CREEP = 0.6
"""Share of the speed at which a drive that steers goes on where it has to turn."""
CLEARLY = 1.3
"""A drive that steers goes on to what is outside a circle so much larger than its tightest."""


def to_goal(robot: Robot, situation: Situation) -> Tensor:
    """The velocity (B, 2) [m/s] along the route that comes to rest at the goal.

    The speed falls with the way left at 1 / (4 lag), the gain at which a first-order lag comes to
    rest without overshoot, and never asks for more than the brakes give. Well within tolerance it
    is zero. On a path it leads LOOKAHEAD_M ahead (pure pursuit).
    """
    place = situation.robot[:, :2]
    carrot, left = follow(situation.aims.route, place)
    way = at_most((carrot - place) * 1e6, 1.0)
    gentle = left / (4.0 * robot.lag_s)
    brakes = torch.sqrt(2.0 * robot.max_acceleration * left)
    speed = torch.minimum(gentle, brakes).clamp(max=robot.max_speed)
    return torch.where(left > 0.5 * robot.goal_tolerance_m, speed, 0.0)[:, None] * way


def twist_for(robot: Robot, state: Tensor, velocity: Tensor) -> Tensor:
    """The admissible twist (B, 3) of robots (B, 6) that shall move at `velocity` (B, 2) [m/s].

    It turns to where it goes at 1 / (2 lag) per radian. A differential drive slows down by the
    cosine of what is left to turn. One that steers goes on to be able to turn at all, and back
    while the place where `to_goal` would come to rest is inside its turning circle.
    """
    cos, sin = torch.cos(state[:, 2]), torch.sin(state[:, 2])
    ahead = cos * velocity[:, 0] + sin * velocity[:, 1]
    left = cos * velocity[:, 1] - sin * velocity[:, 0]
    speed, angle = velocity.norm(dim=-1), torch.atan2(left, ahead)
    turn = angle / (2.0 * robot.lag_s) * (speed / SLOWEST).clamp(max=1.0)
    if not robot.sideways:
        left = torch.zeros_like(left)
        if robot.drive == "ackermann":
            circle_m = 2.0 * CLEARLY * robot.turning_radius_m * torch.sin(angle).abs()
            way = torch.where(4.0 * robot.lag_s * speed < circle_m, -1.0, 1.0)
            ahead = way * torch.maximum(ahead.abs(), CREEP * speed)
        else:
            ahead = ahead.clamp(min=0.0)
    return robot.admissible(torch.stack([ahead, left, turn], -1))
