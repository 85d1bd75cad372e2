"""Tables of the form that tests of their readers share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

ONE = "timestamp,x,y,column,robot_x,robot_y,robot_yaw_rad"
MANY = "timestamp,robot_x,robot_y,robot_yaw_rad,x1,y1,x2,y2"


def seconds(length_s: float = 10.0, jitter_s: float = 0.0) -> np.ndarray:
    """About 10 Hz, unevenly with jitter."""
    t = np.arange(0.0, length_s, 0.1)
    return t + np.random.default_rng(0).uniform(-jitter_s, jitter_s, len(t))


def table(path: Path, t: np.ndarray, person: np.ndarray, robot: np.ndarray) -> Path:
    """A table of the first layout; person (N, 2), robot (N, 3)."""
    stamps = np.round(1.7e18 + t * 1e9).astype(np.int64)
    lines = [
        f"{s},{h[0]!r},{h[1]!r},1,{r[0]!r},{r[1]!r},{r[2]!r}"
        for s, h, r in zip(stamps, person.tolist(), robot.tolist(), strict=True)
    ]
    path.write_text("\n".join([ONE, *lines]) + "\n")
    return path


def walk(t: np.ndarray, vx: float = 0.9, vy: float = -0.3) -> tuple[np.ndarray, np.ndarray]:
    """A straight walk, and a robot that reverses along its own heading across the yaw's seam."""
    person = np.stack([1.0 + vx * t, 2.0 + vy * t], -1)
    yaw = 3.1 + 0.0 * t
    robot = np.stack([5.0 - 0.4 * t * np.cos(yaw), -0.4 * t * np.sin(yaw), yaw], -1)
    return person, robot


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def cell(column: str, value: str, rows: slice = slice(None)) -> Callable[[str], str]:
    """Puts `value` in a column of some rows of a table of the first layout."""

    def spoil(text: str) -> str:
        header, *lines = [line.split(",") for line in text.splitlines()]
        for line in lines[rows]:
            line[header.index(column)] = value
        return "\n".join(",".join(line) for line in [header, *lines])

    return spoil
