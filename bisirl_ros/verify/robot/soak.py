"""`bisirl sim`, an hour of ROS time at twice real time, after a warm-up: nothing grows or stalls.

The learner keeps its window of evidence by design. Here the window is short, so that it is full at
the end of the warm-up, and all that grows afterwards is lost.
A process's memory is what it holds in RAM (Rss of /proc/PID/smaps_rollup); its growth that of the
median of the last fifth over the first fifth's.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from bisirl_ros.entry import require_ros
from bisirl_ros.errors import InputError
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.robot.program import Program, is_learner, memory_mib, until, waited_s

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FASTER, RATE_HZ, WINDOW = 2.0, 20.0, 20
"""Of these WINDOW is batches, of 200 that the learner keeps where nothing is set."""
FULL_S, EVERY_S, QUICK_S, QUICK_EVERY_S = 1800.0, 10.0, 20.0, 1.0
FILLED, QUICK_FILLED = WINDOW + 10, 1
"""Batches that the learner has told of by the end of the warm-up."""
WARM_WITHIN_S = 1500.0
GROWTH, GAP_S, QUICK_GAP_S = 0.05, 0.1, 0.5
"""The bars: of memory, and of the time without a command beyond the period."""
STARTS_S, ENDS_S = 120.0, 90.0
SHARE = 5
ROLES = ("sim_node", "human_node", "bisirl_node", "report_node")


@dataclass
class Watched:
    """What a run showed: commands and the longest time between two [s]; memory by process [MiB].

    waited: how much of the time the node was ready to run and got no core
    """

    commands: int = 0
    gap_s: float = 0.0
    episodes: int = 0
    batches: int = 0
    waited: float = 0.0
    memory: dict[str, list[float]] = field(default_factory=dict)
    last_s: float | None = None

    def command(self, message: Any, sent_s: float) -> None:
        """One more."""
        self.commands += 1
        self.until(sent_s)
        self.last_s = sent_s

    def until(self, now_s: float) -> None:
        """No command came between the last one and now."""
        last_s = self.last_s  # another thread may begin anew
        if last_s is not None:
            self.gap_s = max(self.gap_s, now_s - last_s)

    def anew(self, now_s: float) -> None:
        """What was until now does not count."""
        self.commands, self.episodes, self.batches = 0, 0, 0
        self.gap_s, self.last_s = 0.0, now_s


def measure(setup: Setup, say: Say) -> Outcome:
    """One run; it is interrupted at the end as by Ctrl-C."""
    require_ros()
    full, quick = (FULL_S, FILLED, EVERY_S), (QUICK_S, QUICK_FILLED, QUICK_EVERY_S)
    sizes = quick if setup.quick else full
    wanted = {"run": (*sizes, setup.seed)}
    row = replace(setup.parts, jobs=1).measure(soaked, wanted, lambda line: None)["run"]
    for name, of in row["memory"].items():
        say(f"{name:<12} {of['first']:.0f} -> {of['last']:.0f} MiB, {of['growth']:+.1%}")
    lived = f"{row['episodes']} episodes, {row['batches']} batches, {row['commands']} commands"
    say(f"{lived}; {gap_of(row)}")
    return judged(row, setup.seed, setup.quick)


def soaked(for_s: float, filled: int, every_s: float, seed: int) -> dict[str, Any]:
    """The figures of a run, watched for_s [s] after `filled` batches, memory every_s."""
    from geometry_msgs.msg import TwistStamped
    from std_msgs.msg import String

    from bisirl_ros.nodes.qos import EVENTS
    from bisirl_ros.verify.robot.graph import Graph, domain_environment, next_domain

    watched, domain = Watched(), next_domain()

    def on_episode(message: Any, sent_s: float) -> None:
        watched.episodes += '"finished"' in message.data

    def on_learning(message: Any, sent_s: float) -> None:
        watched.batches += 1

    with tempfile.TemporaryDirectory() as folder:
        graph = Graph(domain)
        graph.listen("/cmd_vel", TwistStamped, watched.command)
        graph.listen("/episode", String, on_episode, EVENTS)
        graph.listen("/learning", String, on_learning, EVENTS)
        program = Program(
            "bisirl_ros.cli",
            arguments(Path(folder), seed),
            Path(folder),
            domain_environment(domain),
        )
        try:
            if not until(lambda: watched.commands or not program.alive, STARTS_S, 0.1):
                raise InputError(f"bisirl sim: does not drive; {program.complaints[-300:]}")
            until(lambda: watched.batches >= filled or not program.alive, WARM_WITHIN_S, 0.1)
            warm_up = watched.batches
            watched.anew(time.time())
            ended = watch(watched, program, for_s, every_s)
            watched.until(time.time())
            program.interrupt()
            left = program.left_after(ENDS_S)
        finally:
            graph.close()
            program.close()
    filled_by = {"warm_up_batches": warm_up, "ended": ended}
    return {**figures(watched, list(left.values())), **filled_by}


def arguments(folder: Path, seed: int) -> list[str]:
    """Of the run: no renderer, no end."""
    parameters = {"learner": {"evidence_window": WINDOW}}
    file = folder / "parameters.yaml"
    file.write_text(yaml.safe_dump({"/**/bisirl_node": {"ros__parameters": parameters}}))
    given = {
        "scenario": "crossing",
        "params-file": file,
        "backend": "kinematic",
        "real-time-factor": FASTER,
        "episodes": 0,
        "device": "cpu",
        "seed": seed,
        "run-dir": folder / "run",
    }
    return ["sim", *(text for key, value in given.items() for text in (f"--{key}", str(value)))]


def watch(watched: Watched, program: Program, for_s: float, every_s: float) -> str:
    """Sample memory until for_s [s] have passed; why it ended before, or ""."""
    nodes = [pid for pid, line in program.running().items() if role_of(line) == "bisirl_node"]
    seen_s, waited = time.monotonic(), sum(map(waited_s, nodes))
    while program.alive and time.monotonic() - seen_s < for_s:
        for pid, line in program.running().items():
            name, found = role_of(line), memory_mib(pid)
            if name and found is not None:
                watched.memory.setdefault(name, []).append(found)
        until(lambda: not program.alive, every_s, 0.1)
    watched.waited = (sum(map(waited_s, nodes)) - waited) / (time.monotonic() - seen_s)
    lines = [line for line in program.complaints.splitlines() if line]
    return "" if program.alive else f"ended by itself: {lines[-1:]}"


def role_of(line: str) -> str:
    """What a command line is of; "" where it is not of interest."""
    if is_learner(line):
        return "learner"
    found = [name for name in ROLES if name in line]
    return found[0] if found else "supervisor" if "bisirl_ros.cli" in line else ""


def figures(watched: Watched, left: Sequence[str]) -> dict[str, Any]:
    """Of what was watched."""
    return {
        "episodes": watched.episodes,
        "batches": watched.batches,
        "commands": watched.commands,
        "gap_s": watched.gap_s,
        "waited": watched.waited,
        "memory": {name: growth(values) for name, values in sorted(watched.memory.items())},
        "left": list(left),
    }


def growth(values: Sequence[float]) -> dict[str, Any]:
    """Medians of each fifth [MiB], of the first and of the last, and how much more that is."""
    parts = np.array_split(np.array(values), min(SHARE, len(values)))
    fifths = [float(np.median(part)) for part in parts]
    first, last = fifths[0], fifths[-1]
    return {"fifths": fifths, "first": first, "last": last, "growth": last / first - 1.0}


def judged(row: dict[str, Any], seed: int, quick: bool) -> Outcome:
    """Quick: what grows is not judged, since the learner has just begun."""
    gap_s = QUICK_GAP_S if quick else GAP_S
    most_s = 1.0 / (RATE_HZ * FASTER) + gap_s
    wrong = [
        f"{name} grew by {of['growth']:.0%}"
        for name, of in row["memory"].items()
        if of["growth"] >= GROWTH and not quick
    ]
    wrong += [row["ended"]] * bool(row["ended"])
    if row["warm_up_batches"] < FILLED and not quick:
        wrong.append(f"{row['warm_up_batches']} batches, of {FILLED} that fill the window")
    wrong += [f"no {what}" for what in ("episodes", "batches") if not (row[what] or quick)]
    if row["gap_s"] > most_s:
        wrong.append(gap_of(row))
    wrong += [f"left: {line[:80]}" for line in row["left"]]
    bar = f"memory grows by < {GROWTH:.0%}; no gap > a period + {gap_s:g} s; no process left"
    note = ["quick: growth is not judged"] * quick
    return Outcome(row, [seed], None, bar, not wrong, "; ".join(wrong + note))


def gap_of(row: dict[str, Any]) -> str:
    """The longest time without a command, and what the machine has to do with it."""
    gap_ms, waited = 1e3 * row["gap_s"], row["waited"]
    return f"{gap_ms:.0f} ms without a command, the node waited for a core {waited:.1%} of the time"


def draw(outcome: Outcome, ax: Axes) -> None:
    """Memory of each process, before and after."""
    memory = outcome.figures["memory"]
    for key, colour in (("last", "0.4"), ("first", "0.8")):
        ax.barh(list(memory), [of[key] for of in memory.values()], color=colour, label=key)
    ax.set_xlabel("memory [MiB]", fontsize=8)


EXPERIMENT = Experiment("soak", "an hour of episodes: memory, gaps, what is left", measure, draw)
