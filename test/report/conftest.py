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
BEHIND_S = 1.3
"""So much later than the one before does each person come by."""


@pytest.fixture(scope="session")
def make_run() -> MakeRun:
    """`make_run(episodes, people=1)`: a run of so many episodes, the same at every call."""
    return made_up_run


def made_up_run(episodes: int = 24, seed: int = 3, people: int = 1) -> RunRecord:
    """A robot that first drives into people's way and learns to pass behind them."""
    rng = np.random.default_rng(seed)
    scenario = load_scenario("crossing", people)
    run = RunRecord(
        scenario=scenario,
        seed=seed,
        backend="bullet",
        theta_true={
            name: [(1.0 + 0.1 * p) * v for v in THETA_TRUE]
            for p, name in enumerate(scenario.identities)
        },
        oracle_return=6.1,
        late_return=5.72,
        wall_s=171.3,
        versions={"bisirl_ros": "0.1.0"},
    )
    for k in range(1, episodes + 1):
        run.episodes.append(_episode(run, k, rng))
    return run


def _episode(run: RunRecord, k: int, rng: np.random.Generator) -> EpisodeRecord:
    theta, std = _estimates(run, k, rng)
    robot, walks = _paths(k, rng, run.scenario.people)
    gap = np.full(len(robot), np.inf)
    for walk in walks:
        gap = np.minimum(gap, np.linalg.norm(robot[:, 1:] - walk[:, 1:], axis=1))
    hit = bool(gap.min() < run.scenario.contact_distance_m)
    end = int(np.argmax(gap < run.scenario.contact_distance_m)) + 1 if hit else len(robot)
    robot, walks, gap = robot[:end], [walk[:end] for walk in walks], gap[:end]
    errors = {}
    for name, true in (run.theta_true or {}).items():
        off = np.array(theta[name]) - true
        errors[name] = float(np.linalg.norm(off) / np.linalg.norm(true))
    return EpisodeRecord(
        episode=k,
        outcome="collision" if hit else "arrived",
        min_distance_m=float(gap.min()),
        duration_s=float(robot[-1, 0]),
        return_=float(6.0 - 5.0 * math.exp(-k / 6) - 9.0 * hit + 0.4 * rng.standard_normal()),
        relative_error=float(np.mean(list(errors.values()))) if errors else None,
        errors=errors,
        theta=theta,
        theta_std=std,
        inner={"status": "converged", "iterations": 4, "grad_norm": 3e-7},
        outer_updates=3 * k,
        objective=float(5.0 - 4.0 / k),
        inner_s=0.0123,
        update_s=[0.41, 0.38, 0.40],
        control_period_ms={"p50": 50.0, "p99": 51.2 + 0.1 * k, "max": 53.0},
        policy_version=k,
        people_paths=dict(zip(run.scenario.identities, walks, strict=True)),
        robot_path=robot,
    )


def _estimates(
    run: RunRecord, k: int, rng: np.random.Generator
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """theta and std of everybody, the better the later."""
    thetas, stds = {}, {}
    for name, true in (run.theta_true or {}).items():
        std = 1.0 / np.sqrt(1.0 / 3.2**2 + k / np.array([0.5, 0.9, 0.25, 0.4]) ** 2)
        theta = np.array(true) * (1.0 - 0.5 / k) + 0.8 * std * rng.standard_normal(4)
        thetas[name], stds[name] = theta.tolist(), std.tolist()
    return thetas, stds


def _paths(k: int, rng: np.random.Generator, people: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Robot and people (N, 3): the robot's detour and delay grow with the episode k."""
    t = np.arange(0.0, 7.0, 0.05)
    skill = 1.0 - math.exp(-k / 5)
    x0, y0 = -2.5 + rng.uniform(-0.3, 0.3), rng.uniform(-0.15, 0.15)
    x = np.minimum(x0 + 0.95 * (t - 1.4 * skill * (1 - np.exp(-t / 2))), 2.4)
    y = y0 * np.exp(-t) - 0.9 * skill * np.exp(-0.5 * ((x + 0.1) / 0.8) ** 2)
    walks = []
    for p in range(people):
        hx0, hy0 = rng.uniform(-0.25, 0.25) + 0.7 * p, -3.4 + rng.uniform(-0.4, 0.4)
        hy = np.minimum(hy0 + 1.15 * np.maximum(t - BEHIND_S * p, 0.0), 3.4)
        hx = hx0 * np.exp(-t / 4) + 0.35 * (1.1 - skill) * np.exp(-0.5 * (hy / 0.8) ** 2)
        walks.append(np.stack([t, hx, hy], 1))
    return np.stack([t, x, y], 1), walks
