"""Records as JSON in std_msgs/String: which there are, and what has to be in them."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

EPISODE = "bisirl.episode/2"
INTENT = "bisirl.intent/1"
LEARNING = "bisirl.learning/2"
EVALUATION = "bisirl.evaluation/2"
TRUTH = "bisirl.truth/2"
INTERVENTION = "bisirl.intervention/1"


def read_json(
    message: Any, schema: str, where: str, needed: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The record in a JSON message; raises InputError for another schema or a missing field."""
    try:
        record = json.loads(message.data)
        found = record.get("schema")
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{where}: not a JSON record ({error})") from error
    if found != schema:
        raise InputError(f"{where}: schema {found}, expected {schema}")
    missing = [name for name in needed if name not in record]
    if missing:
        raise InputError(f"{where}: a record without '{missing[0]}'")
    return dict(record)


def read_episode(message: Any) -> dict[str, Any]:
    """A record of topic `episode`; raises InputError where a field is missing or nonsense.

    event: str; episode: int; stamp_s: float [s]; route: (L, 2) the robot's [m], None where not
    told; goals: (G, 2) where each person may be going, by identity [m]; and what else is told
    """
    record = read_json(message, EPISODE, "episode")
    try:
        stamp = float(record["stamp_s"])
        known = {"event": str(record["event"]), "episode": int(record["episode"])}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"episode: a record without a proper {error}") from error
    if not math.isfinite(stamp):
        raise InputError("episode: stamp_s is not finite")
    route = record.get("route")
    goals = _by_identity(record.get("goals") or {}, "episode: goals")
    return {
        **record,
        **known,
        "stamp_s": stamp,
        "route": None if route is None else _points(route, "episode: route"),
        "goals": {name: _points(some, f"episode: goals of {name}") for name, some in goals.items()},
    }


def read_intent(message: Any) -> tuple[int, float, dict[str, Array]]:
    """Topic `people/intent`: episode, its stamp_s [s], and where each person goes, (2,) [m].

    Raises InputError where a field is missing or nonsense.
    """
    record = read_json(message, INTENT, "people/intent")
    goals = _by_identity(record.get("goals"), "people/intent: goals")
    try:
        episode, stamp = int(record["episode"]), float(record["stamp_s"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"people/intent: a record without a proper {error}") from error
    told = {name: _points([goal], f"people/intent: {name}")[0] for name, goal in goals.items()}
    return episode, stamp, told


def read_truth(message: Any) -> dict[str, list[float]]:
    """Topic `people/truth`: each person's true weights (n,), by identity.

    Raises InputError where they are missing or nonsense.
    """
    record = read_json(message, TRUTH, "people/truth")
    theta = _by_identity(record.get("theta"), "people/truth: theta")
    try:
        return {name: [float(v) for v in values] for name, values in theta.items()}
    except (TypeError, ValueError) as error:
        raise InputError(f"people/truth: weights that are no numbers ({error})") from error


def read_estimates(
    record: dict[str, Any], n_features: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Everybody's theta and std (n,) in a record of topic `learning`, by identity; NaN: unknown.

    Raises InputError where they are missing or nonsense, or as many as in another scenario.
    """
    people = _by_identity(record.get("people"), "learning: people")
    found: list[dict[str, list[float]]] = []
    for what in ("theta", "std"):
        try:
            found.append({name: _weights(of[what]) for name, of in people.items()})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"learning: people without a proper {what} ({error})") from error
        if any(len(values) != n_features for values in found[-1].values()):
            raise InputError(f"learning: {what} has not {n_features} values; check the namespace")
    return found[0], found[1]


def _weights(values: Any) -> list[float]:
    return [math.nan if v is None else float(v) for v in values]


def _by_identity(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected values by identity, got {type(value).__name__}")
    return value


def _points(value: Any, where: str) -> Array:
    """Points (L, 2) [m], at least one."""
    try:
        points = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: expected points x, y ({error})") from error
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise InputError(f"{where}: shape {points.shape}; give at least one point x, y")
    if not np.isfinite(points).all():
        raise InputError(f"{where}: holds a value that is not finite")
    return points
