"""Identities of recorded people who are detected without any, against nearest neighbours.

White noise is added to where they are, and detections are lost at random; nothing is told of the
noise, and all settings are the package's. See `tracking_recorded` for the people and the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.report.plot_style import GREY, ROBOT
from bisirl_ros.tracking.people.identities import Identities
from bisirl_ros.tracking.people.settings import IdentitySettings
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.robot.tracking_recorded import Naive, Names, detected, read_frames, scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = Path("eth_ucy", "original")
FRAMES_A_SECOND = {"eth": 15.0, "hotel": 25.0}
RATES_HZ, NOISES_M, DROPOUTS = (10.0, 2.5), (0.05, 0.1), (0.0, 0.2)
SEEDS, QUICK_S = 3, 45.0
MAX_SPEED = 1.8
NAIVE_M = (0.5, 1.0)
"""Furthest from one detection to the next; of these the better one in each cell is the rival."""
OURS = "identities"


def measure(setup: Setup, say: Say) -> Outcome:
    """Both ways on the same detections, by rate, noise and dropout."""
    few = "no more" if setup.quick else "fewer"
    bar = f"{few} identity switches than nearest neighbours, errors no larger, in every cell"
    folder = None if setup.data is None else setup.data / FOLDER
    if folder is None or not folder.is_dir():
        place = "no folder with outside data" if folder is None else f"{folder} is not there"
        note = f"{place}; point --data to the folder that holds {FOLDER}"
        return Outcome({}, [], None, bar, None, note)
    seeds, most_s = setup.seeds(SEEDS, 1), QUICK_S if setup.quick else np.inf
    cells = [(r, n, d) for r in RATES_HZ for n in NOISES_M for d in DROPOUTS]
    pairs = [(sequence, seed) for sequence in FRAMES_A_SECOND for seed in seeds]
    wanted = {
        f"{_named(*cell)}, {sequence}, seed {seed}": (folder, sequence, *cell, seed, most_s)
        for cell in cells
        for sequence, seed in pairs
    }
    rows = setup.parts.measure(_compared, wanted, say)
    table = {
        _named(*cell): _judged(
            [rows[f"{_named(*cell)}, {sequence}, seed {seed}"] for sequence, seed in pairs]
        )
        for cell in cells
    }
    missed = []
    for name, cell in table.items():
        say(f"{name:<24} {_told(cell)}")
        more = cell["switches"] - cell["naive"]["switches"]
        if more > 0 or (more == 0 and not setup.quick):
            missed.append(f"{name}: {cell['switches']} switches, {cell['naive']['switches']} naive")
        if cell["rmse_m"] > cell["naive"]["rmse_m"]:
            missed.append(f"{name}: error {cell['rmse_m']:.3f} m")
    fewer = {name: cell["difference_interval"] for name, cell in table.items()}
    figures = {"cells": table, "missed": missed}
    return Outcome(figures, seeds, fewer, bar, not missed, "; ".join(missed))


def draw(outcome: Outcome, ax: Axes) -> None:
    """Switches per person-minute of each cell, by either way."""
    table = outcome.figures["cells"]
    place = np.arange(len(table))
    for shift, colour, label in ((-0.2, ROBOT, "identities"), (0.2, GREY, "nearest neighbours")):
        cells = [cell if label == OURS else cell["naive"] for cell in table.values()]
        rates = [cell["switches_per_minute"] for cell in cells]
        ax.barh(place + shift, rates, 0.4, color=colour, label=label)
    ax.set_yticks(place, list(table))
    ax.tick_params(labelsize=6)
    ax.set_xlabel("identity switches per person and minute", fontsize=8)


def _named(rate_hz: float, noise_m: float, dropout: float) -> str:
    return f"{rate_hz:g} Hz, {noise_m:g} m, {dropout:.0%} lost"


def _compared(
    folder: Path,
    sequence: str,
    rate_hz: float,
    noise_m: float,
    dropout: float,
    seed: int,
    most_s: float,
) -> dict[str, Any]:
    """Each way on the same detections; errors where every way gave an identity."""
    path = folder / f"seq_{sequence}_obsmat.txt"
    frames = read_frames(path, FRAMES_A_SECOND[sequence], rate_hz)
    frames = [frame for frame in frames if frame[0] - frames[0][0] <= most_s]
    seen = detected(frames, noise_m, dropout, seed)
    settings = IdentitySettings()
    ways: dict[str, Names] = {OURS: Identities(settings, MAX_SPEED)}
    ways.update({f"naive {m:g} m": Naive(m, settings.forget_s) for m in NAIVE_M})
    rows = {name: scored(way, frames, seen) for name, way in ways.items()}
    errors = {name: row.pop("errors") for name, row in rows.items()}
    every: NDArray[np.bool_] = np.isfinite(np.array(list(errors.values()))).all(axis=0)
    for name, row in rows.items():
        row["squared_error"] = float(np.square(errors[name][every]).sum())
    return {
        "ways": rows,
        "errors": int(every.sum()),
        "detections": len(every),
        "people": len({person for _, who, _ in seen for person in who}),
        "minutes": sum(len(who) for _, who, _ in frames) / rate_hz / 60.0,
    }


def _judged(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums of one cell: of the identities, and of the naive way that switches least in it."""
    naive = min(
        (f"naive {m:g} m" for m in NAIVE_M),
        key=lambda way: sum(row["ways"][way]["switches"] for row in rows),
    )
    minutes = np.array([row["minutes"] for row in rows])
    switches = [[row["ways"][way]["switches"] for row in rows] for way in (OURS, naive)]
    difference = (np.array(switches[0]) - switches[1]) / minutes
    told = {key: sum(row[key] for row in rows) for key in ("detections", "people")}
    return {
        **_summed(rows, OURS),
        "naive": {"way": naive, **_summed(rows, naive)},
        "difference_interval": bootstrap_mean(difference),
        "minutes": float(minutes.sum()),
        **told,
    }


def _summed(rows: Sequence[dict[str, Any]], way: str) -> dict[str, Any]:
    """Of one way; mota: 1 - (misses + switches) / detections, as none is of nobody."""
    keys = ("switches", "misses", "identities", "several")
    sums: dict[str, Any] = {key: sum(row["ways"][way][key] for row in rows) for key in keys}
    detections = sum(row["detections"] for row in rows)
    squared = sum(row["ways"][way]["squared_error"] for row in rows)
    sums["switches_per_minute"] = sums["switches"] / sum(row["minutes"] for row in rows)
    sums["mota"] = 1.0 - (sums["misses"] + sums["switches"]) / detections
    sums["rmse_m"] = float(np.sqrt(squared / sum(row["errors"] for row in rows)))
    return sums


def _told(cell: dict[str, Any]) -> str:
    naive = cell["naive"]
    return (
        f"switches {cell['switches']:4d} ({naive['switches']:5d} {naive['way']})"
        f"  error {cell['rmse_m']:.3f} m ({naive['rmse_m']:.3f})"
        f"  missed {cell['misses'] / cell['detections']:.1%}"
    )


EXPERIMENT = Experiment("tracking", "identities of people detected without any", measure, draw)
