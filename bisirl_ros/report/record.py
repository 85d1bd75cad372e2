"""What a run leaves behind: records that are filled episode by episode, and their summary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import numpy.typing as npt

from bisirl_ros.core import metrics
from bisirl_ros.io.plain import json_ready
from bisirl_ros.report.percentiles import Percentiles, percentiles, worst_of

if TYPE_CHECKING:
    from bisirl_ros.crowd.scenario import Scenario
    from bisirl_ros.io.reward_file import LearnedReward

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


Weights = dict[str, list[float]]
"""Somebody's weights (n,), by identity."""


def no_path() -> Array:
    """Nobody was seen anywhere: (0, 3)."""
    return np.empty((0, 3))


@dataclass(eq=False)
class EpisodeRecord:
    """One episode, and what was learned after it.

    outcome: "arrived", "collision", "timeout", None where the episode was cut off
    min_distance_m: smallest distance between the centres [m]; return_: the robot's
    theta, theta_std: (n,) estimate of everybody who was met so far, by identity
    misfit: in what those differ, by identity, who behave as no reward here explains
    structure: in which way each decides who does not as given; timing: how all keep time, ""
    where as given
    errors: ||theta - theta_true|| / ||theta_true|| of each person; relative_error: their mean
    outer_updates: policy updates so far; objective: f(phi, theta)
    decisions, held_out: in the episode, and their mean log-likelihood before it was learned from
    inner_s, update_s: time of the inner solve and of each outer update after the episode [s]
    control_period_ms: measured time between two commands [ms]
    people_paths, robot_path: (N, 3) t, x, y [s, m, m] of each person, and of the robot
    route: (L, 2) the robot's; goals: (G, 2) where each person may have been going, by identity [m]
    """

    episode: int
    outcome: str | None = None
    min_distance_m: float | None = None
    duration_s: float | None = None
    return_: float | None = None
    relative_error: float | None = None
    errors: dict[str, float] = field(default_factory=dict)
    theta: Weights | None = None
    theta_std: Weights | None = None
    misfit: dict[str, str] = field(default_factory=dict)
    structure: dict[str, str] = field(default_factory=dict)
    timing: str = ""
    inner: InnerLoop | None = None
    outer_updates: int = 0
    objective: float | None = None
    decisions: int = 0
    held_out: float | None = None
    inner_s: float | None = None
    update_s: list[float] = field(default_factory=list)
    control_period_ms: Percentiles | None = None
    policy_version: int = 0
    people_paths: dict[str, Array] = field(default_factory=dict)
    robot_path: Array = field(default_factory=no_path)
    route: Array | None = None
    goals: dict[str, Array] = field(default_factory=dict)


@dataclass(eq=False)
class RunRecord:
    """One run.

    theta_true: (n,) of each person where they are simulated, by identity
    oracle_return: of the policy that knows it
    late_return: of the last deployed policies, played as oracle_return is; other_returns: of
    policies that lack something, played alike; wall_s [s]
    reward: of people, for others to start from, where people teach about people
    """

    scenario: Scenario
    seed: int
    backend: str = ""
    device: str = "cpu"
    episodes: list[EpisodeRecord] = field(default_factory=list)
    theta_true: Weights | None = None
    oracle_return: float | None = None
    late_return: float | None = None
    other_returns: dict[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    interrupted: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    reward: LearnedReward | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The scenario's people, or whoever was met where those are others."""
        last, expected = self.estimated, self.scenario.identities
        met = () if last is None or last.theta is None else tuple(last.theta)
        return expected if not met or set(met) & set(expected) else met

    @property
    def estimated(self) -> EpisodeRecord | None:
        """The last episode after which there was an estimate, None before the first."""
        return next((e for e in reversed(self.episodes) if e.theta is not None), None)


def summary(run: RunRecord) -> dict[str, Any]:
    """The run as JSON-ready values: None for what is unknown, NaN or infinite.

    Lists hold one entry per episode. What is known of people is by identity: one entry per weight.
    """
    episodes, last = run.episodes, run.estimated
    whole = {
        "scenario": run.scenario.name,
        "seed": run.seed,
        "episodes": len(episodes),
        "interrupted": run.interrupted,
        "people": run.scenario.people,
        "drive": run.scenario.robot.drive,
        "feature_names": run.scenario.feature_names,
        "theta_true": run.theta_true,
        "theta_hat": last and last.theta,
        "theta_std": last and last.theta_std,
        "misfit": last and last.misfit,
        "structure": last and last.structure,
        "timing": last and last.timing,
        "covered": covered(run),
        "errors": errors(run),
        "relative_error": relative_error(run),
        "oracle_return": run.oracle_return,
        "late_return": run.late_return,
        "held_out": held_out(run),
        "other_returns": run.other_returns,
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
        "decisions": [e.decisions for e in episodes],
        "held_outs": [e.held_out for e in episodes],
        "policy_versions": [e.policy_version for e in episodes],
        "inner": [e.inner for e in episodes],
    }
    ready: dict[str, Any] = json_ready({**whole, **each})
    return ready


def covered(run: RunRecord) -> dict[str, list[bool | None]] | None:
    """Per person and weight, whether the truth is within 1.96 std of the last estimate.

    None where it is unknown; people of whom there is no estimate are left out.
    """
    last, true = run.estimated, run.theta_true
    if true is None or last is None or last.theta is None or last.theta_std is None:
        return None
    return {
        name: _inside(last.theta[name], true[name], last.theta_std[name])
        for name in true
        if name in last.theta and name in last.theta_std
    }


def _inside(theta: list[float], true: list[float], std: list[float]) -> list[bool | None]:
    return [
        abs(hat - t) <= INTERVAL_STDS * s if math.isfinite(hat + t + s) else None
        for hat, t, s in zip(theta, true, std, strict=True)
    ]


def errors(run: RunRecord) -> dict[str, float] | None:
    """Of the last estimate, by identity: as recorded, else computed; None where it is unknown."""
    last, true = run.estimated, run.theta_true
    if last is not None and last.errors:
        return dict(last.errors)
    if last is None or last.theta is None or true is None:
        return None
    return {
        name: metrics.relative_error(np.array(last.theta[name]), np.array(true[name]))
        for name in true
        if name in last.theta and any(true[name])
    }


def relative_error(run: RunRecord) -> float | None:
    """Mean over people of the last estimate's: as recorded, else computed; None if unknown."""
    last = run.estimated
    if last is not None and last.relative_error is not None:
        return last.relative_error
    found = errors(run)
    return float(np.mean(list(found.values()))) if found else None


def held_out(run: RunRecord) -> float | None:
    """Mean log-likelihood per decision of all episodes but the first, each before it was learned
    from; None where there are none."""
    return metrics.held_out_mean((e.decisions, e.held_out) for e in run.episodes)


def collisions(episodes: Iterable[EpisodeRecord]) -> int:
    """How many of the episodes ended in a collision."""
    return sum(e.outcome == COLLISION for e in episodes)


def control_period_ms(episodes: Sequence[EpisodeRecord]) -> Percentiles:
    """Of the run: median of the episodes' medians, and the worst of their p99 and of their max."""
    return worst_of(e.control_period_ms for e in episodes)
