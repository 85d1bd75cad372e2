"""A scene as messages that Foxglove shows, in order of time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence

import numpy as np

from bisirl_ros.control.faults import Reaction
from bisirl_ros.core.arrays import Array
from bisirl_ros.report.plot_style import GREY, INK, PERSON, ROBOT
from bisirl_ros.report.record import INTERVAL_STDS
from bisirl_ros.view import bodies
from bisirl_ros.view.as_json import LEAST_STRENGTH
from bisirl_ros.view.clock import Clock
from bisirl_ros.view.foxglove import (
    ERROR,
    INFO,
    PAIRS,
    WARNING,
    Body,
    Told,
    colour,
    cylinder,
    entity,
    line,
    log,
    pose,
    scene,
)
from bisirl_ros.view.foxglove_schemas import VELOCITY, WEIGHTS
from bisirl_ros.view.reward_grid import reward
from bisirl_ros.view.scene import Event, Scene
from bisirl_ros.view.track import Track

FAN_S = 1.2
"""A predicted motion is not drawn for longer."""
WALL_M, CROSS_M = 0.06, 0.15
"""Width of walls; from a goal to the end of the cross on it."""


def messages(shown: Scene) -> Iterator[Told]:
    """Every message, none earlier than the one before it."""
    streams: list[Iterator[Told]] = [
        _room(shown),
        _notes(shown),
        _events(shown),
        _routes(shown),
        _goals(shown),
        _predictions(shown),
        _weights(shown),
        _velocity(shown, "/bisirl/robot", shown.robot),
        _velocity(shown, "/bisirl/command", shown.command),
        bodies.robot(shown),
        bodies.path(shown),
        *(bodies.person(shown, track) for track in shown.people),
        *(reward(shown, track) for track in shown.people),
    ]
    return heapq.merge(*streams, key=lambda told: told.time_ns)


def _room(shown: Scene) -> Iterator[Told]:
    """On /room: walls and discs, for good."""
    plan, now = shown.plan, Clock(shown)(0.0)
    walls = line(np.array(plan.walls).reshape(-1, 2), 0.0, WALL_M, colour(INK), PAIRS)
    discs = [
        cylinder(pose(x, y), (2 * radius, 2 * radius, WALL_M), colour(GREY))
        for x, y, radius in plan.discs
    ]
    if plan.walls or discs:
        lines = [walls] if plan.walls else []
        yield scene(now, "/room", entity(now, "room", lines=lines, cylinders=discs))


def _notes(shown: Scene) -> Iterator[Told]:
    """In the log, at the beginning: what has to be said of it."""
    lacks = [f"not in this source: {', '.join(shown.missing)}"] if shown.missing else []
    for said in (*lacks, *shown.notes):
        yield log(Clock(shown)(0.0), "/bisirl/events", INFO, "note", said)


def _events(shown: Scene) -> Iterator[Told]:
    """In the log, when they began; what lasted says how long."""
    clock = Clock(shown)
    for event in shown.events:
        lasted_s = event.until_s - event.time_s
        said = f"{event.text} ({lasted_s:.1f} s)" if lasted_s > 0 else event.text
        yield log(clock(event.time_s), "/bisirl/events", _level(event), event.kind, said)


def _level(event: Event) -> int:
    if event.strength >= Reaction.STOP:
        return ERROR
    harmless = event.usual or (event.kind == "episode" and "collision" not in event.text)
    return INFO if harmless else WARNING


def _routes(shown: Scene) -> Iterator[Told]:
    """On /route: where the robot is sent along."""
    clock = Clock(shown)
    for route in shown.routes:
        now, points = clock(route.time_s), np.asarray(route.points)
        lines = [line(points, 0.01, 0.03, colour(ROBOT, 0.5))] if len(points) > 1 else []
        lines.append(_cross(points[-1:], ROBOT))
        yield scene(now, "/route", entity(now, "route", lines=lines))


def _goals(shown: Scene) -> Iterator[Told]:
    """On /goals: a cross on each that somebody may be going to."""
    clock, looks = Clock(shown), bodies.colours(shown)
    for told in shown.goals:
        now = clock(told.time_s)
        crosses = [
            entity(now, name, lines=[_cross(goals, looks.get(name, PERSON))])
            for name, goals in told.goals.items()
        ]
        yield scene(now, "/goals", *crosses)


def _cross(places: Array, look: str) -> Body:
    """On each of (G, 2) places."""
    arms = CROSS_M * np.array([(-1, -1), (1, 1), (-1, 1), (1, -1)])
    ends = (np.asarray(places)[:, None] + arms).reshape(-1, 2)
    return line(ends, 0.01, 0.03, colour(look), PAIRS)


def _predictions(shown: Scene) -> Iterator[Told]:
    """On /predicted_motion: a line a motion, the fainter the less likely."""
    clock, looks = Clock(shown), bodies.colours(shown)
    for told in shown.predictions:
        now = clock(told.time_s)
        fans = [
            entity(now, name, FAN_S, lines=_fan(paths, looks.get(name, PERSON)))
            for name, paths in told.paths.items()
        ]
        yield scene(now, "/predicted_motion", *fans)


def _fan(paths: Sequence[tuple[float, Array]], look: str) -> list[Body]:
    return [
        line(points, 0.03, 0.03, colour(look, 0.15 + 0.55 * strength))
        for strength, points in paths
        if strength >= LEAST_STRENGTH
    ]


def _weights(shown: Scene) -> Iterator[Told]:
    """On /bisirl/weights, by name and feature: with the 95 % interval, and the truth if known."""
    clock = Clock(shown)
    for estimate in shown.estimates:
        kinds = (estimate.theta, estimate.std, shown.truth)
        body = {
            name: {
                feature: _weight(*(_at(known.get(name), i) for known in kinds))
                for i, feature in enumerate(shown.features)
            }
            for name in estimate.theta
        }
        yield Told(clock(estimate.time_s), "/bisirl/weights", WEIGHTS, body)


def _at(values: Sequence[float | None] | None, i: int) -> float:
    """NaN for what is not known."""
    value = values[i] if values and i < len(values) else None
    return math.nan if value is None else value


def _weight(theta: float, std: float, true: float) -> Body:
    """What is not known is left out."""
    half = INTERVAL_STDS * std
    told = {"theta": theta, "std": std, "low": theta - half, "high": theta + half, "true": true}
    return {key: round(value, 4) for key, value in told.items() if math.isfinite(value)}


def _velocity(shown: Scene, topic: str, track: Track) -> Iterator[Told]:
    """v [m/s] and w [rad/s], as the robot drove or was told to."""
    clock, track = Clock(shown), bodies.thinned(track)
    columns = {name: track.columns[name] for name in ("v", "w") if name in track.columns}
    for i, t in enumerate(track.time_s):
        figures = {name: float(values[i]) for name, values in columns.items()}
        known = {name: round(value, 4) for name, value in figures.items() if math.isfinite(value)}
        yield Told(clock(t), topic, VELOCITY, known)
