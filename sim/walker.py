"""The person's body: position and velocity that follow a target velocity."""

from __future__ import annotations

import math

import numpy as np

from bisirl_ros.crowd.scenario import HumanSpec
from bisirl_ros.errors import InputError
from bisirl_sim.obstacles import Obstacles


class Walker:
    """First-order lag to the target velocity, exact for any step; slides along obstacles.

    With u the target: v' = u + (v - u) exp(-dt / lag),
    p' = p + u dt + (v - u) lag (1 - exp(-dt / lag)).

    x, y: position in frame odom [m]; vx, vy: velocity [m/s].
    """

    def __init__(self, spec: HumanSpec, obstacles: Obstacles, dt_s: float) -> None:
        self._spec = spec
        self._obstacles = obstacles
        self._dt_s = dt_s
        self._decay = math.exp(-dt_s / spec.lag_s)
        self._glide_s = -spec.lag_s * math.expm1(-dt_s / spec.lag_s)
        self.reset((*spec.start, *spec.start_velocity))

    def reset(self, state: tuple[float, float, float, float]) -> None:
        """Take x, y, vx, vy [m, m, m/s, m/s] with a zero target."""
        self.x, self.y, self.vx, self.vy = (float(value) for value in state)
        self._target = (0.0, 0.0)

    def command(self, vx: float, vy: float) -> None:
        """Set the target [m/s], clipped to the top speed; raises InputError if not finite."""
        if not (math.isfinite(vx) and math.isfinite(vy)):
            raise InputError(f"human command ({vx}, {vy}): give a finite target velocity")
        speed = math.hypot(vx, vy)
        scale = min(1.0, self._spec.max_speed / speed) if speed > 0.0 else 1.0
        self._target = (scale * float(vx), scale * float(vy))

    def step(self) -> None:
        """Advance by one step."""
        ux, uy = self._target
        gap_before, _ = self._obstacles.clearance(self.x, self.y, self._spec.radius_m)
        self.x += ux * self._dt_s + (self.vx - ux) * self._glide_s
        self.y += uy * self._dt_s + (self.vy - uy) * self._glide_s
        self.vx = ux + (self.vx - ux) * self._decay
        self.vy = uy + (self.vy - uy) * self._decay
        self._keep_out(min(0.0, gap_before))

    def state(self) -> np.ndarray:
        """x, y, vx, vy: shape (4,) [m, m, m/s, m/s]."""
        return np.array((self.x, self.y, self.vx, self.vy))

    def _keep_out(self, allowed_gap: float) -> None:
        """Push back to `allowed_gap` [m] and drop the velocity into the obstacle."""
        gap, (nx, ny) = self._obstacles.clearance(self.x, self.y, self._spec.radius_m)
        if gap >= allowed_gap:
            return
        self.x += (allowed_gap - gap) * nx
        self.y += (allowed_gap - gap) * ny
        inwards = min(0.0, self.vx * nx + self.vy * ny)
        self.vx -= inwards * nx
        self.vy -= inwards * ny
