"""How many times as noisy detections are as they are said to be."""

from __future__ import annotations

import collections
from collections.abc import Collection

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.noise import KEPT, LEAST, OF_NORMAL, third_difference

MOST_SPAN_S = 2.0
"""In so short a time the change of acceleration of who walks is small beside the noise."""
MOST_TIMES = 5.0
MOST_STREAMS = 20
"""More people at once tell no more of the same detector."""


class Understated:
    """Learns from third differences of each identity's detections, as `noise.WhiteNoise` does.

    Who believes in too little noise takes one person's detections for several people's.

    times: at least 1, which it is while too little was seen; at most MOST_TIMES
    """

    def __init__(self) -> None:
        self.times = 1.0
        self._last: dict[str, collections.deque[tuple[float, Array]]] = {}
        self._seen: collections.deque[float] = collections.deque(maxlen=KEPT)
        self._new = 0

    def push(self, identity: str, time_s: float, position: Array, std_m: float) -> None:
        """A detection (2,) of somebody, later than their last; std_m: said of it, per axis [m]."""
        if identity not in self._last and len(self._last) >= MOST_STREAMS:
            return
        last = self._last.setdefault(identity, collections.deque(maxlen=4))
        last.append((time_s, position))
        if len(last) < 4 or time_s - last[0][0] > MOST_SPAN_S:
            return
        weights = third_difference(np.array([t for t, _ in last]))
        apart = weights @ np.array([p for _, p in last])
        self._seen.extend((np.abs(apart) / std_m).tolist())
        self._new += 2
        if self._new >= LEAST:
            self._new = 0
            found = float(np.median(self._seen)) / OF_NORMAL
            self.times = min(max(found, 1.0), MOST_TIMES)

    def keep(self, identities: Collection[str]) -> None:
        """Of all others, forget where they were; what was learned from them stays."""
        self._last = {name: last for name, last in self._last.items() if name in identities}
