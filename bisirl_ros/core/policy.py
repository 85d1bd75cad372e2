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

from bisirl_ros.games.scenario import RobotSpec

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
        goal = torch.tensor(self.robot.goal, dtype=robot.dtype, device=robot.device)
        inputs, sin_bearing, distance = _observe(robot, human, goal)
        correction = self._network(phi, inputs)
        slow_down = torch.tanh(distance / 0.5)
        cruise = math.log(self.cruise / (1.0 - self.cruise))
        speed = self.robot.max_speed * slow_down * torch.sigmoid(cruise + 2.0 * correction[..., 0])
        turn = self.robot.max_turn_rate * torch.tanh(
            (1.5 * sin_bearing + correction[..., 1]) * slow_down
        )
        return torch.stack([speed, turn], -1)

    def _network(self, phi: Tensor, inputs: Tensor) -> Tensor:
        n, m = N_INPUTS, self.hidden
        w1, w2, b1, b2 = torch.split(phi, [n * m, 2 * m, m, 2])
        hidden = torch.tanh(torch.nn.functional.linear(inputs, w1.view(n, m).T, b1))
        return torch.nn.functional.linear(hidden, w2.view(2, m), b2)


def _observe(robot: Tensor, human: Tensor, goal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs (..., N_INPUTS) in the robot's frame; sine of the goal's bearing; its distance [m]."""
    cos, sin = torch.cos(robot[..., 2, None]), torch.sin(robot[..., 2, None])
    position, speed = robot[..., :2], robot[..., 3, None]
    apart = human[..., :2] - position
    world = torch.stack([goal - position, apart, human[..., 2:]], -2)
    ahead = world[..., 0] * cos + world[..., 1] * sin
    left = world[..., 1] * cos - world[..., 0] * sin
    distance = torch.sqrt(world[..., 0, :].square().sum(-1) + 1e-6)
    near = torch.exp(apart.square().sum(-1, keepdim=True) * (-0.5 / RANGE_M**2))
    there = torch.stack([ahead[..., 1], left[..., 1]], -1)
    moving = torch.stack([ahead[..., 2] - robot[..., 3], left[..., 2]], -1)
    seen = near * torch.cat([there / RANGE_M, torch.tanh(there), moving], -1)
    inputs = torch.cat([seen, near, speed, torch.tanh(distance[..., None] / RANGE_M)], -1)
    return inputs, left[..., 0] / distance, distance
