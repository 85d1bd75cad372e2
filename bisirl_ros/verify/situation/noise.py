"""A lower level that knows it saw noisy data: error and coverage by kind of noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people, graded
from bisirl_sim.tracker import TrackerSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPISODES = 24
"""As many as a run has by default."""
TOLD, ESTIMATED = 0.90, 0.85
ERROR = {
    "velocity 0.05": 0.10,
    "velocity 0.1": 0.20,
    "positions 1 cm": 0.10,
    "positions 3 cm": 0.20,
}
DIVERGED = 1.0
APART = 100
"""Between the first seeds of two cells."""


def cells() -> dict[str, TrackerSpec]:
    """The kinds of tracker, by name; those whose name ends in "not told" tell no covariance."""
    found: dict[str, dict[str, Any]] = {}
    for noise in (0.0, 0.05, 0.1, 0.2):
        found[f"velocity {noise:g}"] = {"velocity_noise": noise, "position_noise_m": noise / 5.0}
    for centimetres in (0, 1, 3, 5):
        for rate in (10, 25):
            found[f"positions {centimetres} cm {rate} Hz"] = {
                "says_velocity": False,
                "position_noise_m": centimetres / 100.0,
                "rate_hz": float(rate),
            }
    found["dropout 20 %"] = {"velocity_noise": 0.05, "position_noise_m": 0.01, "dropout": 0.2}
    found["latency 0.1 s"] = {"velocity_noise": 0.05, "position_noise_m": 0.01, "latency_s": 0.1}
    both = {}
    for name, spec in found.items():
        both[name] = TrackerSpec(**spec)
        both[f"{name}, not told"] = TrackerSpec(**spec, says_covariance=False)
    return both


def measure(setup: Setup, say: Say) -> Outcome:
    """Learn one person's reward from each kind of tracker; the policy learns along."""
    episodes = 6 if setup.quick else EPISODES
    chosen = {k: v for k, v in cells().items() if not setup.quick or k in _QUICK}
    # people of their own in every cell: one unlucky draw of them would else stand in all
    of = {name: [APART * i + seed for seed in setup.seeds(10, 2)] for i, name in enumerate(chosen)}
    wanted = {
        f"{name}, seed {seed}": (spec, seed, episodes)
        for name, spec in chosen.items()
        for seed in of[name]
    }
    rows = setup.parts.measure(_learned, wanted, say)
    table: dict[str, Any] = {}
    for name in chosen:
        found = [rows[f"{name}, seed {seed}"] for seed in of[name]]
        errors = [error for row in found for error in row["errors"]]
        inside = [holds for row in found for holds in row["inside"]]
        table[name] = {
            "error": float(np.mean(errors)),
            "worst": float(np.max(errors)),
            "interval": bootstrap_mean(errors),
            "coverage": float(np.mean(inside)),
            "coverage_interval": bootstrap_mean([float(np.mean(row["inside"])) for row in found]),
        }
        say(f"{name:<32} error {np.mean(errors):6.1%}  coverage {np.mean(inside):6.1%}")
    return _judged(table, sorted(seed for seeds in of.values() for seed in seeds), setup.quick)


def _learned(spec: TrackerSpec, seed: int, episodes: int) -> dict[str, list[Any]]:
    """One run: everybody's relative error, and whether each interval holds the truth."""
    scenario = load_scenario("crossing")
    people = drawn_people(scenario, seed)
    loop = LoopConfig(policy_steps=1, checked_episodes=0, hypergradient="first-order")
    run = OfflineRun(scenario, people, loop, spec, episodes, seed)
    errors, inside = graded(play_offline(run).last, people)
    return {"errors": errors, "inside": inside}


_QUICK = ("velocity 0", "velocity 0.1", "positions 1 cm 25 Hz")


def _judged(table: dict[str, Any], seeds: list[int], quick: bool) -> Outcome:
    missed = []
    slack = 0.15 if quick else 0.0
    for name, cell in table.items():
        least = ESTIMATED if name.endswith("not told") else TOLD
        if cell["coverage"] < least - slack:
            missed.append(f"{name}: coverage {cell['coverage']:.0%}")
        most = next((bar for of, bar in ERROR.items() if name.startswith(of)), None)
        if most is not None and not quick and cell["error"] > most:
            missed.append(f"{name}: error {cell['error']:.0%}")
        if cell["worst"] > DIVERGED and not quick:
            missed.append(f"{name}: diverged")
    bar = f"coverage >= {TOLD - slack:.0%} told, >= {ESTIMATED - slack:.0%} estimated"
    bar += "" if quick else "; error <= 10 / 20 % at .05 / .1 m/s and 1 / 3 cm; none diverges"
    coverage = [cell["coverage"] for cell in table.values()]
    return Outcome(
        {"cells": table, "missed": missed},
        seeds,
        bootstrap_mean(coverage),
        bar,
        not missed,
        "; ".join(missed),
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """Coverage of each kind of tracker."""
    table = outcome.figures["cells"]
    names = list(table)
    ax.barh(names, [table[name]["coverage"] for name in names], color="0.6")
    ax.axvline(TOLD, color="k", lw=0.8, ls=":", label="bar where noise is told")
    ax.set_xlim(0.0, 1.0)
    ax.tick_params(labelsize=5)
    ax.set_xlabel("95 % intervals that hold the truth", fontsize=8)


EXPERIMENT = Experiment("noise", "what a real tracker leaves of the estimate", measure, draw)
