"""A recorder that is killed at a random moment: its bag is mended, and holds all but the last bit.

A talker of this process numbers what it says on many topics; the recorder is another process, as in
`bisirl sim --record`.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.repair import repair
from bisirl_ros.entry import require_ros
from bisirl_ros.errors import InputError
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.robot.program import Program, until

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KILLS, QUICK_KILLS = 50, 3
TOPICS, PERIOD_S = 10, 0.05
BETWEEN_S = (0.8, 4.0)
STARTS_S, LOSS_S = 60.0, 1.0
BAR = f"every bag is read after `bisirl bag repair`; at most {LOSS_S:g} s is lost, nothing between"


def measure(setup: Setup, say: Say) -> Outcome:
    """Kills at random moments, each of another recorder."""
    require_ros()
    count = QUICK_KILLS if setup.quick else KILLS
    rng = np.random.default_rng(setup.seed)
    rows = [killed(float(rng.uniform(*BETWEEN_S))) for _ in range(count)]
    worst_s = max(row["lost_s"] for row in rows)
    gaps = sum(row["gaps"] for row in rows)
    whole = sum(row["whole"] for row in rows)
    say(f"{count} kills: at most {worst_s:.2f} s lost, {gaps} gaps, {whole} needed no mending")
    found = {"kills": rows, "worst_s": worst_s, "gaps": gaps}
    return Outcome(found, [setup.seed], None, BAR, worst_s <= LOSS_S and gaps == 0)


def killed(after_s: float) -> dict[str, Any]:
    """What is left of a recording that was killed so long after it had begun to hear all topics."""
    from std_msgs.msg import String

    from bisirl_ros.verify.robot.graph import Graph, Pace, domain_environment, next_domain

    domain = next_domain()
    with tempfile.TemporaryDirectory() as folder:
        graph, bag = Graph(domain), Path(folder) / "bag"
        names = [f"/talk_{number}" for number in range(TOPICS)]
        talkers = [graph.node.create_publisher(String, name, 100) for name in names]
        numbers = iter(range(10**9))

        def talk() -> None:
            said = f"{next(numbers)} {time.time_ns()}"
            for talker in talkers:
                talker.publish(String(data=said))

        arguments = ["recorder_node", "--ros-args", "-p", f"bag:={bag}"]
        recorder = Program("bisirl_ros.entry", arguments, Path(folder), domain_environment(domain))
        pace = None
        try:
            heard = until(lambda: all(t.get_subscription_count() for t in talkers), STARTS_S, 0.02)
            if not heard:
                raise InputError(f"recorder_node: hears nothing; {recorder.complaints[-300:]}")
            pace = Pace(talk, lambda: PERIOD_S)
            time.sleep(after_s)
            killed_ns = time.time_ns()
            os.kill(recorder.pid, signal.SIGKILL)
        finally:
            if pace is not None:
                pace.close()
            recorder.close()
            graph.close()
        found = repair(bag)
        return {**kept(bag, names, killed_ns), "whole": found.damaged is None}


def kept(bag: Path, names: list[str], killed_ns: int) -> dict[str, Any]:
    """How old the newest kept message was when the recorder was killed [s]; numbers left out."""
    numbers: dict[str, list[int]] = {name: [] for name in names}
    newest = 0
    with Bag(bag) as opened:
        for told in opened.messages(names):
            number, sent_ns = map(int, told.message.data.split())
            numbers[told.topic].append(number)
            newest = max(newest, sent_ns) if sent_ns <= killed_ns else newest
    gaps = sum(int((np.diff(of) != 1).sum()) for of in numbers.values())
    return {"lost_s": 1e-9 * (killed_ns - newest), "gaps": gaps}


def draw(outcome: Outcome, ax: Axes) -> None:
    """How much was lost."""
    ax.hist([row["lost_s"] for row in outcome.figures["kills"]], bins=20, color="0.6")
    ax.axvline(LOSS_S, color="k", lw=0.8, ls=":")
    ax.set_xlabel("lost before the kill [s]", fontsize=8)
    ax.set_ylabel("kills", fontsize=8)


EXPERIMENT = Experiment("recorder", "a recorder that is killed", measure, draw)
