"""How a robot drove among people, under the names of social navigation (Francis et al. 2025).

"Principles and guidelines for evaluating social robot navigation algorithms", first out in 2023.
An episode lasts as long as its arrays: who drives on or stands in the way after arriving still
meets people. Only what the robot itself does on its way (time to goal, path length, SPL, jerk)
ends at its arrival. What happens to a step is told by the sample at its end, so that times add up
to the duration; nothing is looked up between samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.metrics.trajectory import CLOCK_S, Trajectory

INTIMATE_M, PERSONAL_M, SOCIAL_M = 0.45, 1.2, 3.6
"""Where a person's spaces end, from centre to centre (Hall 1966: 18 inches, 4 and 12 feet)."""
DISCOMFORT_M = 0.2
"""Between surfaces, nearer than which people are uncomfortable (CrowdNav, Chen et al. 2019)."""


@dataclass(frozen=True)
class SocialMetrics:
    """One episode; nan where a figure is not defined.

    success: at the goal in time, having touched nobody; collisions: distinct contacts
    timeout: the time limit was reached without arrival or collision; none of the three: cut off
    time_to_goal_s: nan of failures; path_length_m; spl: in [0, 1]
    min_distance_m: between surfaces, negative in contact, infinite with nobody there
    intimate_s, personal_s, social_s: time in the nearest person's space, by centre distance [s]
    jerk_rms_m_s3: nan with fewer than four samples
    min_ttc_s: infinite where nobody was ever on a collision course
    discomfort_share: of the steps; discomfort_distance_m: nan where it is 0
    """

    success: bool
    collision: bool
    collisions: int
    timeout: bool
    duration_s: float
    time_to_goal_s: float
    path_length_m: float
    spl: float
    min_distance_m: float
    intimate_s: float
    personal_s: float
    social_s: float
    jerk_rms_m_s3: float
    min_ttc_s: float
    discomfort_share: float
    discomfort_distance_m: float


@dataclass(frozen=True)
class SocialSummary:
    """Many episodes: rates, means over the episodes in which a figure is finite, and how many.

    mean: nan where a figure is finite nowhere; defined: by the same names
    """

    episodes: int
    success_rate: float
    collision_rate: float
    timeout_rate: float
    mean: dict[str, float]
    defined: dict[str, int]


def social_metrics(trajectory: Trajectory) -> SocialMetrics:
    """All figures of one episode."""
    count = collisions(trajectory)
    success = trajectory.arrival is not None and count == 0
    late = trajectory.duration_s >= trajectory.time_limit_s - CLOCK_S
    intimate_s, personal_s, social_s = time_in_spaces_s(trajectory)
    share, distance_m = discomfort(trajectory)
    way, dt_s = trajectory.way, trajectory.dt_s
    return SocialMetrics(
        success=success,
        collision=count > 0,
        collisions=count,
        timeout=late and trajectory.arrival is None and count == 0,
        duration_s=trajectory.duration_s,
        time_to_goal_s=(len(way) - 1) * dt_s if success else math.nan,
        path_length_m=path_length_m(way),
        spl=spl(trajectory) if success else 0.0,
        min_distance_m=float(trajectory.gap_m.min(initial=math.inf)),
        intimate_s=intimate_s,
        personal_s=personal_s,
        social_s=social_s,
        jerk_rms_m_s3=jerk_rms(way, dt_s),
        min_ttc_s=min_time_to_collision_s(trajectory),
        discomfort_share=share,
        discomfort_distance_m=distance_m,
    )


def summarise(episodes: Sequence[SocialMetrics]) -> SocialSummary:
    """Rates and means over episodes; raises InputError where there is none.

    The mean SPL counts failures as 0 (Anderson et al. 2018), the mean time to goal leaves them out;
    every episode weighs alike, however long.
    """
    if not episodes:
        raise InputError("no episodes: give at least one")
    values = {
        f.name: np.array([getattr(e, f.name) for e in episodes], dtype=np.float64)
        for f in fields(SocialMetrics)
    }
    finite = {name: value[np.isfinite(value)] for name, value in values.items()}
    mean = {name: float(v.mean()) if len(v) else math.nan for name, v in finite.items()}
    return SocialSummary(
        episodes=len(episodes),
        success_rate=mean.pop("success"),
        collision_rate=mean.pop("collision"),
        timeout_rate=mean.pop("timeout"),
        mean=mean,
        defined={name: len(finite[name]) for name in mean},
    )


