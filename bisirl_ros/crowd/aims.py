"""Where everybody is going: the robot's goal or path, people's possible goals."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.plane import as_complex, repeated

LOOKAHEAD_M = 0.7
EPS_M = 1e-3


@dataclass(frozen=True)
class Aims:
    """Given at run time, and an input of the policy.

    route: (B, L, 2) the robot's path, its last point the goal; L = 1: the goal alone [m]
    goals: (B, P, G, 2) where each person may be going [m]
    log_belief: (B, P, G) log probability of each, summing to one over G
    """

    route: Tensor
    goals: Tensor
    log_belief: Tensor

    @property
    def robot_goal(self) -> Tensor:
        """(B, 2) [m]."""
        return self.route[..., -1, :]

    @property
    def likeliest(self) -> Tensor:
        """Each person's most probable goal: (B, P, 2) [m]."""
        return self.goals_at(self.log_belief.argmax(-1))

    def goals_at(self, index: Tensor) -> Tensor:
        """The goal of each person by its number: (B, P) integers to (B, P, 2) [m]."""
        picked = index[..., None, None].expand(*index.shape, 1, 2)
        return self.goals.gather(-2, picked)[..., 0, :]


def arrived(place: Tensor, goal: Tensor, tolerance_m: float) -> Tensor:
    """Whether (..., 2) is within tolerance_m of (..., 2): the one rule for arrival, (...,) bool."""
    return (place - goal).square().sum(-1) <= tolerance_m**2


@dataclass(frozen=True)
class Course:
    """The routes of R robots, ready to be followed.

    goal: (R,) complex, the last point x + iy; path: (R, L, 2) [m], None where the goal is all
    """

    goal: Tensor
    path: Tensor | None

    @staticmethod
    def of(route: Tensor) -> Course:
        """route: (R, L, 2) [m]."""
        return Course(as_complex(route[:, -1]), None if route.shape[1] == 1 else route)

    def repeated(self, times: int) -> Course:
        """Each route `times` times in a row: R times more."""
        if times == 1:
            return self
        path = None if self.path is None else repeated(self.path, times)
        return Course(repeated(self.goal, times), path)

    def steer(self, place: Tensor) -> tuple[Tensor, Tensor | None]:
        """Where to steer from `place` (R,) complex, and how far it still is along the route (R,).

        On a path of several points one steers LOOKAHEAD_M ahead of the nearest point (pure pursuit,
        Coulter 1992); to a single goal straight, and None stands for the distance to it.
        """
        if self.path is None:
            return self.goal, None
        carrot, to_go = follow(self.path, torch.view_as_real(place))
        return as_complex(carrot), to_go


def follow(route: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """The point to steer to (..., 2) and the length of way left (...,) [m] on a path.

    route: (..., L, 2); place: (..., 2)
    """
    if route.shape[-2] == 1:
        return route[..., 0, :], _length(route[..., 0, :] - place)
    start, along = route[..., :-1, :], route[..., 1:, :] - route[..., :-1, :]
    lengths = _length(along)
    off = place[..., None, :] - start
    share = ((off * along).sum(-1) / lengths.square()).clamp(0.0, 1.0)
    apart = _length(off - share[..., None] * along)
    upto = lengths.cumsum(-1) - lengths
    done = (upto + share * lengths).gather(-1, apart.argmin(-1, keepdim=True))
    ahead = torch.clamp((done + LOOKAHEAD_M - upto) / lengths, 0.0, 1.0)
    carrot = start[..., 0, :] + (ahead[..., None] * along).sum(-2)
    return carrot, apart.min(-1).values + lengths.sum(-1) - done[..., 0]


def _length(vector: Tensor) -> Tensor:
    return torch.sqrt(vector.square().sum(-1) + EPS_M**2)
