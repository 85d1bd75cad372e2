"""CrowdNav's circle crossing: ORCA as published, and a robot that learns among such people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bisirl_ros.bench.crowdnav.crossings import TEST_SEED, seeded
from bisirl_ros.bench.crowdnav.learn import TRAIN_SEED, judged, learn
from bisirl_ros.bench.crowdnav.robots import OrcaDrive
from bisirl_ros.bench.crowdnav.seers import at_stake, choices, learn_seers
from bisirl_ros.bench.crowdnav.simulator import COLLISION, SUCCESS, Played, play
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PUBLISHED = {
    "ORCA, invisible": (False, 0.0, {"success": 0.43, "collision": 0.57, "time_s": 10.86}),
    "ORCA, visible": (True, 0.15, {"success": 0.99, "collision": 0.0, "time_s": 12.29}),
}
"""Whether people see the robot, its safety space [m], and the row (Chen et al. 2019)."""
OURS = {"learned, invisible": 0.0, "learned, visible": 1.0, "learned, mixed": 0.5}
"""The share of people who see the robot; one policy for all, learned where nobody sees it."""
BARS = {
    "learned, invisible": {"success": 0.99, "collision": 0.005, "time_s": 10.5},
    "learned, visible": {"success": 1.0, "collision": 0.0, "time_s": 10.0},
}
CASES, PER_PART, QUICK_CASES = 500, 100, 40
TRAINED, TAUGHT = 50, 12
QUICK_TRAINED, QUICK_TAUGHT = 2, 2
"""Crossings that the robot learns in, and that seers' wishes are learned of."""
TOLD_APART, MOST_S, AT_STAKE_MPS = 0.95, 1800.0, 0.01
ROUNDED = 0.005
"""Of published shares and times."""
Row = dict[str, list[float]]
"""Case by case: success, collision, time_s (of all), close, steps."""


def measure(setup: Setup, say: Say) -> Outcome:
    """All rows of the table, and who sees the robot, person by person."""
    count = QUICK_CASES if setup.quick else CASES
    parts = [list(range(i, min(i + PER_PART, count))) for i in range(0, count, PER_PART)]
    wanted: dict[str, tuple[Any, ...]] = {
        f"{name}, cases from {part[0]}": (sees, safety_m, part)
        for name, (sees, safety_m, _) in PUBLISHED.items()
        for part in parts
    }
    rows = setup.parts.measure(orca, wanted, say)
    work = QUICK_TRAINED if setup.quick else TRAINED
    (lived,) = setup.parts.measure(lesson, {"lesson": (work, setup.seed)}, say).values()
    wanted = {
        f"{name}, cases from {part[0]}": (lived["phi"], sees, part)
        for name, sees in OURS.items()
        for part in parts
    }
    rows |= setup.parts.measure(ours, wanted, say)
    taught = QUICK_TAUGHT if setup.quick else TAUGHT
    asked = parts if not setup.quick else [parts[0][:4]]
    wanted = {f"seers, cases from {part[0]}": (lived["phi"], taught, part) for part in asked}
    people = list(setup.parts.measure(told_apart, wanted, say).values())
    names = [*PUBLISHED, *OURS]
    table = {n: _figures([rows[f"{n}, cases from {part[0]}"] for part in parts]) for n in names}
    for name, row in table.items():
        say(f"{name:<20} " + ", ".join(f"{key} {value:.3f}" for key, value in row.items()))
    seers = _accuracy(people)
    say("seers: " + ", ".join(f"{key} {value:.3f}" for key, value in seers.items()))
    figures = {
        "cases": count,
        "table": table,
        "seers": seers,
        **{key: lived[key] for key in ("theta", "std", "seconds")},
    }
    well = np.concatenate(
        [rows[f"learned, invisible, cases from {p[0]}"]["success"] for p in parts]
    )
    return judged_by(figures, [setup.seed], bootstrap_mean(well), setup.quick)


def judged_by(
    figures: dict[str, Any], seeds: list[int], interval: list[float], quick: bool
) -> Outcome:
    """What was missed: of the published rows beyond sampling error, of the learned ones any bar."""
    table, missed = figures["table"], []
    for name, (_, _, row) in PUBLISHED.items():
        missed += _off(name, table[name], row, figures["cases"])
    if not quick:
        for name, bars in BARS.items():
            missed += _short(name, table[name], bars)
        if figures["seconds"] > MOST_S:
            missed.append(f"learned for {figures['seconds']:.0f} s")
        if figures["seers"]["accuracy"] <= TOLD_APART:
            missed.append(f"tells seers apart with {figures['seers']['accuracy']:.1%}")
    return Outcome(
        figures,
        seeds,
        interval,
        "ORCA's rows as published; learned: invisible success >= .99, collision <= .005, time <="
        f" 10.5 s, visible 1 and <= 10 s, after <= {MOST_S / 60:g} min; seers told apart with >"
        f" {TOLD_APART:.0%}",
        not missed,
        "; ".join(missed + ["quick: what is learned is judged by being played at all"] * quick),
    )


