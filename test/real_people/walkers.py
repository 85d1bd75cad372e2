"""Made-up people who walk past a robot: three scenes of two recordings of three people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.importing.recording import Recording
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.offered import DESIGNS, offered
from bisirl_ros.real_people.seen import Seen
from bisirl_ros.real_people.walks import SceneRecording, Walks

FEATURES = (
    FeatureSpec("progress"),
    FeatureSpec("persistence", 0.1),
    FeatureSpec("effort"),
    FeatureSpec("proximity", 0.8),
    FeatureSpec("person_proximity", 0.8),
)
HALF = tuple((share, replace(d, count=d.count // 2)) for share, d in DESIGNS)
PERSON = Person(
    FEATURES,
    decision_period_s=1.0,
    horizon=3,
    discount=0.8,
    lag_s=0.01,
    preferred_speed=1.0,
    max_speed=2.5,
)
SCENES = ("01", "04", "09")
GOALS = np.array([[7.0, 0.0], [0.0, 7.0], [-7.0, -1.0]])
POINTS = 14


def recording(
    name: str, people: Mapping[str, Array], robot: Array | None = None, scene: str = "01"
) -> SceneRecording:
    """Tracks, and a robot, as one recording of a scene."""
    return SceneRecording(
        scene, Path(f"{scene}_{name}.csv"), Recording(name, "map", 0, {**people}, robot)
    )


def track(stamp: Sequence[float] | Array, places: Sequence[Sequence[float]] | Array) -> Array:
    """(N, 3)."""
    return np.column_stack([np.asarray(stamp, float), np.asarray(places, float)])


def straight(
    stamp: Sequence[float] | Array, velocity: Sequence[float], begin: Sequence[float]
) -> Array:
    """Somebody who keeps their velocity: (N, 3)."""
    time = np.asarray(stamp, float)
    return track(time, np.array(begin) + time[:, None] * np.array(velocity))


def driven(stamp: Sequence[float] | Array, places: Sequence[Sequence[float]] | Array) -> Array:
    """A robot that heads along x: (T, 4)."""
    return np.column_stack([track(stamp, places), np.zeros(len(np.asarray(stamp)))])


def recordings(seed: int = 0, robot: bool = True) -> list[SceneRecording]:
    """All of them; 216 decisions, of people who shun the robot a little."""
    rng = np.random.default_rng(seed)
    found = []
    for scene in SCENES:
        for run in range(2):
            time = 0.1 * np.arange(10 * POINTS - 9)
            begin, across = rng.uniform(-6.0, -4.0), rng.uniform(-1.0, 1.0)
            way = np.stack([begin + 0.8 * time, np.full(len(time), across)], -1)
            people = {f"person_{i}": _walk(rng, way[::10]) for i in range(1, 4)}
            found.append(
                recording(f"run_{run}", people, driven(time, way) if robot else None, scene)
            )
    return found


def _walk(rng: np.random.Generator, robot: Array) -> Array:
    """POINTS points a second apart, from the other side to a goal."""
    goal = GOALS[rng.integers(len(GOALS))] + rng.normal(0.0, 0.3, 2)
    place = -goal + rng.normal(0.0, 0.5, 2)
    velocity, places = -1.1 * place / np.linalg.norm(place), []
    for at in robot:
        places.append(place)
        off, to_goal = place - at, goal - place
        wanted = 1.1 * to_goal / max(float(np.linalg.norm(to_goal)), 1.0)
        shun = 0.4 * np.exp(-np.linalg.norm(off)) * off / np.linalg.norm(off)
        velocity = 0.6 * velocity + 0.4 * wanted + shun + rng.normal(0.0, 0.08, 2)
        place = place + velocity
    return track(np.arange(POINTS), np.array(places))


def walks(
    velocity: Array,
    chosen: Array,
    place: Array | None = None,
    walk: Array | None = None,
    ahead: Array | None = None,
    others: Array | None = None,
) -> Walks:
    """N decisions as told, one a second, of one scene; the robot is where it is seen first."""
    count = len(velocity)
    number = np.zeros(count, np.intp) if walk is None else np.asarray(walk, np.intp)
    many = int(number.max()) + 1
    place = np.zeros((count, 2)) if place is None else place
    ahead = np.full((count, 3, 2), 1e3) if ahead is None else ahead
    others = np.zeros((count, 0, 4)) if others is None else others
    return Walks(
        number,
        np.arange(count, dtype=float),
        Seen(place, velocity, others, ahead),
        chosen,
        ahead[:, 0],
        ("01",) * many,
        tuple(f"person_{i}" for i in range(many)),
        ("run",) * many,
        np.zeros((many, 2)),
        np.zeros((many, 2)),
    )


def chosen_of(walks: Walks) -> Chosen:
    """As PERSON looks at them, beside half as many velocities as usual."""
    return Chosen.by(PERSON, walks, offered(walks.seen.velocity, PERSON.max_speed, HALF))
