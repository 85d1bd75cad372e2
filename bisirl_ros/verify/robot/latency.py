"""How long a pose takes to become a command, and how steadily commands come, while it learns.

A pose waits for the next control tick: at a random moment for half a period on average, for one at
most, evenly in between. What it takes beyond that is DDS's, the executor's and the policy's own.
Which pose a command rests on is seen in the command: odometry says in turn that the robot heads to
the left and to the right of its way, and each time the command begins to turn the other way. That
is told wrongly only where a pose takes longer than the next one comes later. The time of a pose is
that from when it was sent to the first command that rests on it or on a newer one.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.entry import require_ros
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bisirl_ros.verify.robot.stage import Stage

RATES_HZ = (20.0, 50.0)
LEARNERS = ("idle", "training")
PEOPLE = (1, 5)
CELL_S, QUICK_S, SETTLES_S = 30.0, 4.0, 2.0
BATCH_S = 1.5
HEADS_RAD, JITTER, LEAST_CHANGE = 0.35, 0.4, 1e-3
PERIOD_ERROR = {20.0: 0.1, 50.0: 0.2}
BEYOND_MS, BUSY = 10.0, 0.5
"""At most beyond the wait; at least of a core that a learner uses which trains all the time."""
QUANTILES = (0.5, 0.99, 1.0)
SHOWN = ("p50", "p99", "max")

Told = Sequence[tuple[float, float]]
"""When headings were sent [s], and which [rad]."""


def measure(setup: Setup, say: Say) -> Outcome:
    """Cell after cell: they keep time."""
    require_ros()
    cells = list(itertools.product(RATES_HZ, LEARNERS, PEOPLE))
    for_s = QUICK_S if setup.quick else CELL_S
    cells = [(20.0, "training", 1)] if setup.quick else cells
    wanted = {name_of(*cell): (*cell, for_s, setup.seed) for cell in cells}
    table: dict[str, dict[str, Any]] = {}
    for name, arguments in wanted.items():
        parts = replace(setup.parts, jobs=1)
        table |= parts.measure(of_cell, {name: arguments}, lambda line: None)
        say(f"{name:<28} {line_of(table[name])}")
    return judged(table, setup.seed, setup.quick)


def name_of(rate_hz: float, learner: str, people: int) -> str:
    """A cell in words."""
    return f"{rate_hz:g} Hz, {learner}, {people} {'person' if people == 1 else 'people'}"


def of_cell(rate_hz: float, learner: str, people: int, for_s: float, seed: int) -> dict[str, Any]:
    """One stage: its figures, times in ms."""
    from bisirl_ros.verify.robot.stage import Stage, StageSettings

    stay_on_one_core()
    training = learner == LEARNERS[1]
    given = {"control_rate": rate_hz, "seed": seed} | ({"batch_s": BATCH_S} if training else {})
    settings = StageSettings(given, people=people, jitter=JITTER)
    try:
        with tempfile.TemporaryDirectory() as folder, Stage(settings, Path(folder)) as stage:
            return of_stage(stage, rate_hz, training, for_s)
    except TimeoutError as error:
        return {"rate_hz": rate_hz, "training": training, "failed": str(error)}


def of_stage(stage: Stage, rate_hz: float, training: bool, for_s: float) -> dict[str, Any]:
    """Watch it for so long."""
    from bisirl_ros.verify.robot.program import cpu_s, waited_s

    rig = stage.rig
    heads = itertools.cycle((HEADS_RAD, -HEADS_RAD))
    rig.heading = lambda: next(heads)
    time.sleep(SETTLES_S)
    learners = rig.program.learners()
    began_s, used_s = time.time(), sum(map(cpu_s, learners))
    waited = waited_s(rig.program.pid)
    time.sleep(for_s)
    took = time.time() - began_s
    busy, waited = (sum(map(cpu_s, learners)) - used_s) / took, waited_s(rig.program.pid) - waited
    sent = [c for c in rig.commands if c.time_s >= began_s]
    times, turns = np.array([c.time_s for c in sent]), np.array([c.twist[2] for c in sent])
    took_ms = 1e3 * took_s(times, turns, [told for told in rig.headings if told[0] >= began_s])
    periods_ms, period_ms = 1e3 * np.diff(times), 1e3 / rate_hz
    latency = quantiles(took_ms)
    return {
        "rate_hz": rate_hz,
        "training": training,
        "busy": busy,
        "waited": waited / took,
        "poses": len(took_ms),
        "latency_ms": latency,
        "beyond_ms": {
            key: latency[key] - q * period_ms for key, q in zip(SHOWN, QUANTILES, strict=True)
        },
        "period_ms": quantiles(periods_ms),
        "period_error": quantiles(np.abs(periods_ms / period_ms - 1.0)),
        "late_ms": 1e3 * stage.late_s,
    }


def took_s(times: Array, turns: Array, told: Told) -> Array:
    """How long each pose took [s], those at the end that no command rests on left out.

    times: (N,) of the commands [s]; turns: (N,) their turn rates [rad/s]
    """
    sent, left = np.array([t for t, _ in told]), np.array([heading > 0.0 for _, heading in told])
    newest = np.full(len(times), -1)
    right_turn = None
    for k in range(1, len(times)):
        change = turns[k] - turns[k - 1]
        if abs(change) > LEAST_CHANGE:
            right_turn = change < 0.0
        if right_turn is None:
            continue
        possible = np.flatnonzero((sent < times[k]) & (left == right_turn))
        newest[k] = max(newest[k - 1], possible[-1] if len(possible) else -1)
    first = np.searchsorted(newest, np.arange(len(sent)))
    seen = (first < len(times)) & (first > 1)
    return np.asarray(times[first[seen]] - sent[seen])


def quantiles(values: Array) -> dict[str, float]:
    """p50, p99 and max."""
    found = np.quantile(values, QUANTILES)
    return dict(zip(SHOWN, map(float, found), strict=True))


def line_of(row: dict[str, Any]) -> str:
    """A cell in a line."""
    if "failed" in row:
        return str(row["failed"])
    latency, beyond, period = row["latency_ms"], row["beyond_ms"], row["period_ms"]
    return (
        f"pose to command p50 {latency['p50']:.1f}, p99 {latency['p99']:.1f} ms, beyond the wait"
        f" p99 {beyond['p99']:.1f}; period p50 {period['p50']:.1f}, p99 {period['p99']:.1f}, max"
        f" {period['max']:.1f}; learner busy {row['busy']:.0%}, node waited for a"
        f" core {row['waited']:.1%}"
    )


def missed(row: dict[str, Any]) -> list[str]:
    """Which bars a cell missed."""
    if "failed" in row:
        return [str(row["failed"])]
    found = []
    if row["period_error"]["p99"] > PERIOD_ERROR[row["rate_hz"]]:
        found.append(f"period error p99 {row['period_error']['p99']:.0%}")
    if row["beyond_ms"]["p99"] > BEYOND_MS:
        found.append(f"latency p99 {row['beyond_ms']['p99']:.1f} ms beyond the wait")
    if row["training"] and row["busy"] < BUSY:
        found.append(f"the learner trained for {row['busy']:.0%} of the time only")
    return found


def judged(table: dict[str, dict[str, Any]], seed: int, quick: bool) -> Outcome:
    """Quick: judged by having been measured at all."""
    wrong = [f"{name}: {', '.join(m)}" for name, row in table.items() if (m := missed(row))]
    bar = (
        f"p99 of a pose's time <= {BEYOND_MS:g} ms beyond the wait for its tick; p99 of the"
        " period's error <= 10 % at 20 Hz, 20 % at 50 Hz; training and not"
    )
    some = all(row.get("poses", 0) > 0 for row in table.values())
    note = "; ".join(wrong + ["quick: judged by being measured at all"] * quick)
    return Outcome({"cells": table}, [seed], None, bar, some if quick else not wrong, note)


def draw(outcome: Outcome, ax: Axes) -> None:
    """What poses take beyond the wait, and how far periods are off."""
    cells = {name: row for name, row in outcome.figures["cells"].items() if "failed" not in row}
    ax.barh(list(cells), [row["beyond_ms"]["p99"] for row in cells.values()], color="0.6")
    ax.axvline(BEYOND_MS, color="k", lw=0.8, ls=":")
    ax.tick_params(axis="y", labelsize=6)
    ax.set_xlabel("p99 beyond the wait for a tick [ms]", fontsize=8)


EXPERIMENT = Experiment("latency", "from a pose to a command, while it learns", measure, draw)
