"""A map of cells that are occupied or not, and how far it is to the nearest occupied one.

Only the cells within reach are looked at, when it is asked for: exact to a cell's edge, a tenth of
a millisecond, and a new map costs nothing. A distance transform of all cells (0.6 s for 2000 x
2000) would hold up control whenever a map comes, and knows centres only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.control.offsets import nearest
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

MOST_CELLS = 4000
"""Along either side."""
INSIDE = 1e-9
"""Distance in cells that is told of the cell one is in, so that there is a direction to it."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of a map.

    occupied: (H, W) bool, rows along y, cell (0, 0) at the origin; resolution_m: of a cell [m]
    origin: x, y [m], yaw [rad] of the outer corner of cell (0, 0)
    """

    occupied: NDArray[np.bool_]
    resolution_m: float
    origin: tuple[float, float, float]

    @staticmethod
    def of(
        values: NDArray[np.int8],
        shape: tuple[int, int],
        resolution_m: float,
        origin: tuple[float, float, float],
        occupied_from: int = 65,
        unknown_is_free: bool = True,
    ) -> Grid | None:
        """The grid in values (H * W,), 0 to 100, below 0 unknown, row after row; shape: H, W.

        None of a map without cells, by which one is withdrawn. Raises InputError for a map that is
        too large, of another length than its shape, of no resolution, or nowhere.
        """
        height, width = shape
        if len(values) != height * width:
            raise InputError(
                f"map: {len(values)} cells, {width} x {height} = {width * height} were announced;"
                " check what publishes it"
            )
        if not len(values):
            return None
        if max(shape) > MOST_CELLS:
            raise InputError(
                f"map: {width} x {height} cells, at most {MOST_CELLS} x {MOST_CELLS}; use a local"
                " costmap or a coarser map"
            )
        if not 0.0 < resolution_m < math.inf:
            raise InputError(f"map: resolution is {resolution_m} m; check what publishes it")
        if not all(map(math.isfinite, origin)):
            raise InputError(f"map: origin is {origin}, not a pose; check what publishes it")
        occupied = values >= occupied_from
        if not unknown_is_free:
            occupied |= values < 0
        return Grid(occupied.reshape(shape), float(resolution_m), origin)

    def placed(self, x: float, y: float, yaw: float) -> Grid:
        """The same cells in the frame where the frame they are in is at x, y [m], yaw [rad]."""
        cos, sin = math.cos(yaw), math.sin(yaw)
        at_x, at_y, turn = self.origin
        origin = (x + cos * at_x - sin * at_y, y + sin * at_x + cos * at_y, yaw + turn)
        return replace(self, origin=origin)

    def seen_from(self, x: float, y: float, reach_m: float = math.inf) -> Array:
        """From x, y [m] to the nearest point of each occupied cell within reach_m: (N, 2) [m].

        Beyond the grid nothing is known of. Of the cell that x, y is in, the way to its centre.
        """
        at_x, at_y, yaw = self.origin
        cos, sin, size = math.cos(yaw), math.sin(yaw), self.resolution_m
        off_x, off_y = (x - at_x) / size, (y - at_y) / size
        place = np.array([cos * off_x + sin * off_y, cos * off_y - sin * off_x])
        height, width = self.occupied.shape
        columns, rows = (
            _within(float(p), reach_m / size, n)
            for p, n in zip(place, (width, height), strict=True)
        )
        found = np.argwhere(self.occupied[rows, columns])[:, ::-1]
        low = found + np.array([columns.start, rows.start]) - place  # to the cell's lower corner
        to = np.maximum(low, 0.0) + np.minimum(low + 1.0, 0.0)
        inside = np.hypot(to[:, 0], to[:, 1]) < INSIDE
        if inside.any():
            centre = low[inside] + 0.5
            length = np.hypot(centre[:, :1], centre[:, 1:])
            way = np.where(length > INSIDE, centre / np.maximum(length, INSIDE), [1.0, 0.0])
            to[inside] = INSIDE * way
        to = size * to[np.hypot(to[:, 0], to[:, 1]) <= reach_m / size]
        return np.asarray(to @ np.array([[cos, sin], [-sin, cos]]))

    def nearest(
        self, x: float, y: float, reach_m: float = math.inf
    ) -> tuple[float, tuple[float, float]]:
        """Distance [m] from x, y [m] to the nearest occupied cell, the unit vector towards it.

        inf where none is within reach_m.
        """
        return nearest(self.seen_from(x, y, reach_m))


def _within(place: float, reach: float, cells: int) -> slice:
    """The cells within reach of a place along one side, all in cells."""
    start = math.floor(min(max(place - reach, 0.0), cells))
    return slice(start, max(start, math.ceil(min(place + reach, cells))))
