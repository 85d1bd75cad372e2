"""When something of a scene was, as messages are stamped."""

from __future__ import annotations

from bisirl_ros.view.scene import Scene


class Clock:
    """Nanoseconds since 1970, or since the scene's beginning where that is not known."""

    def __init__(self, scene: Scene) -> None:
        self._start_ns = round((scene.began_s or 0.0) * 1e9)

    def __call__(self, time_s: float) -> int:
        """Of a time of the scene [s], to the microsecond."""
        return self._start_ns + 1000 * round(float(time_s) * 1e6)
