"""Recordings as NavWareSet writes them: straight lines between the points, ten rows a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bisirl_ros.real_people.walks import SceneRecording

BEGIN_NS = 1_700_000_000_000_000_000


def write_navwareset(folder: Path, recorded: Sequence[SceneRecording]) -> None:
    """Into a folder for each scene; people are person_1, person_2, ... there."""
    for one in recorded:
        scene = folder / f"{one.scene}_scene"
        scene.mkdir(parents=True, exist_ok=True)
        assert one.of.robot is not None
        header = ["timestamp", "robot_x", "robot_y", "robot_yaw_rad"]
        columns = [one.of.robot[:, 1:]]
        for number, track in enumerate(one.of.people.values(), 1):
            header += [f"x{number}", f"y{number}"]
            lines = [np.interp(one.of.robot[:, 0], track[:, 0], xy) for xy in track[:, 1:].T]
            columns.append(np.stack(lines, -1))
        stamps = BEGIN_NS + np.round(one.of.robot[:, 0] * 1e9).astype(np.int64)
        rows = [
            ",".join([str(stamp), *(f"{value:.3f}" for value in row)])
            for stamp, row in zip(stamps, np.concatenate(columns, -1), strict=True)
        ]
        (scene / f"{one.of.name}.csv").write_text("\n".join([",".join(header), *rows]) + "\n")
