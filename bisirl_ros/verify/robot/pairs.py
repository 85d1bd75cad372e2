"""Every two faults together: never a weaker reaction than the stronger one's own, never a limit
exceeded, and all is well again afterwards."""

from __future__ import annotations

import collections
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bisirl_ros.control.faults import TABLE, Reaction
from bisirl_ros.control.gate import GateSettings
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.session.settings import SessionSettings
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.robot.gate import beyond
from bisirl_ros.verify.robot.switches import PERIOD_S, SWITCHES, BenchRobot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMINGS, QUICK_TIMINGS = 1000, 2
APART_S = 0.6
TIMEOUT_S = 0.3
DONE_S = 0.4
"""After the time to rest, how long it is watched that it stays there."""
QUICK_PAIRS = 12
HIDDEN = "person too near"
BLIND = {
    "tracker silent",
    "tracker not finite",
    "tracker ahead",
    "tracker says nobody",
    "odometry silent",
    "odometry not finite",
    "clock paused",
    "control fails",
}
"""Who does not see people, or not itself, cannot know who is near; it stops for that alone."""


def measure(setup: Setup, say: Say) -> Outcome:
    """All pairs of `SWITCHES`, at random times after each other, on one session a pair."""
    pairs = list(itertools.combinations(SWITCHES, 2))
    if setup.quick:
        pairs = pairs[:: len(pairs) // QUICK_PAIRS]
    timings = QUICK_TIMINGS if setup.quick else TIMINGS
    wanted = {" + ".join(pair): (*pair, timings, setup.seed) for pair in pairs}
    rows = setup.parts.measure(of_pair, wanted, say)
    wrong = {key: row["wrong"] for key, row in rows.items() if row["wrong"]}
    for key, what in wrong.items():
        say(f"{key}: {what}")
    over = max(row["over"] for row in rows.values())
    rest = [row["latest_s"] for row in rows.values()]
    return Outcome(
        {"pairs": len(pairs), "timings": timings, "rest_s": rest, "over": over, "wrong": wrong},
        [setup.seed],
        None,
        f"{len(pairs)} pairs, {timings} timings each: in time the reaction of the stronger fault or"
        " a stronger one, no command beyond a limit, driving again once both are gone",
        not wrong and over <= 1e-9,
        "; ".join(f"{key}: {what}" for key, what in list(wrong.items())[:5]),
    )


def of_pair(one: str, other: str, timings: int, seed: int) -> dict[str, Any]:
    """How often something was wrong, and what; how long after the later fault it still moved."""
    torch.set_num_threads(1)
    rng = np.random.default_rng([seed, *map(list(SWITCHES).index, (one, other))])
    settings = SessionSettings(people_timeout_s=TIMEOUT_S, robot_timeout_s=TIMEOUT_S)
    robot = BenchRobot(load_scenario("crossing"), settings)
    watch, required = Watch(robot), required_of(one, other)
    patience_s = TIMEOUT_S + GateSettings().stop_time_s + 2.0 * PERIOD_S
    wrong: collections.Counter[str] = collections.Counter()
    latest_s = 0.0
    for _ in range(timings):
        robot.recover()
        wrong["did not drive before"] += watch.run(PERIOD_S) == 0.0
        for name in rng.permutation([one, other]):
            watch.run(float(rng.uniform(0.0, APART_S)))
            robot.switch(str(name), True)
        moved_s = watch.run(patience_s)
        wrong["weaker"] += robot.session.driver.guard.verdict.reaction < required
        if required >= Reaction.STOP:
            latest_s = max(latest_s, moved_s)
            wrong["no rest"] += watch.run(DONE_S) > 0.0
    return {"wrong": dict(+wrong), "latest_s": latest_s, "over": watch.over}


def required_of(one: str, other: str) -> Reaction:
    """The stronger reaction of two faults, as far as the robot can know of them."""
    names = [name for name in (one, other) if not (name == HIDDEN and BLIND & {one, other})]
    faults = [fault for name in names if (fault := SWITCHES[name]) is not None]
    return max((TABLE[fault].reaction for fault in faults), default=Reaction.DRIVE)


class Watch:
    """Lets a robot go on, and measures all that it is commanded; over: furthest beyond a limit."""

    def __init__(self, robot: BenchRobot) -> None:
        self._robot, self.over = robot, 0.0

    def run(self, duration_s: float) -> float:
        """How long of duration_s [s] passed before it was commanded to move for the last time."""
        moved_s, robot = 0.0, self._robot
        for number in range(1, max(round(duration_s / PERIOD_S), 1) + 1):
            last = robot.command
            sent = robot.tick()
            if "not obeyed" not in robot.on:
                over = beyond(robot.scenario.robot, last, sent, PERIOD_S)
                self.over = max(self.over, *over.values())
            if np.abs(sent).max() > 1e-9:
                moved_s = number * PERIOD_S
        return moved_s


def draw(outcome: Outcome, ax: Axes) -> None:
    """How late the robot came to rest, by pair."""
    late = outcome.figures["rest_s"]
    ax.hist(late, bins=20, color="0.6")
    ax.set_xlabel("latest rest after the later of two faults [s]", fontsize=8)
    ax.set_ylabel("pairs", fontsize=8)


EXPERIMENT = Experiment("pairs", "two faults at once", measure, draw)
