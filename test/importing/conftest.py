"""A walk past a robot, as rows and as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.reading import read_recording
from bisirl_ros.importing.recording import Recording

HEADER = ("timestamp", "x", "y", "column", "robot_x", "robot_y", "robot_yaw_rad")
BEGIN_NS = 1_700_000_000_000_000_000


@pytest.fixture
def walk() -> list[list[Any]]:
    """14 s at 10 Hz: a smooth walk, of which each row was observed, and a robot."""
    rows: list[list[Any]] = []
    for k in range(140):
        t = 0.1 * k
        x, y = round(0.15 * math.sin(0.8 * t), 2), round(-6.0 + 1.15 * t, 2)
        rows.append([BEGIN_NS + k * 10**8, x, y, 1, round(-4.0 + 0.6 * t, 3), 0.1, 0.02])
    return rows


@pytest.fixture
def text() -> Callable[..., str]:
    """Rows as a table."""

    def table(
        rows: list[list[Any]], header: tuple[str, ...] = HEADER, mark: str = ",", end: str = "\n"
    ) -> str:
        return "".join(mark.join(map(str, row)) + end for row in [header, *rows])

    return table


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Recording]:
    """A table as a recording: its text, its kind, and what is told of it."""

    def recording(table: str | bytes, kind: str = "navwareset", **told: Any) -> Recording:
        path = tmp_path / "walk.csv"
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
        return read_recording(path, kind, ImportArguments(**told))

    return recording
