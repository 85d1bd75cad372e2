"""Constant velocity on the windows of published tables, to know that these are read rightly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.reading import read_recording
from bisirl_ros.real_people.windows import STEP_S, constant_velocity, resampled, windows_of
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ETH_UCY, NAVWARESET = "eth_ucy", "navwareset"
TABLES = {
    "eth": ("biwi_eth",),
    "hotel": ("biwi_hotel",),
    "univ": ("students001", "students003"),
    "zara1": ("crowds_zara01",),
    "zara2": ("crowds_zara02",),
}
PUBLISHED = {
    "eth": (1.075, 2.282),
    "hotel": (0.319, 0.614),
    "univ": (0.524, 1.165),
    "zara1": (0.427, 0.952),
    "zara2": (0.324, 0.724),
    "navwareset": (0.649, 1.469),
}
OFF_M = 0.001
BAR = f"ADE and FDE of constant velocity as published, within {OFF_M} m (and half a last digit)"


def measure(setup: Setup, say: Say) -> Outcome:
    """All tables that are there; navwareset: the located points, on lines between."""
    if setup.data is None or not all((setup.data / of).is_dir() for of in (ETH_UCY, NAVWARESET)):
        return Outcome({}, [], None, BAR, None, f"no {ETH_UCY}/ or no {NAVWARESET}/ in --data")
    figures, missed = {}, []
    for name, (ade, fde) in PUBLISHED.items():
        windows = _navwareset(setup.data) if name == NAVWARESET else _tables(setup.data, name)
        found = constant_velocity(windows)
        figures[name] = found._asdict()
        say(f"{name:10s} {found.mean_m:.4f} {found.final_m:.4f} m, {found.windows} windows")
        off = max(abs(found.mean_m - ade), abs(found.final_m - fde))
        if off > OFF_M + 0.0005:
            missed.append(f"{name}: {found.mean_m:.4f}, {found.final_m:.4f}, not {ade}, {fde}")
    return Outcome(figures, [], None, BAR, not missed, "; ".join(missed))


def _tables(data: Path, name: str) -> Array:
    """Windows of one scene's tables: (W, 20, 2)."""
    files = [data / ETH_UCY / f"{stem}.txt" for stem in TABLES[name]]
    return _windows([(file, ETH_UCY) for file in files])


def _navwareset(data: Path) -> Array:
    """Windows of all people: (W, 20, 2)."""
    return _windows([(f, NAVWARESET) for f in sorted((data / NAVWARESET).glob("*/*.csv"))])


def _windows(files: Sequence[tuple[Path, str]]) -> Array:
    found = []
    for file, kind in files:
        for track in read_recording(file, kind, ImportArguments()).people.values():
            even = resampled(track) if kind == NAVWARESET else track
            found.append(windows_of(even, STEP_S))
    return np.concatenate(found)


def draw(outcome: Outcome, ax: Axes) -> None:
    """Final errors, beside those published."""
    names = list(outcome.figures)
    ax.bar(names, [outcome.figures[name]["final_m"] for name in names], color="0.7")
    ax.plot(names, [PUBLISHED[name][1] for name in names], "k_", ms=14)
    ax.set_ylabel("FDE [m]; lines: published", fontsize=8)


EXPERIMENT = Experiment("constant_velocity", "constant velocity, as published", measure, draw)
