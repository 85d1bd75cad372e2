"""Clearance between a disc and the static obstacles of a scenario."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bisirl_ros.crowd.scenario import ObstacleSpec

Vector = tuple[float, float]


class Obstacles:
    """The static obstacles of a scenario, seen from above; a cylinder's diameter is size[0]."""

    def __init__(self, specs: Sequence[ObstacleSpec]) -> None:
        self._specs = tuple(specs)

    def clearance(self, x: float, y: float, radius_m: float) -> tuple[float, Vector]:
        """Signed gap between a disc and the nearest obstacle, and the direction away from it.

        x, y: centre of the disc [m]; radius_m: its radius [m].
        Returns (gap [m], negative inside; unit normal (2,)); (inf, (0, 0)) in an empty room.
        """
        best: tuple[float, Vector] = (math.inf, (0.0, 0.0))
        for spec in self._specs:
            distance = _box if spec.shape == "box" else _cylinder
            gap, normal = distance(spec, x - spec.center[0], y - spec.center[1])
            if gap - radius_m < best[0]:
                best = (gap - radius_m, normal)
        return best


def _cylinder(spec: ObstacleSpec, dx: float, dy: float) -> tuple[float, Vector]:
    reach = math.hypot(dx, dy)
    normal = (dx / reach, dy / reach) if reach > 0.0 else (1.0, 0.0)
    return reach - spec.size[0] / 2.0, normal


def _box(spec: ObstacleSpec, dx: float, dy: float) -> tuple[float, Vector]:
    out_x, out_y = abs(dx) - spec.size[0] / 2.0, abs(dy) - spec.size[1] / 2.0
    if out_x > 0.0 and out_y > 0.0:
        gap = math.hypot(out_x, out_y)
        return gap, (math.copysign(out_x / gap, dx), math.copysign(out_y / gap, dy))
    if out_x > out_y:
        return out_x, (math.copysign(1.0, dx), 0.0)
    return out_y, (0.0, math.copysign(1.0, dy))
