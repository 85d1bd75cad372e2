"""The robot's interaction policy pi_phi: a goal seeker with a small learned correction.

A deterministic policy (the limit of a narrow Gaussian): the human predicts it as such, and the
whole of FORMULATION section 1 holds with E over a_l dropped. `phi` is one flat vector, so that
every hypergradient estimator sees the same thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.scenario import RobotSpec

N_INPUTS = 9
RANGE_M = 2.5


@dataclass(frozen=True)
class InteractionPolicy:
    """pi_phi(a_l | s) for one robot and goal; holds no parameters, only the architecture.

    robot: limits and goal of the robot
    hidden: width of the one hidden layer
    cruise: fraction of the top speed it drives at where nothing is learned
    """

    robot: RobotSpec
    hidden: int = 16
    cruise: float = 0.8

    @property
    def size(self) -> int:
        """Number of parameters, n = dim phi."""
        return (N_INPUTS + 1) * self.hidden + (self.hidden + 1) * 2

    def initial(self, generator: torch.Generator) -> Tensor:
        """phi of a goal seeker that does not look at people: (n,), correction exactly zero."""
        first = torch.randn((N_INPUTS, self.hidden), generator=generator) / math.sqrt(N_INPUTS)
        return torch.cat([first.flatten(), torch.zeros(self.size - first.numel())])

    def __call__(self, phi: Tensor, robot: Tensor, human: Tensor) -> Tensor:
        """Command (..., 2) = speed [m/s], turn rate [rad/s] within the robot's limits.

        phi: (n,); robot: (..., 5); human: (..., 4)
        """
        inputs, sin_bearing, distance = _observe(robot, human, self.robot.goal)
        faster, leftward = self._network(phi, inputs).unbind(-1)
        slow_down = torch.tanh(distance / 0.5)
        cruise = math.log(self.cruise / (1.0 - self.cruise))
        speed = self.robot.max_speed * slow_down * torch.sigmoid(cruise + 2.0 * faster)
        turn = self.robot.max_turn_rate * torch.tanh((1.5 * sin_bearing + leftward) * slow_down)
        return torch.stack([speed, turn], -1)

    def _network(self, phi: Tensor, inputs: Tensor) -> Tensor:
        n, m = N_INPUTS, self.hidden
        w1, w2, b1, b2 = torch.split(phi, [n * m, 2 * m, m, 2])
        hidden = torch.tanh(torch.nn.functional.linear(inputs, w1.view(n, m).T, b1))
        return torch.nn.functional.linear(hidden, w2.view(2, m), b2)


def _observe(robot: Tensor, human: Tensor, goal: tuple[float, float]) -> tuple[Tensor, ...]:
    """Inputs (..., N_INPUTS) in the robot's frame; sine of the goal's bearing; its distance [m].

    Written in components: selecting them one by one from a state costs more than all else, in the
    backward pass above all.
    """
    x, y, yaw, speed, _ = robot.unbind(-1)
    human_x, human_y, vx, vy = human.unbind(-1)
    cos, sin = torch.cos(yaw), torch.sin(yaw)
    goal_x, goal_y = goal[0] - x, goal[1] - y
    apart_x, apart_y = human_x - x, human_y - y
    ahead, left = apart_x * cos + apart_y * sin, apart_y * cos - apart_x * sin
    closing, passing = vx * cos + vy * sin - speed, vy * cos - vx * sin
    near = torch.exp((apart_x * apart_x + apart_y * apart_y) * (-0.5 / RANGE_M**2))
    distance = torch.sqrt(goal_x * goal_x + goal_y * goal_y + 1e-6)
    there = torch.stack([ahead, left], -1)
    moving = torch.stack([closing, passing], -1)
    seen = torch.cat([there / RANGE_M, torch.tanh(there), moving], -1) * near[..., None]
    rest = torch.stack([near, speed, torch.tanh(distance / RANGE_M)], -1)
    sin_bearing = (goal_y * cos - goal_x * sin) / distance
    return torch.cat([seen, rest], -1), sin_bearing, distance
