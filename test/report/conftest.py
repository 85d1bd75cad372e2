"""A made-up run that looks like a real one: 24 episodes of the crossing scenario."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.report.record import EpisodeRecord, RunRecord

THETA_TRUE = [1.5, -3.0, -0.4, -0.6]
MakeRun = Callable[..., RunRecord]


@pytest.fixture(scope="session")
def make_run() -> MakeRun:
    """`make_run(episodes)`: a run of so many episodes, the same at every call."""
    return made_up_run


def made_up_run(episodes: int = 24, seed: int = 3) -> RunRecord:
    """A robot that first drives into the person's way and learns to pass behind them."""
    rng = np.random.default_rng(seed)
    scenario = load_scenario("crossing")
    run = RunRecord(
        scenario=scenario,
        seed=seed,
        backend="bullet",
        theta_true=list(THETA_TRUE),
        oracle_return=6.1,
        late_return=5.72,
        wall_s=171.3,
        versions={"bisirl_ros": "0.1.0"},
    )
    for k in range(1, episodes + 1):
        run.episodes.append(_episode(run, k, rng))
    return run


def _episode(run: RunRecord, k: int, rng: np.random.Generator) -> EpisodeRecord:
    true, prior_std = np.array(THETA_TRUE), np.array([3.2, 3.2, 3.2, 3.2])
    std = 1.0 / np.sqrt(1.0 / prior_std**2 + k / np.array([0.5, 0.9, 0.25, 0.4]) ** 2)
    theta = true * (1.0 - 0.5 / k) + 0.8 * std * rng.standard_normal(4)
    robot, human = _paths(k, rng)
    gap = np.linalg.norm(robot[:, 1:] - human[:, 1:], axis=1)
    hit = bool(gap.min() < run.scenario.contact_distance_m)
    if hit:
        end = int(np.argmax(gap < run.scenario.contact_distance_m)) + 1
        robot, human, gap = robot[:end], human[:end], gap[:end]
    return EpisodeRecord(
        episode=k,
        outcome="collision" if hit else "arrived",
        min_distance_m=float(gap.min()),
        duration_s=float(robot[-1, 0]),
        return_=float(6.0 - 5.0 * math.exp(-k / 6) - 9.0 * hit + 0.4 * rng.standard_normal()),
        relative_error=float(np.linalg.norm(theta - true) / np.linalg.norm(true)),
        theta=theta.tolist(),
        theta_std=std.tolist(),
        inner={"status": "converged", "iterations": 4, "grad_norm": 3e-7},
        outer_updates=3 * k,
        objective=float(5.0 - 4.0 / k),
        inner_s=0.0123,
        update_s=[0.41, 0.38, 0.40],
        control_period_ms={"p50": 50.0, "p99": 51.2 + 0.1 * k, "max": 53.0},
        policy_version=k,
        human_path=human,
        robot_path=robot,
    )


def _paths(k: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Robot and human (N, 3): the robot's detour and delay grow with the episode k."""
    t = np.arange(0.0, 7.0, 0.05)
    skill = 1.0 - math.exp(-k / 5)
    x0, y0 = -2.5 + rng.uniform(-0.3, 0.3), rng.uniform(-0.15, 0.15)
    x = np.minimum(x0 + 0.95 * (t - 1.4 * skill * (1 - np.exp(-t / 2))), 2.4)
    y = y0 * np.exp(-t) - 0.9 * skill * np.exp(-0.5 * ((x + 0.1) / 0.8) ** 2)
    hx0, hy0 = rng.uniform(-0.25, 0.25), -3.4 + rng.uniform(-0.4, 0.4)
    hy = np.minimum(hy0 + 1.15 * t, 3.4)
    hx = hx0 * np.exp(-t / 4) + 0.35 * (1.1 - skill) * np.exp(-0.5 * (hy / 0.8) ** 2)
    return np.stack([t, x, y], 1), np.stack([t, hx, hy], 1)