def collisions(trajectory: Trajectory) -> int:
    """Distinct contacts: each unbroken run of samples in which one person's surface is overlapped.

    "Human collisions" of Francis et al. 2025; two people touched at once are two.
    """
    touched = trajectory.gap_m < 0.0
    began = touched[1:] & ~touched[:-1]
    return int(touched[0].sum() + began.sum())


def path_length_m(way: Array) -> float:
    """Sum of the steps' lengths [m] (Francis et al. 2025).  way: (N, 2) [m]"""
    return float(np.linalg.norm(np.diff(way, axis=0), axis=-1).sum())


def spl(trajectory: Trajectory) -> float:
    """Success weighted by path length, of an episode that succeeded: l / max(p, l), in (0, 1].

    Anderson et al. 2018, "On evaluation of embodied navigation agents".
    l: shortest way from the start to the goal itself; p: driven, up to the goal's tolerance, which
    is why a detour shorter than the tolerance is not seen
    """
    straight = float(np.linalg.norm(trajectory.goal - trajectory.robot[0, :2]))
    shortest = straight if trajectory.shortest_m is None else trajectory.shortest_m
    longer = max(path_length_m(trajectory.way), shortest)
    return shortest / longer if longer > 0.0 else 1.0


def time_in_spaces_s(trajectory: Trajectory) -> tuple[float, float, float]:
    """In the intimate, personal and social space of whoever is nearest [s] (Hall 1966).

    The spaces are rings, from centre to centre: below 0.45, from there to 1.2, to 3.6 m. HuNavSim
    (Perez-Higueras et al. 2023) has the same rings, but measures between surfaces.
    """
    nearest = trajectory.apart_m[1:].min(-1, initial=math.inf)
    edges = (0.0, INTIMATE_M, PERSONAL_M, SOCIAL_M)
    inside = [((nearest >= a) & (nearest < b)).sum() for a, b in pairwise(edges)]
    intimate, personal, social = (float(n) * trajectory.dt_s for n in inside)
    return intimate, personal, social


def jerk_rms(way: Array, dt_s: float) -> float:
    """Root mean square of |third difference| / dt^3 [m/s^3]; nan with fewer than four samples.

    Its square is the mean of what Flash and Hogan 1985 integrate along minimum-jerk motion; Francis
    et al. 2025 name jerk and leave the norm open. It grows as noise / dt^3: compare equal dt only.

    way: (N, 2) [m]
    """
    if len(way) < 4:
        return math.nan
    jerk = np.diff(way, n=3, axis=0) / dt_s**3
    return float(np.sqrt(np.square(jerk).sum(-1).mean()))


def min_time_to_collision_s(trajectory: Trajectory) -> float:
    """The least `time_to_collision_s` of all people and samples [s] (Francis et al. 2025).

    Velocities are those of the step that ended; before one was seen in full there is none, and only
    contact counts. 0 where there was a contact, infinite where nobody ever was on a course.
    """
    offset, there = trajectory.offset_m, trajectory.present
    known = there[1:] & there[:-1]
    velocity = np.zeros_like(offset)
    velocity[1:] = np.where(known[..., None], np.diff(offset, axis=0) / trajectory.dt_s, 0.0)
    left = time_to_collision_s(offset, velocity, trajectory.reach_m)
    return float(np.where(there, left, math.inf).min(initial=math.inf))


def time_to_collision_s(offset: Array, velocity: Array, reach_m: Array | float) -> Array:
    """When discs at constant velocity first touch: (...,) [s], 0 in contact, infinite if never.

    The smaller root of |offset + t velocity| = reach (Karamouzas et al. 2014, "Universal power law
    governing pedestrian interactions"), written without dividing by a speed that may be zero.

    offset, velocity: of one relative to the other, (..., 2) [m], [m/s]; reach_m: sum of radii
    """
    a, b = np.square(velocity).sum(-1), (offset * velocity).sum(-1)
    c = np.square(offset).sum(-1) - np.square(reach_m)
    root = b**2 - a * c
    meet = (b < 0.0) & (root >= 0.0)
    below = np.where(meet, np.sqrt(np.maximum(root, 0.0)) - b, 1.0)
    return np.where(c <= 0.0, 0.0, np.where(meet, c / below, math.inf))


def discomfort(trajectory: Trajectory) -> tuple[float, float]:
    """Share of the steps nearer than 0.2 m to somebody's surface, and the mean distance then [m].

    CrowdNav (Chen et al. 2019), whose episodes end at a contact; here steps in contact count, with
    their negative distance. nan for the distance where there is no such step.
    """
    nearest = trajectory.gap_m[1:].min(-1, initial=math.inf)
    near = nearest < DISCOMFORT_M
    return float(near.mean()), float(nearest[near].mean()) if near.any() else math.nan
