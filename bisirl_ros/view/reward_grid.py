"""The learned reward around each person as Foxglove's grids, in the frame that goes with them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.view.clock import Clock
from bisirl_ros.view.foxglove import Told, grid, pose
from bisirl_ros.view.scene import Around, Scene
from bisirl_ros.view.track import GAP_S, Track

CELL = np.dtype([(name, "u1") for name in ("red", "green", "blue", "alpha")] + [("loss", "<f4")])
LOSS, GAIN, STRONGEST = (213, 94, 0), (0, 114, 178), 0.6
"""Colours and the opacity of the worst, as on the page."""


def reward(shown: Scene, track: Track) -> Iterator[Told]:
    """On /bisirl/reward/NAME: what somebody loses by the robot here or there.

    Told with each update of the learner, and when they are seen again; empty once they are away.
    """
    if shown.around is None or not len(track):
        return
    clock, around = Clock(shown), shown.around
    topic, frame = f"/bisirl/reward/{track.name}", f"people/{track.name}"
    learned_s = [estimate.time_s for estimate in shown.estimates]
    for since_s, until_s in _seen(track):
        first, drawn = max(bisect_right(learned_s, since_s) - 1, 0), False
        for told_s, table in zip(learned_s[first:], around.tables[first:], strict=True):
            if told_s <= until_s and track.name in table:
                now, drawn = clock(max(told_s, since_s)), True
                cells = field(around, table[track.name])
                least = -around.step_m * cells.shape[1] / 2
                yield grid(now, topic, frame, pose(least, least), around.step_m, cells)
        if drawn and until_s + GAP_S < shown.duration_s:
            gone = clock(until_s + GAP_S)
            yield grid(gone, topic, frame, pose(0.0, 0.0), around.step_m, np.zeros((1, 1), CELL))


def field(around: Around, table: Array) -> Any:
    """(N, N) cells of `CELL`, N odd, somebody in the middle, their way to their goal along x."""
    reach = around.step_m * (table.shape[1] - 1)
    along = around.step_m * np.arange(-(table.shape[1] - 1), table.shape[1])
    x, y = np.meshgrid(along, along)
    far = np.hypot(x, y)
    sine = np.divide(y, far, out=np.zeros_like(far), where=far > 0)
    steps = around.step_m * np.arange(table.shape[1])
    even, sided = (np.interp(far, steps, row) for row in table)
    loss = np.where(far <= reach, even + sine * sided, 0.0)
    cells = np.zeros(loss.shape, CELL)
    for i, name in enumerate(("red", "green", "blue")):
        cells[name] = np.where(loss > 0, LOSS[i], GAIN[i])
    cells["alpha"] = 255 * STRONGEST * np.minimum(np.abs(loss) / around.worst, 1.0)
    cells["loss"] = loss
    return cells


def _seen(track: Track) -> list[tuple[float, float]]:
    """From when to when somebody was seen without being away [s]."""
    ends = np.flatnonzero(np.diff(track.time_s) > GAP_S)
    since = track.time_s[[0, *(ends + 1)]]
    until = track.time_s[[*ends, -1]]
    return list(zip(since.tolist(), until.tolist(), strict=True))
