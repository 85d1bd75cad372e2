"""Positions that a tracker did not find anew, but sent again."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.io.table import held
from bisirl_ros.io.units import WALKING_SPEED


def found_anew(people: dict[str, Array]) -> tuple[dict[str, Array], int]:
    """Tracks (N, 3) without repetitions, and how many those were.

    Where positions are held while walking, those of somebody who stands count as often as others.
    """
    kept, again = dict[str, Array](), 0
    for name, track in people.items():
        same = held(track[:, 0], track[:, 1:3])
        if same.any():
            new = np.flatnonzero(~same)
            moved = np.linalg.norm(np.diff(track[new, 1:3], axis=0), axis=-1)
            walked = moved >= WALKING_SPEED * np.diff(track[new, 0])
            often = int(np.median(np.diff(new)[walked]))
            since = np.arange(len(same)) - np.maximum.accumulate(
                np.where(same, 0, np.arange(len(same)))
            )
            same &= since % often != 0
            again += int(same.sum())
        kept[name] = track[~same]
    return kept, again
