"""What a run leaves behind: records that are filled episode by episode, and their summary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from bisirl_ros.core import metrics
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.io.plain import json_ready

Array = npt.NDArray[np.float64]

COLLISION = "collision"
CONVERGED = "converged"
INTERVAL_STDS = 1.96
"""Half width of a 95 % interval in standard deviations."""


class InnerLoop(TypedDict):
    """How the inner loop ended: a core `Status` value, Newton steps, ||grad g||."""

    status: str
    iterations: int
    grad_norm: float


class Percentiles(TypedDict):
    """Median, 99th percentile and largest of some times; None where nothing was measured."""

    p50: float | None
    p99: float | None
    max: float | None


def _no_path() -> Array:
    return np.empty((0, 3))


@dataclass(eq=False)
class EpisodeRecord:
    """One episode, and what was learned after it.

    outcome: "arrived", "collision", "timeout", None where the episode was cut off
    min_distance_m: smallest distance between the centres [m]; return_: the robot's
    relative_error: ||theta - theta_true|| / ||theta_true||; theta, theta_std: (n,) estimate
    outer_updates: policy updates so far; objective: f(phi, theta)
    inner_s, update_s: time of the inner solve and of each outer update after the episode [s]
    control_period_ms: measured time between two commands [ms]
    human_path, robot_path: (N, 3) t, x, y [s, m, m], frame odom; N may differ between them
    """

    episode: int
    outcome: str | None = None
    min_distance_m: float | None = None
    duration_s: float | None = None
    return_: float | None = None
    relative_error: float | None = None
    theta: list[float] | None = None
    theta_std: list[float] | None = None
    inner: InnerLoop | None = None
    outer_updates: int = 0
    objective: float | None = None
    inner_s: float | None = None
    update_s: list[float] = field(default_factory=list)
    control_period_ms: Percentiles | None = None
    policy_version: int = 0
    human_path: Array = field(default_factory=_no_path)
    robot_path: Array = field(default_factory=_no_path)


@dataclass(eq=False)
class RunRecord:
    """One run.

    theta_true: (n,) where the person is simulated; oracle_return: of the policy that knows it
    late_return: of the last deployed policies, played as oracle_return is; wall_s [s]
    """

    scenario: Scenario
    seed: int
    backend: str = ""
    device: str = "cpu"
    episodes: list[EpisodeRecord] = field(default_factory=list)
    theta_true: list[float] | None = None
    oracle_return: float | None = None
    late_return: float | None = None
    wall_s: float = 0.0
    interrupted: bool = False
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def estimated(self) -> EpisodeRecord | None:
        """The last episode after which there was an estimate, None before the first."""
        return next((e for e in reversed(self.episodes) if e.theta is not None), None)


def summary(run: RunRecord) -> dict[str, Any]:
    """The run as JSON-ready values: None for what is unknown, NaN or infinite.

    Lists hold one entry per episode, except those named after theta: one entry per weight.
    """
    episodes, last = run.episodes, run.estimated
    whole = {
        "scenario": run.scenario.name,
        "seed": run.seed,
        "episodes": len(episodes),
        "interrupted": run.interrupted,
        "feature_names": run.scenario.feature_names,
        "theta_true": run.theta_true,
        "theta_hat": last and last.theta,
        "theta_std": last and last.theta_std,
        "covered": covered(run),
        "relative_error": relative_error(run),
        "oracle_return": run.oracle_return,
        "late_return": run.late_return,
        "collisions": collisions(episodes),
        "contact_distance_m": run.scenario.contact_distance_m,
        "outer_iterations": sum(e.inner is not None for e in episodes),
        "outer_updates": max((e.outer_updates for e in episodes), default=0),
        "inner_s": percentiles(e.inner_s for e in episodes),
        "outer_update_s": percentiles(s for e in episodes for s in e.update_s),
        "control_period_ms": control_period_ms(episodes),
        "wall_s": run.wall_s,
        "backend": run.backend,
        "device": run.device,
        "versions": run.versions,
    }
    each = {
        "outcomes": [e.outcome for e in episodes],
        "returns": [e.return_ for e in episodes],
        "min_distances": [e.min_distance_m for e in episodes],
        "durations_s": [e.duration_s for e in episodes],
        "relative_errors": [e.relative_error for e in episodes],
        "estimates": [e.theta for e in episodes],
        "stds": [e.theta_std for e in episodes],
        "objectives": [e.objective for e in episodes],
        "policy_versions": [e.policy_version for e in episodes],
        "inner": [e.inner for e in episodes],
    }
    ready: dict[str, Any] = json_ready({**whole, **each})
    return ready


def covered(run: RunRecord) -> list[bool | None] | None:
    """Per weight, whether the truth is within 1.96 std of the last estimate; None if unknown."""
    last = run.estimated
    if run.theta_true is None or last is None or not last.theta or last.theta_std is None:
        return None
    triples = zip(last.theta, run.theta_true, last.theta_std, strict=True)
    return [
        abs(hat - true) <= INTERVAL_STDS * std if math.isfinite(hat + true + std) else None
        for hat, true, std in triples
    ]


def relative_error(run: RunRecord) -> float | None:
    """Of the last estimate: as recorded, else ||theta - theta_true|| / ||theta_true||."""
    last = run.estimated
    if last is not None and last.relative_error is not None:
        return last.relative_error
    if last is None or run.theta_true is None or not any(run.theta_true):
        return None
    return metrics.relative_error(np.asarray(last.theta, float), np.asarray(run.theta_true, float))


def collisions(episodes: Iterable[EpisodeRecord]) -> int:
    """How many of the episodes ended in a collision."""
    return sum(e.outcome == COLLISION for e in episodes)


def percentiles(values: Iterable[float | None]) -> Percentiles:
    """Of the finite values; None in each place where there are none."""
    finite = [v for v in values if v is not None and math.isfinite(v)]
    if not finite:
        return {"p50": None, "p99": None, "max": None}
    p50, p99 = np.percentile(finite, (50, 99))
    return {"p50": float(p50), "p99": float(p99), "max": max(finite)}


def control_period_ms(episodes: Sequence[EpisodeRecord]) -> Percentiles:
    """Of the run: median of the episodes' medians, and the worst of their p99 and of their max."""
    known = [e.control_period_ms for e in episodes if e.control_period_ms is not None]
    return {
        "p50": percentiles(p["p50"] for p in known)["p50"],
        "p99": percentiles(p["p99"] for p in known)["max"],
        "max": percentiles(p["max"] for p in known)["max"],
    }