def orca(sees: bool, safety_m: float, cases: Sequence[int]) -> Row:
    """The ORCA robot in test cases, counted from 0; sees: whether people see it; safety_m: [m]."""
    return _row(play(seeded([TEST_SEED + case for case in cases], sees), OrcaDrive(safety_m)))


def lesson(crossings: int, seed: int) -> dict[str, Any]:
    """A policy, learned in so many training crossings where nobody sees the robot."""
    found = learn(crossings, 0.0, seed)
    return {
        "phi": found.phi.tolist(),
        "theta": found.theta.tolist(),
        "std": found.std.tolist(),
        "seconds": found.seconds,
        "outcomes": found.outcomes,
    }


def ours(phi: list[float], sees: float, cases: Sequence[int]) -> Row:
    """A learned policy phi (m,) in test cases; sees: the share of people who see the robot."""
    return _row(judged(torch.tensor(phi), [TEST_SEED + case for case in cases], sees))


def told_apart(phi: list[float], taught: int, cases: Sequence[int]) -> dict[str, list[bool]]:
    """Of each person of mixed test cases: whether they were told right, and could be at all.

    phi: (m,) the robot's; taught: crossings that what people wish is learned of
    """
    policy = torch.tensor(phi)
    seeds = [TRAIN_SEED - 1 - i for i in range(taught)]
    found = learn_seers(seeded(seeds, 0.0), judged(policy, seeds, 0.0))
    seeds = [TEST_SEED + case for case in cases]
    crossings, played = seeded(seeds, 0.5), judged(policy, seeds, 0.5)
    who = [(b, p) for b in range(len(crossings)) for p in range(crossings.start.shape[1])]
    weights = np.array([found.weight(choices(crossings, played, b, p)) for b, p in who])
    right = found.see(weights) == crossings.sees.flatten()
    could = at_stake(crossings, played).flatten() > AT_STAKE_MPS
    return {"right": right.tolist(), "could": could.tolist()}


def _row(played: Played) -> Row:
    return {
        "success": (played.outcome == SUCCESS).astype(float).tolist(),
        "collision": (played.outcome == COLLISION).astype(float).tolist(),
        "time_s": played.time_s.tolist(),
        "close": played.close.astype(float).tolist(),
        "steps": played.steps.astype(float).tolist(),
    }


def _figures(rows: Sequence[Row]) -> dict[str, float]:
    """Shares; the time of the successes and how much it varies [s]; the share of close steps."""
    whole = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
    times = whole["time_s"][whole["success"] > 0.0]
    return {
        "success": float(whole["success"].mean()),
        "collision": float(whole["collision"].mean()),
        "time_s": float(times.mean()) if len(times) else 0.0,
        "time_sd_s": float(times.std()) if len(times) else 0.0,
        "discomfort": float(whole["close"].sum() / whole["steps"].sum()),
    }


def _accuracy(people: Sequence[dict[str, list[bool]]]) -> dict[str, float]:
    """Of all people, and of those whose choices seeing the robot changes."""
    right, could = (np.concatenate([row[key] for row in people]) for key in ("right", "could"))
    return {
        "accuracy": float(right.mean()),
        "accuracy_at_stake": float(right[could].mean()) if could.any() else 0.0,
        "at_stake": float(could.mean()),
    }


def _off(name: str, found: dict[str, float], row: dict[str, float], cases: int) -> list[str]:
    """Which figures are two standard errors and the rounding from the published ones."""
    missed = []
    for key, value in row.items():
        spread = found["time_sd_s"] if key == "time_s" else math.sqrt(value * (1.0 - value))
        runs = max(cases * (found["success"] if key == "time_s" else 1.0), 1.0)
        if abs(found[key] - value) > 2.0 * spread / math.sqrt(runs) + ROUNDED:
            missed.append(f"{name}: {key} {found[key]:.3f}, published {value:g}")
    return missed


def _short(name: str, found: dict[str, float], bars: dict[str, float]) -> list[str]:
    return [
        f"{name}: {key} {found[key]:.3f}, bar {bar:g}"
        for key, bar in bars.items()
        if (found[key] < bar if key == "success" else found[key] > bar)
    ]


def draw(outcome: Outcome, ax: Axes) -> None:
    """Collisions against time, of every row; the bars of the first learned one."""
    for name, row in outcome.figures["table"].items():
        ax.plot(row["time_s"], 100.0 * row["collision"], "o", ms=5, label=name)
    ax.axvline(BARS["learned, invisible"]["time_s"], color="k", lw=0.8, ls=":")
    ax.set_xlabel("time of the successes [s]", fontsize=8)
    ax.set_ylabel("collisions [%]", fontsize=8)
    ax.legend(fontsize=6)


EXPERIMENT = Experiment("crowdnav", "circle crossing among ORCA people", measure, draw)
