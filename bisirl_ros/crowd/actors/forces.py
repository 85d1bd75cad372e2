"""Social forces: what accelerates a walker, and where it takes them within one decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import at_most
from bisirl_ros.crowd.room import Room

EPS_M = 1e-9
Push = Callable[[Tensor], Tensor]
"""A force of one's own at places (B, P, 2) [m]: (B, P, 2) [m/s^2]."""


@dataclass(frozen=True)
class SocialForces:
    """Helbing & Molnar 1995 (Phys. Rev. E 51, 4282), as measured by Moussaid et al. 2009.

    Moussaid et al. (Proc. R. Soc. B 276, 2755) give form and numbers of the interaction:
    relaxation_s: tau; strength: A [m/s^2]; speed_weight: lambda; gamma; n_slow, n_turn: n', n
    wall_strength: a [m/s^2]; wall_range_m: b, of the gap between wall and footprint
    bias: epsilon, turns a meeting head-on to one side (not in the paper, as in PedSim)
    top_speed: most of the wanted speed (Helbing & Molnar: 1.3); step_s: of the integration
    """

    relaxation_s: float = 0.54
    strength: float = 4.5
    speed_weight: float = 2.0
    gamma: float = 0.35
    n_slow: float = 3.0
    n_turn: float = 2.0
    wall_strength: float = 3.0
    wall_range_m: float = 0.1
    bias: float = 0.005
    top_speed: float = 1.3
    step_s: float = 0.05

    def to_goal(self, own: Tensor, goal: Tensor, speed: Tensor) -> Tensor:
        """(speed e - v) / tau, e the way to the goal: (B, P, 2) [m/s^2].

        own: (B, P, 4); goal: (B, P, 2) [m]; speed: (B, P) wanted [m/s], less within a stride of it
        """
        way = goal - own[..., :2]
        left = _length(way)
        wanted = torch.minimum(speed, left / self.relaxation_s)[..., None] * way / left[..., None]
        return (wanted - own[..., 2:]) / self.relaxation_s

    def between(self, off: Tensor, closing: Tensor) -> Tensor:
        """f_ij, eqs. 3 to 6 of Moussaid et al.: (..., 2) [m/s^2].

        off: (..., 2) x_j - x_i [m]; closing: (..., 2) v_i - v_j [m/s]
        """
        distance = _length(off)
        e = off / distance[..., None]
        interaction = self.speed_weight * closing + e
        size = _length(interaction)
        t = interaction / size[..., None]
        left = torch.stack([-t[..., 1], t[..., 0]], -1)
        reach = self.gamma * size
        angle = torch.atan2((left * e).sum(-1), (t * e).sum(-1)) + self.bias * reach
        far = distance / reach
        slow = torch.exp(-far - (self.n_slow * reach * angle).square())
        turn = torch.sign(angle) * torch.exp(-far - (self.n_turn * reach * angle).square())
        return -self.strength * (slow[..., None] * t + turn[..., None] * left)

    def of_surface(self, gap: Tensor, away: Tensor) -> Tensor:
        """a exp(-gap / b), away from a wall: (..., 2) [m/s^2]; gap: (...,) [m]; away: (..., 2)."""
        size = self.wall_strength * torch.exp(-gap.clamp(min=0.0) / self.wall_range_m)
        return size[..., None] * away

    def velocity_tp1(
        self,
        own: Tensor,
        others: Tensor,
        goal: Tensor,
        speed: Tensor,
        room: Room,
        radius_m: float,
        period_s: float,
        push: Push | None = None,
    ) -> Tensor:
        """Velocity after `period_s` under all forces: (B, P, 2) [m/s].

        own: (B, P, 4) who walk by these forces, and mind each other; others: (B, Q, 4) whom they
        mind, and who go on as they move; goal: (B, P, 2) [m]; speed: (B, P) [m/s]
        """
        parts = max(1, round(period_s / self.step_s))
        dt_s, count = period_s / parts, own.shape[1]
        itself = torch.eye(count, count + others.shape[1], dtype=torch.bool, device=own.device)
        for _ in range(parts):
            everybody = torch.cat([own, others], 1)
            off = everybody[:, None, :, :2] - own[:, :, None, :2]
            closing = own[:, :, None, 2:] - everybody[:, None, :, 2:]
            social = torch.where(itself[..., None], 0.0, self.between(off, closing)).sum(2)
            force = self.to_goal(own, goal, speed) + social
            if not room.empty:
                gap, away = room.nearest(own[..., :2])
                force = force + self.of_surface(gap - radius_m, away)
            if push is not None:
                force = force + push(own[..., :2])
            velocity = at_most(own[..., 2:] + dt_s * force, self.top_speed * speed)
            own = torch.cat([own[..., :2] + dt_s * velocity, velocity], -1)
            others = torch.cat([others[..., :2] + dt_s * others[..., 2:], others[..., 2:]], -1)
        return own[..., 2:]


def _length(vector: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(vector, dim=-1)
    return length.clamp(min=EPS_M)
