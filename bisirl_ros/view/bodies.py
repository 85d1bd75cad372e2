"""The robot and people as Foxglove draws them: where they are, face and came along."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Iterator

import numpy as np

from bisirl_ros.report.plot_style import INK, PEOPLE, ROBOT
from bisirl_ros.view.clock import Clock
from bisirl_ros.view.foxglove import (
    Body,
    Told,
    arrow,
    colour,
    cylinder,
    entity,
    label,
    line,
    pose,
    scene,
    transform,
)
from bisirl_ros.view.scene import Scene
from bisirl_ros.view.track import GAP_S, Track

RADIUS_M, HEIGHT_M = 0.25, 0.2
"""Of a body; the radius where no scenario tells it."""
PATH_S, PATH_EVERY_S = 30.0, 0.5
"""How much of the robot's path is drawn, and how often it is drawn anew."""
AHEAD_S, STANDING_MPS = 0.6, 0.05
"""So far goes an arrow along a velocity; slower than this there is none."""
CHI_95 = math.sqrt(5.991)
"""Stds to the edge of the ellipse that holds 95 % of a normal distribution in the plane."""
AT_GOAL_M = 0.05


def thinned(track: Track) -> Track:
    """Ten samples a second."""
    return track.thinned(sys.maxsize)


def colours(shown: Scene) -> dict[str, str]:
    """Everybody's, the same as on the page."""
    return {name: PEOPLE[i % len(PEOPLE)] for i, name in enumerate(shown.names)}


def robot(shown: Scene) -> Iterator[Told]:
    """On /robot, and the frame "robot"."""
    clock, track = Clock(shown), thinned(shown.robot)
    radius = shown.plan.robot_radius_m or RADIUS_M
    for t, x, y, yaw in zip(track.time_s, *_columns(track, "x", "y", "yaw"), strict=True):
        now = clock(t)
        body = cylinder(
            pose(x, y, HEIGHT_M / 2, yaw), (2 * radius, 2 * radius, HEIGHT_M), colour(ROBOT, 0.8)
        )
        ahead = arrow(pose(x, y, HEIGHT_M, yaw), 1.6 * radius, 0.8 * radius, colour(INK))
        yield scene(now, "/robot", entity(now, "robot", GAP_S, cylinders=[body], arrows=[ahead]))
        yield transform(now, "robot", x, y, yaw)


def path(shown: Scene) -> Iterator[Told]:
    """On /robot/path: where the robot went lately, since it was last away or put elsewhere."""
    clock, track = Clock(shown), thinned(shown.robot)
    if not len(track):
        return
    points = np.stack(_columns(track, "x", "y"), -1)
    since = np.searchsorted(track.time_s, track.time_s - PATH_S)
    told_s, anew = -math.inf, {*track.pieces, len(track) - 1}
    for i, t in enumerate(track.time_s):
        if t - told_s < PATH_EVERY_S and i not in anew:
            continue
        told_s = t
        piece = track.pieces[bisect_right(track.pieces, i) - 1]
        went = points[max(piece, since[i]) : i + 1]
        ways = [line(went, 0.02, 0.04, colour(ROBOT))] if len(went) > 1 else []
        yield scene(clock(t), "/robot/path", entity(clock(t), "path", lines=ways))


def person(shown: Scene, track: Track) -> Iterator[Told]:
    """On /people/NAME, and the frame "people/NAME", whose x axis is their way to their goal."""
    clock, name, track = Clock(shown), track.name, thinned(track)
    look, radius = colours(shown)[name], shown.plan.person_radius_m or RADIUS_M
    columns = _columns(track, "x", "y", "vx", "vy", "xx", "xy", "yy")
    for t, x, y, vx, vy, *spread in zip(track.time_s, *columns, strict=True):
        now, top = clock(t), HEIGHT_M + 0.01
        body = cylinder(
            pose(x, y, HEIGHT_M / 2), (2 * radius, 2 * radius, HEIGHT_M), colour(look, 0.8)
        )
        yield scene(
            now,
            f"/people/{name}",
            entity(
                now,
                name,
                GAP_S,
                cylinders=[body, *_ellipse(x, y, top, *spread)],
                arrows=_velocity(x, y, top, vx, vy),
                texts=[label(x, y, 3 * HEIGHT_M, name, colour(INK))],
            ),
        )
        yield transform(now, f"people/{name}", x, y, _heading(shown, name, t, (x, y, vx, vy)))


def _ellipse(x: float, y: float, z: float, xx: float, xy: float, yy: float) -> list[Body]:
    """Of 95 % of where somebody may be, as a flat disc; none where that is not known."""
    middle, apart = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    if not 0 < middle + apart < math.inf:
        return []
    long = 2 * CHI_95 * math.sqrt(middle + apart)
    short = 2 * CHI_95 * math.sqrt(max(middle - apart, 0.0))
    yaw = 0.5 * math.atan2(2 * xy, xx - yy)
    return [cylinder(pose(x, y, z, yaw), (long, max(short, 0.01), 0.01), colour(INK, 0.35))]


def _velocity(x: float, y: float, z: float, vx: float, vy: float) -> list[Body]:
    speed = math.hypot(vx, vy)
    if not speed > STANDING_MPS:
        return []
    return [arrow(pose(x, y, z, math.atan2(vy, vx)), AHEAD_S * speed, 0.1, colour(INK))]


def _heading(
    shown: Scene, name: str, time_s: float, state: tuple[float, float, float, float]
) -> float:
    """Towards a person's only goal, else the way they walk."""
    x, y, vx, vy = state
    index = bisect_right(shown.goals, time_s, key=lambda told: told.time_s) - 1
    goals = shown.goals[index].goals.get(name) if index >= 0 else None
    if goals is not None and len(goals) == 1:
        dx, dy = goals[0][0] - x, goals[0][1] - y
        if math.hypot(dx, dy) > AT_GOAL_M:
            return math.atan2(dy, dx)
    return math.atan2(vy, vx) if math.isfinite(vx + vy) else 0.0


def _columns(track: Track, *names: str) -> list[list[float]]:
    """NaN for what the track does not tell."""
    unknown = np.full(len(track), np.nan)
    return [track.columns.get(name, unknown).tolist() for name in names]
