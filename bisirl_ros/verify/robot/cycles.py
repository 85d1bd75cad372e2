"""A hundred times configured, activated, deactivated and cleaned up: nothing is left of any time.

Each time it drives before it is deactivated, and its learner has ended once it is cleaned up. What
the node holds then is compared with what it held after the tenth time, when all is imported and
every pool is filled.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bisirl_ros.entry import require_ros
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.robot.program import handles, memory_mib, until

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bisirl_ros.verify.robot.stage import Stage

CYCLES, SETTLED = 100, 10
QUICK_CYCLES, QUICK_SETTLED = 3, 1
GROWTH, QUICK_GROWTH = 0.05, 0.25
DRIVES_S, ENDS_S = 60.0, 5.0
BATCH_S = 5.0
"""Nobody tells of episodes: they are cut by time."""

Row = dict[str, Any]
"""After a cycle: memory_mib, files, threads of the node, how many learners are left; or failed, why
it did not come around."""


def measure(setup: Setup, say: Say) -> Outcome:
    """One node."""
    require_ros()
    wanted = {"run": (QUICK_CYCLES if setup.quick else CYCLES, setup.seed)}
    parts = replace(setup.parts, jobs=1)
    rows = parts.measure(cycled, wanted, lambda line: None)["run"]
    found = judged(rows, setup.seed, setup.quick)
    say(", ".join(f"{key} {value}" for key, value in found.figures.items() if key != "rows"))
    return found


def cycled(count: int, seed: int) -> list[Row]:
    """What the node holds after each cycle."""
    from bisirl_ros.verify.robot.stage import Stage, StageSettings

    given = {"autostart": False, "batch_s": BATCH_S, "seed": seed}
    with (
        tempfile.TemporaryDirectory() as folder,
        Stage(StageSettings(given), Path(folder)) as stage,
    ):
        rows: list[Row] = []
        while len(rows) < count and not (rows and "failed" in rows[-1]):
            rows.append(cycle_or_why_not(stage))
        return rows


def cycle_or_why_not(stage: Stage) -> Row:
    """Around once; or why not."""
    try:
        return cycle(stage)
    except TimeoutError as error:
        lines = [line for line in stage.rig.program.complaints.splitlines() if line]
        ended = "" if stage.rig.program.alive else f"; the node has ended: {lines[-1:]}"
        return {"failed": f"{error}{ended}"}


def cycle(stage: Stage) -> Row:
    """Around once; raises TimeoutError where it does not drive, stand, or change its state."""
    from lifecycle_msgs.msg import Transition

    rig = stage.rig
    for one in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        change(stage, one)
    if not rig.sets_off(stage.scenario.starts.robot.goal, DRIVES_S):
        raise TimeoutError("cycles: an active node does not drive")
    change(stage, Transition.TRANSITION_DEACTIVATE)
    if not until(lambda: rig.commands[-1].stands, ENDS_S):
        raise TimeoutError("cycles: a node that is deactivated does not stand")
    change(stage, Transition.TRANSITION_CLEANUP)
    until(lambda: not rig.program.learners(), ENDS_S, 0.1)
    files, threads = handles(rig.program.pid)
    memory = memory_mib(rig.program.pid)
    return {
        "memory_mib": memory,
        "files": files,
        "threads": threads,
        "learners": len(rig.program.learners()),
    }


def change(stage: Stage, transition: int) -> None:
    """Ask for a lifecycle transition; raises TimeoutError where it fails."""
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState

    asked = Transition(id=transition)
    if not stage.rig.ask(ChangeState, "change_state", transition=asked).success:
        raise TimeoutError(f"cycles: transition {transition} failed")


def judged(rows: Sequence[Row], seed: int, quick: bool) -> Outcome:
    """The last against those after the first ones."""
    settled = QUICK_SETTLED if quick else SETTLED
    most = QUICK_GROWTH if quick else GROWTH
    bar = (
        f"after the first {settled}: memory grows by < {most:.0%}, as many files and threads, no"
        " learner left"
    )
    if "failed" in rows[-1]:
        why = f"cycle {len(rows)}: {rows[-1]['failed']}"
        return Outcome({"rows": list(rows[:-1])}, [seed], None, bar, False, why)
    first, last = rows[settled - 1], rows[-1]
    growth = last["memory_mib"] / first["memory_mib"] - 1.0
    same = {key: [first[key], last[key]] for key in ("files", "threads")}
    learners = max(row["learners"] for row in rows)
    equal = all(before == after for before, after in same.values())
    figures = {"cycles": len(rows), "growth": round(growth, 4), **same, "learners left": learners}
    holds = growth < most and equal and learners == 0
    return Outcome({**figures, "rows": list(rows)}, [seed], None, bar, holds)


def draw(outcome: Outcome, ax: Axes) -> None:
    """Memory after each cycle."""
    ax.plot([row["memory_mib"] for row in outcome.figures["rows"]], color="0.4")
    ax.set_xlabel("cycle", fontsize=8)
    ax.set_ylabel("memory of the node [MiB]", fontsize=8)


EXPERIMENT = Experiment("cycles", "a hundred lifecycles of one node", measure, draw)