def closest_approach(episode: EpisodeRecord) -> tuple[float, Array, Array] | None:
    """When the centres were closest [s], and the human's and the robot's x, y (2,) then [m].

    The sparser path is interpolated at the instants of both; None where they share no time.
    """
    human, robot = finite_rows(episode.human_path), finite_rows(episode.robot_path)
    if not len(human) or not len(robot):
        return None
    t_s = np.union1d(human[:, 0], robot[:, 0])
    begin_s, end_s = max(human[0, 0], robot[0, 0]), min(human[-1, 0], robot[-1, 0])
    t_s = t_s[(t_s >= begin_s) & (t_s <= end_s)]
    if not len(t_s):
        return None
    human_m, robot_m = positions(human, t_s), positions(robot, t_s)
    i = int(np.argmin(np.linalg.norm(human_m - robot_m, axis=1)))
    return float(t_s[i]), human_m[i], robot_m[i]


def positions(path: Array, t_s: Array) -> Array:
    """x, y (T, 2) [m] of a path (N, 3) at the instants t_s (T,) [s], linear in between."""
    return np.stack([np.interp(t_s, path[:, 0], path[:, i]) for i in (1, 2)], axis=1)


def finite_rows(path: Array) -> Array:
    """The rows of a path (N, 3) without NaN or infinity."""
    path = np.asarray(path, float).reshape(-1, 3)
    return path[np.isfinite(path).all(axis=1)]
