"""Every single fault, put into a running node over DDS at a random moment, again and again.

What is required is that of `control.faults.TABLE`; what a tracker says that is odd but can be told
from what is not keeps nobody from driving. A silence can be known once its timeout has passed.
Snapshots come from a stand-in for the learner's process; a full disk is a limit on what the learner
may write to a file. Measure it with nothing else running.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.entry import require_ros
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bisirl_ros.verify.robot.injected import Kind
    from bisirl_ros.verify.robot.stage import Stage

REPEATED, QUICK_REPEATED = 20, 3
QUICK = ("tracker silent", "goal withdrawn", "clock jumps back")
SETTLES_S = (0.2, 0.7)
"""It drives for so long before the fault: a random phase of every period in it [s]."""
RECOVERS_S = 5.0
BAR = (
    "each required reaction within stop_time_s + 2 periods after its fault can be known, or never a"
    " gap of more than a period + 0.1 s where it drives on; no command beyond a limit; all recover"
)

Row = dict[str, Any]
"""Of a repetition: took_s, most_s, why (what was wrong), told (what held it back, as it says),
worst, recovers_s, late_s."""


def measure(setup: Setup, say: Say) -> Outcome:
    """All kinds, one after the other: they keep time."""
    require_ros()
    from bisirl_ros.verify.robot.kinds import KINDS

    names = QUICK if setup.quick else tuple(KINDS)
    count = QUICK_REPEATED if setup.quick else REPEATED
    return judged(of_names(names, count, setup, say), setup.seed, setup.quick)


def of_names(names: Sequence[str], count: int, setup: Setup, say: Say) -> dict[str, Row]:
    """What came of some kinds, `count` repetitions each, by name."""
    wanted = {name: (name, count, setup.seed) for name in names}
    parts = replace(setup.parts, jobs=1)
    table: dict[str, Row] = {}
    for name, arguments in wanted.items():
        table |= parts.measure(of_kind, {name: arguments}, lambda line: None)
        say(f"{name:<26} {line_of(table[name])}")
    return table


def of_kind(name: str, count: int, seed: int) -> Row:
    """A kind of fault, `count` times; see `summed`."""
    from bisirl_ros.verify.robot.kinds import KINDS
    from bisirl_ros.verify.robot.stage import Stage

    stay_on_one_core()
    kind = KINDS[name]
    if missing := kind.missing():
        return {"required": kind.reaction.value, "missing": missing}
    rng = np.random.default_rng([seed, list(KINDS).index(name)])
    rows: list[Row] = []
    while len(rows) < count:
        with tempfile.TemporaryDirectory() as folder:
            try:
                with Stage(kind.settings, Path(folder)) as stage:
                    while len(rows) < count:
                        rows.append(repetition(stage, kind, rng))
                        if rows[-1]["recovers_s"] is None:
                            break  # the next one begins with another node
            except (TimeoutError, ValueError) as error:
                rows.append(failed(str(error)))
    return {"required": kind.reaction.value, **summed(rows)}


def repetition(stage: Stage, kind: Kind, rng: np.random.Generator) -> Row:
    """Drive, put the fault in, see what comes of it, take it away, see that it drives again."""
    from bisirl_ros.verify.robot.reactions import Reaction, watch

    rig = stage.rig
    streams, began = len(rig.streams) - 1, len(rig.commands)
    time.sleep(rng.uniform(*SETTLES_S))
    known_s = kind.inject(stage)
    seen = watch(stage, kind.reaction, known_s, kind.silence_s)
    why = seen.why or kind.meanwhile(stage, known_s)
    mended_s = time.time()
    kind.mend(stage)
    if kind.reaction is Reaction.LATCH:
        why = why or stays(stage)
    if kind.resume is not None:
        kind.resume(stage)
    well_s = time.time()
    recovers_s = time.time() - well_s if rig.drives(RECOVERS_S) else None
    why = why or ("does not recover" if recovers_s is None else kind.mended(stage, mended_s))
    heard = [rig.streams[streams][began:], *rig.streams[streams + 1 :]]
    told = {reason for at_s, reason in rig.whys if known_s <= at_s < mended_s and reason}
    return {**asdict(seen), "why": why, "told": sorted(told), "worst": worst_of(heard, stage),
            "recovers_s": recovers_s, "late_s": stage.late_s}  # fmt: skip


def stays(stage: Stage) -> str:
    """Whether a robot whose fault has gone waits to be told."""
    from bisirl_ros.verify.robot.reactions import LATCHED_S

    began = len(stage.rig.commands)
    time.sleep(LATCHED_S)
    still = all(sent.stands for sent in stage.rig.commands[began:])
    return "" if still else "goes on by itself"


def worst_of(heard: Sequence[Sequence[Any]], stage: Stage) -> dict[str, float]:
    """The worst command of several streams, in shares of what is allowed."""
    from bisirl_ros.verify.robot.commands import worst

    each = [worst(stream, stage.limits) for stream in heard]
    return {key: max(one[key] for one in each) for key in each[0]}


def failed(why: str) -> Row:
    """A repetition that could not be made."""
    none = dict.fromkeys(("speed", "turn", "drive", "change"), 0.0)
    return {"took_s": None, "most_s": 0.0, "why": why, "told": [], "worst": none,
            "recovers_s": None, "late_s": 0.0}  # fmt: skip


def summed(rows: Sequence[Row]) -> Row:
    """Worst time, its bar, worst command, what was wrong, and whether the kind holds."""
    from bisirl_ros.verify.robot.commands import within

    worst = {key: max(row["worst"][key] for row in rows) for key in rows[0]["worst"]}
    wrong = sorted({row["why"] for row in rows if row["why"]})
    return {
        "repetitions": len(rows),
        "worst_s": max((row["took_s"] for row in rows if row["took_s"] is not None), default=None),
        "most_s": max(row["most_s"] for row in rows),
        "recovers_s": max((r["recovers_s"] for r in rows if r["recovers_s"]), default=None),
        "worst": worst,
        "late_s": max(row["late_s"] for row in rows),
        "told": sorted({reason for row in rows for reason in row["told"]}),
        "wrong": wrong,
        "failed": sum(bool(row["why"]) for row in rows),
        "holds": not wrong and within(worst),
    }


def line_of(row: Row) -> str:
    """A kind in a line."""
    if "missing" in row:
        return f"not measured: {row['missing']}"
    took = "never" if row["worst_s"] is None else f"{row['worst_s']:.2f} s"
    beyond = max(row["worst"].values())
    told = f"{row['required']}: {took} (bar {row['most_s']:.2f}), worst command {beyond:.2f}"
    why = f"; {row['failed']} of {row['repetitions']}: {row['wrong'][0]}" if row["wrong"] else ""
    return f"{told}{why}"


def judged(table: dict[str, Row], seed: int, quick: bool) -> Outcome:
    """What cannot be measured here is neither held nor missed."""
    known = {name: row for name, row in table.items() if "missing" not in row}
    missed = [name for name, row in known.items() if not row["holds"]]
    notes = [f"{name}: not measured" for name in table if name not in known]
    late_s = max((row["late_s"] for row in known.values()), default=0.0)
    notes += [f"missed: {', '.join(missed)}"] * bool(missed)
    notes += [f"the stage itself was up to {late_s:.2f} s late"] * bool(late_s > 0.1)
    return Outcome({"kinds": table}, [seed], None, BAR, not missed, "; ".join(notes))


def draw(outcome: Outcome, ax: Axes) -> None:
    """The time of each reaction, in shares of its bar."""
    known = {n: r for n, r in outcome.figures["kinds"].items() if r.get("worst_s") is not None}
    shares = [row["worst_s"] / max(row["most_s"], 1e-9) for row in known.values()]
    colours = ["0.6" if row["holds"] else "0.2" for row in known.values()]
    ax.barh(list(known), np.minimum(shares, 2.0), color=colours)
    ax.axvline(1.0, color="k", lw=0.8, ls=":")
    ax.tick_params(axis="y", labelsize=4)
    ax.set_xlabel("worst time, share of its bar", fontsize=8)


EXPERIMENT = Experiment("single", "every single fault, over DDS", measure, draw)
