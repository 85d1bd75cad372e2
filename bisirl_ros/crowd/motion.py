"""How bodies move: the human's first-order lag and the robot's unicycle, differentiable.

States: human (..., 4) = x, y [m], vx, vy [m/s]; robot (..., 5) = x, y [m], yaw [rad], speed [m/s],
turn rate [rad/s], all in the odom frame.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bisirl_ros.crowd.scenario import RobotSpec


def human_step(human: Tensor, target: Tensor, lag_s: float, dt_s: float) -> Tensor:
    """Human state after holding `target` velocity (..., 2) [m/s] for dt_s: (..., 4), exact."""
    decay = math.exp(-dt_s / lag_s)
    velocity = human[..., 2:]
    shortfall = velocity - target
    position = human[..., :2] + target * dt_s + shortfall * (lag_s * (1.0 - decay))
    return torch.cat([position, target + shortfall * decay], -1)


def human_path(human: Tensor, target: Tensor, lag_s: float, dt_s: float, steps: int) -> Tensor:
    """Human states at 0, dt_s, ..., steps * dt_s while holding `target`: (..., steps + 1, 4).

    human: (..., 4); target: (..., 2) [m/s]. The closed form of `human_step` repeated.
    """
    time = dt_s * torch.arange(steps + 1, dtype=human.dtype, device=human.device)[:, None]
    decay = torch.exp(-time / lag_s)
    velocity, target = human[..., None, 2:], target[..., None, :]
    shortfall = velocity - target
    position = human[..., None, :2] + target * time + shortfall * (lag_s * (1.0 - decay))
    return torch.cat([position, target + shortfall * decay], -1)


def implied_target(velocity_t: Tensor, velocity_tp: Tensor, lag_s: float, dt_s: float) -> Tensor:
    """The constant target velocity that turns one velocity into the next: (..., 2) [m/s].

    The inverse of `human_step`; with dt_s < the time a target is held it does not depend on when,
    before `velocity_t`, the target was chosen.
    """
    decay = math.exp(-dt_s / lag_s)
    return (velocity_tp - velocity_t * decay) / (1.0 - decay)


def robot_step(robot: Tensor, command: Tensor, spec: RobotSpec, dt_s: float) -> Tensor:
    """Robot state (..., 5) after `command` (..., 2) = speed [m/s], turn rate [rad/s], for dt_s.

    Speeds follow the command by a first-order lag within the acceleration limits; the pose moves
    with the mean of the speeds before and after, at the heading half way.
    """
    blend = 1.0 - math.exp(-dt_s / spec.lag_s)
    x, y, yaw, speed, turn = robot.unbind(-1)
    wanted_speed, wanted_turn = command.unbind(-1)
    dv_most, dw_most = spec.max_acceleration * dt_s, spec.max_turn_acceleration * dt_s
    dv = (blend * (wanted_speed - speed)).clamp(-dv_most, dv_most)
    dw = (blend * (wanted_turn - turn)).clamp(-dw_most, dw_most)
    travelled = torch.add(speed, dv, alpha=0.5) * dt_s
    turned = torch.add(turn, dw, alpha=0.5) * dt_s
    heading = torch.add(yaw, turned, alpha=0.5)
    return torch.stack(
        [
            x + travelled * torch.cos(heading),
            y + travelled * torch.sin(heading),
            yaw + turned,
            speed + dv,
            turn + dw,
        ],
        -1,
    )
