"""All recordings of a folder, by scene, with what could not be read told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.reading import read_recording
from bisirl_ros.importing.recording import Recording
from bisirl_ros.real_people.walks import SceneRecording

TABLES: Final = (".csv", ".txt")


def recordings_in(
    folder: Path, kind: str, period_s: float, say: Callable[[str], None] = print
) -> list[SceneRecording]:
    """Every table below `folder`, of one kind (`importing.arguments.KINDS`).

    period_s: people who were located more often are taken about so often [s]
    A scene is a folder, or a table that lies in `folder` itself. A table that cannot be read is
    told in one line and left out; raises InputError where none is left, or they are of one scene.
    """
    files = sorted(file for end in TABLES for file in folder.rglob(f"*{end}"))
    if not files:
        raise InputError(f"{folder}: no {' or '.join(TABLES)} file in it; name a folder of tables")
    found, refused = [], 0
    for file in files:
        try:
            recording = read_recording(file, kind, ImportArguments())
        except InputError as error:
            say(f"left out: {' '.join(str(error).split())}")
            refused += 1
            continue
        found.append(SceneRecording(_scene(file, folder), file, thinned(recording, period_s)))
    if not found:
        raise InputError(f"{folder}: none of {len(files)} tables can be read as {kind}")
    if len({one.scene for one in found}) < 2:
        raise InputError(
            f"{folder}: all {len(found)} tables are of one scene ({found[0].scene}); a second is"
            " needed to be held out: put the tables of each scene into a folder of its own"
        )
    scenes = len({one.scene for one in found})
    say(f"{len(found)} recordings of {scenes} scenes" + f", {refused} left out" * bool(refused))
    return found


def _scene(file: Path, folder: Path) -> str:
    """The folder's name, its number alone where it begins with one; or the file's."""
    name = file.stem if file.parent == folder else file.parent.name
    number = re.match(r"\d+(?=_|$)", name)
    return number.group() if number else name


def thinned(recording: Recording, period_s: float) -> Recording:
    """With one of so many positions of everybody that they are about period_s [s] apart."""
    return replace(
        recording,
        people={name: _every(track, period_s) for name, track in recording.people.items()},
    )


def _every(track: Array, period_s: float) -> Array:
    if len(track) < 2:
        return track
    usual = float(np.median(np.diff(track[:, 0])))
    return track[:: max(1, round(period_s / usual))]
