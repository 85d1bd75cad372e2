"""Whatever is asked for, in whatever order: no command beyond a limit; and what that costs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.control.around import Around
from bisirl_ros.control.body import admissible
from bisirl_ros.control.gate import GateSettings, SafetyGate
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STATES, QUICK_STATES = 1_000_000, 3_000
COST_MS = 0.1
EXTREMES = (math.nan, math.inf, -math.inf, 1e300, -1e300, 1e9, -1e9, 0.0, 1e-300)
EPISODE = 1000
"""Commands of one robot, of one temper, before another takes its place."""
KINDS = ("random", "extremes", "bang bang", "towards people", "never a stop")


def measure(setup: Setup, say: Say) -> Outcome:
    """Robots of every drive with random limits, five people around, five kinds of wishes."""
    states = QUICK_STATES if setup.quick else STATES
    wanted = {drive: (drive, states // len(DRIVES), setup.seed) for drive in sorted(DRIVES)}
    rows = setup.parts.measure(of_drive, wanted, say)
    worst = {key: max(row["over"][key] for row in rows.values()) for key in ("drive", "change")}
    cost_ms = {key: max(row["cost_ms"][key] for row in rows.values()) for key in ("p50", "p99")}
    count = sum(row["states"] for row in rows.values())
    say(f"{count} commands; beyond the drive by {worst['drive']:.1e}; change {worst['change']:.1e}")
    fast = cost_ms["p99"] <= COST_MS
    exact = max(worst.values()) <= 1e-9
    return Outcome(
        {"commands": count, "beyond": worst, "cost_ms": cost_ms, "drives": rows},
        [setup.seed],
        None,
        f"{states} random states and wishes: no limit exceeded; p99 of the cost <= {COST_MS} ms",
        exact and (fast or setup.quick),
        "" if fast else f"cost p99 {cost_ms['p99']:.3f} ms",
    )


def of_drive(drive: str, states: int, seed: int) -> dict[str, Any]:
    """The furthest beyond a limit that any command was, in shares of it; the cost [ms of CPU]."""
    rng = np.random.default_rng([seed, sorted(DRIVES).index(drive)])
    over = {"drive": 0.0, "change": 0.0}
    costs: list[float] = []
    for number in range(math.ceil(states / EPISODE)):
        robot = some_robot(drive, rng)
        jerk = float(rng.choice([0.0, 3.0]))
        gate = SafetyGate(robot, GateSettings(float(rng.uniform(0.2, 1.5)), jerk))
        last: Array = np.zeros(3)
        for twist, around, dt_s, brake in wishes(KINDS[number % len(KINDS)], robot, rng):
            began = time.thread_time()
            sent = gate.admit(twist, dt_s, around, brake).twist
            costs.append(time.thread_time() - began)
            for key, value in beyond(robot, last, sent, dt_s).items():
                over[key] = max(over[key], value)
            last = sent
    p50, p99 = (1e3 * float(v) for v in np.percentile(costs, [50, 99]))
    return {"states": len(costs), "over": over, "cost_ms": {"p50": p50, "p99": p99}}


def some_robot(drive: str, rng: np.random.Generator) -> Robot:
    """One with limits of its own."""
    return Robot(
        drive=drive,
        max_speed=float(rng.uniform(0.2, 2.0)),
        max_turn_rate=float(rng.uniform(0.3, 3.0)),
        max_acceleration=float(rng.uniform(0.2, 4.0)),
        max_turn_acceleration=float(rng.uniform(0.5, 8.0)),
        turning_radius_m=float(rng.uniform(0.2, 2.0)),
    )


def wishes(
    kind: str, robot: Robot, rng: np.random.Generator
) -> Iterator[tuple[Array, Around, float, bool]]:
    """EPISODE wishes: twist (3,), what is around, time since the last one [s], brake or not."""
    top = np.array([robot.max_speed, robot.max_speed, robot.max_turn_rate])
    for step in range(EPISODE):
        x, y, yaw = rng.uniform(-2.0, 2.0, 3)
        people = rng.uniform(-2.5, 2.5, (5, 4))
        gap = float(rng.choice([1e6, rng.uniform(-0.2, 2.0)]))
        bearing = rng.uniform(-math.pi, math.pi)
        things = np.array([[gap, math.cos(bearing), math.sin(bearing)]])
        around = Around((x, y), yaw, people, 0.25, things)
        dt_s, brake = float(rng.choice([0.005, 0.02, 0.05, 0.25])), bool(rng.random() < 0.05)
        twist = rng.uniform(-2.0, 2.0, 3) * top
        if kind == "extremes":
            twist = rng.choice(EXTREMES, 3)
        elif kind == "bang bang":
            twist = top * (1.0 if step // 7 % 2 else -1.0)
        elif kind == "towards people":
            dx, dy = people[0, :2] - (x, y)
            turn = math.remainder(math.atan2(dy, dx) - yaw, math.tau)
            twist = top * np.array([math.cos(turn), math.sin(turn), turn])
        elif kind == "never a stop":
            brake = False
        yield twist, around, dt_s, brake


def beyond(robot: Robot, last: Array, sent: Array, dt_s: float) -> dict[str, float]:
    """How far a command is outside what the drive can do, and its change outside the limits."""
    vx, vy, wz = sent.tolist()
    able = admissible(robot, (vx, vy, wz))
    drive = max(abs(a - b) for a, b in zip(able, (vx, vy, wz), strict=True))
    along, turning = math.hypot(vx - last[0], vy - last[1]), abs(wz - last[2])
    most, most_turn = robot.max_acceleration, robot.max_turn_acceleration
    change = max(along / (most * dt_s), turning / (most_turn * dt_s)) - 1.0
    return {"drive": drive, "change": max(change, 0.0)}


def draw(outcome: Outcome, ax: Axes) -> None:
    """The cost of a command by drive."""
    drives = outcome.figures["drives"]
    for key, colour in (("p50", "0.7"), ("p99", "0.3")):
        ax.bar(list(drives), [row["cost_ms"][key] for row in drives.values()], color=colour)
    ax.axhline(COST_MS, color="k", lw=0.8, ls=":")
    ax.set_ylabel("cost, p50 and p99 [ms]", fontsize=8)


EXPERIMENT = Experiment("gate", "no command beyond a limit", measure, draw)
