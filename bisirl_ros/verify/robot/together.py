"""Pairs of faults drawn at random, put into a running node over DDS, a random time apart.

Two of the tracker, of the learner or of the clock spoil the same thing: such a pair is the later
one alone, and is not drawn. Measure it with nothing else running.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.entry import require_ros
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.robot.pairs import APART_S
from bisirl_ros.verify.robot.single import (
    RECOVERS_S,
    SETTLES_S,
    Row,
    failed,
    judged,
    line_of,
    summed,
    worst_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bisirl_ros.verify.robot.stage import Stage, StageSettings

PAIRS, QUICK_PAIRS = 50, 2
HIDDEN = "person too near"
BLIND = ("odometry silent", "clock paused")
"""Who does not know where it is cannot know who is near; it stops for that alone."""


@dataclass(frozen=True)
class Pair:
    """Names of two kinds in the order in which they are put in, and the stage that has both."""

    one: str
    other: str
    settings: StageSettings


def measure(setup: Setup, say: Say) -> Outcome:
    """PAIRS of all that can be, one after the other: they keep time."""
    require_ros()
    groups: list[list[Pair]] = []
    for pair in drawn(QUICK_PAIRS if setup.quick else PAIRS, setup.seed):
        group = next((of for of in groups if of[0].settings == pair.settings), None)
        if group is None:
            groups.append(group := [])
        group.append(pair)
    wanted = {str(number): (group, setup.seed) for number, group in enumerate(groups)}
    rows = replace(setup.parts, jobs=1).measure(of_group, wanted, lambda line: None)
    table = {name: row for part in rows.values() for name, row in part.items()}
    for name, row in table.items():
        say(f"{name:<44} {line_of(row)}")
    return judged(table, setup.seed, setup.quick)


def possible() -> list[Pair]:
    """All pairs of kinds that can be on one stage at once, and that leave a node behind."""
    from bisirl_ros.verify.robot import injected_clock, injected_learner, injected_tracker
    from bisirl_ros.verify.robot.kinds import KINDS
    from bisirl_ros.verify.robot.reactions import Reaction
    from bisirl_ros.verify.robot.stage import StageSettings

    found = []
    usual = {Reaction.DRIVE, Reaction.STOP, Reaction.LATCH}
    names = [n for n, kind in KINDS.items() if kind.reaction in usual and not kind.missing()]
    for one, other in itertools.combinations(names, 2):
        families = (injected_tracker, injected_learner, injected_clock)
        same = any({one, other} <= set(of.KINDS) for of in families)
        same |= KINDS[one].inject is KINDS[other].inject
        hosts = [KINDS[one].settings, KINDS[other].settings]
        special = [host for host in hosts if host != StageSettings()]
        if same or (len(special) == 2 and special[0] != special[1]):
            continue
        found.append(Pair(one, other, special[0] if special else StageSettings()))
    return found


def drawn(count: int, seed: int) -> list[Pair]:
    """So many of `possible`, each in a random order."""
    pairs, rng = possible(), np.random.default_rng(seed)
    chosen = [pairs[i] for i in rng.choice(len(pairs), count, replace=False)]
    turned = [replace(pair, one=pair.other, other=pair.one) for pair in chosen]
    return [pair if rng.random() < 0.5 else turn for pair, turn in zip(chosen, turned, strict=True)]


def of_group(pairs: Sequence[Pair], seed: int) -> dict[str, Row]:
    """What came of pairs on stages of the same kind, by name, as `single.of_kind`'s."""
    from bisirl_ros.verify.robot.stage import Stage

    stay_on_one_core()
    rng, table = np.random.default_rng(seed), dict[str, Row]()
    while len(table) < len(pairs):
        with tempfile.TemporaryDirectory() as folder:
            pair = pairs[len(table)]
            try:
                with Stage(pair.settings, Path(folder)) as stage:
                    for pair in pairs[len(table) :]:
                        row = repetition(stage, (pair.one, pair.other), rng)
                        table |= {name_of(pair): row_of(pair, row)}
                        if row["recovers_s"] is None:
                            break  # the next one begins with another node
            except (TimeoutError, ValueError) as error:
                table |= {name_of(pair): row_of(pair, failed(str(error)))}
    return table


def name_of(pair: Pair) -> str:
    """In the order in which they are put in."""
    return f"{pair.one} + {pair.other}"


def row_of(pair: Pair, row: Row) -> Row:
    """Of a single repetition."""
    return {"required": required(pair.one, pair.other).value, **summed([row])}


def repetition(stage: Stage, names: Sequence[str], rng: np.random.Generator) -> Row:
    """Drive, put both in, see what comes of it, take both away, see that it drives again."""
    from bisirl_ros.verify.robot.kinds import KINDS
    from bisirl_ros.verify.robot.reactions import watch

    rig, reaction = stage.rig, required(*names)
    streams, began = len(rig.streams) - 1, len(rig.commands)
    time.sleep(rng.uniform(*SETTLES_S))
    known: dict[str, float] = {}
    for name in names:
        known[name] = KINDS[name].inject(stage)
        if name == names[0]:
            time.sleep(rng.uniform(0.0, APART_S))
    by = [name for name in names if KINDS[name].reaction is reaction]
    first = min(by, key=lambda name: known[name] + KINDS[name].silence_s)
    seen = watch(stage, reaction, known[first], KINDS[first].silence_s)
    why, mended_s = seen.why, time.time()
    for name in rng.permutation(names):
        KINDS[str(name)].mend(stage)
    for resume in {resume for name in names if (resume := KINDS[name].resume)}:
        resume(stage)
    well_s = time.time()
    recovers_s = time.time() - well_s if rig.drives(RECOVERS_S) else None
    why = why or ("does not recover" if recovers_s is None else "")
    heard = [rig.streams[streams][began:], *rig.streams[streams + 1 :]]
    told = {
        reason for at_s, reason in rig.whys if min(known.values()) <= at_s < mended_s and reason
    }
    return {"took_s": seen.took_s, "most_s": seen.most_s, "why": why, "told": sorted(told),
            "worst": worst_of(heard, stage), "recovers_s": recovers_s,
            "late_s": stage.late_s}  # fmt: skip


def required(one: str, other: str) -> Any:
    """The stronger reaction of two, as far as the robot can know of them."""
    from bisirl_ros.verify.robot.kinds import KINDS
    from bisirl_ros.verify.robot.reactions import Reaction

    stronger = [Reaction.DRIVE, Reaction.STOP, Reaction.LATCH]
    names = [n for n in (one, other) if not (n == HIDDEN and {one, other} & set(BLIND))]
    return max((KINDS[name].reaction for name in names), key=stronger.index)


def draw(outcome: Outcome, ax: Axes) -> None:
    """The time of each reaction, in shares of its bar."""
    rows = [r for r in outcome.figures["kinds"].values() if r.get("worst_s") is not None]
    shares = [row["worst_s"] / max(row["most_s"], 1e-9) for row in rows]
    ax.hist(shares, bins=20, color="0.6")
    ax.axvline(1.0, color="k", lw=0.8, ls=":")
    ax.set_xlabel("time to the reaction, share of its bar", fontsize=8)
    ax.set_ylabel("pairs", fontsize=8)


EXPERIMENT = Experiment("together", "drawn pairs of faults, over DDS", measure, draw)
