"""What a page shows: where everybody was, what was learned, what the robot was held back by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bisirl_ros.core.arrays import Array
from bisirl_ros.view.track import NOBODY, Track

if TYPE_CHECKING:
    from bisirl_ros.crowd.scenario import Scenario

EPISODE, GATE, DOUBT, DRIFT = "episode", "gate", "doubt", "drift"
"""Kinds of events."""
Points = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Plan:
    """The room and the bodies in it: walls x1, y1, x2, y2; discs x, y, radius; bounds x and y from,
    x and y to; radii, all [m]. None, or nothing: not known."""

    walls: Points = ()
    discs: Points = ()
    bounds: tuple[float, float, float, float] | None = None
    robot_radius_m: float | None = None
    person_radius_m: float | None = None

    @staticmethod
    def of(scenario: Scenario) -> Plan:
        """Of a scenario."""
        floor = scenario.floor
        radii = (scenario.robot.radius_m, scenario.person.radius_m)
        return Plan(floor.walls, floor.discs, floor.bounds, *radii)


@dataclass(frozen=True, eq=False)
class Route:
    """From time_s [s] on the robot is sent along points (L, 2) [m]."""

    time_s: float
    points: Array


@dataclass(frozen=True, eq=False)
class Goals:
    """From time_s [s] on each person may be going to one of theirs, (G, 2) [m], by name."""

    time_s: float
    goals: Mapping[str, Array]


@dataclass(frozen=True)
class Estimate:
    """What was learned at time_s [s]: theta and std of each weight, by name; NaN: not known."""

    time_s: float
    theta: Mapping[str, list[float]]
    std: Mapping[str, list[float]]


@dataclass(frozen=True, eq=False)
class Prediction:
    """At time_s [s], by name: where somebody may walk, each a share of the likeliest's probability
    and points (H, 2) [m]."""

    time_s: float
    paths: Mapping[str, list[tuple[float, Array]]]


@dataclass(frozen=True)
class Event:
    """From time_s to until_s [s], the same for a moment; strength: how much the robot is restrained
    (`control.faults.Reaction`); usual: nothing to complain of."""

    time_s: float
    until_s: float
    kind: str
    text: str
    strength: int = 0
    usual: bool = False


@dataclass(frozen=True, eq=False)
class Around:
    """What people lose in a decision by where the robot is, by estimate and name: (2, K).

    At distance step_m * k [m], and b the bearing to the robot from somebody's way to their goal, it
    is [0, k] + sin(b) [1, k]; worst: what is drawn strongest
    """

    step_m: float
    worst: float
    tables: tuple[Mapping[str, Array], ...]


@dataclass(frozen=True, eq=False)
class Scene:
    """What is known of a run or a recording; what is not known is empty, and told in `missing`.

    duration_s: times are from 0 to this [s]; began_s: the time 0, since 1970 [s], None: not known
    command: columns v, w, what was sent [m/s, rad/s]; truth: people's true weights, by name
    notes: what has to be said of it
    """

    title: str
    duration_s: float
    about: str = ""
    began_s: float | None = None
    plan: Plan = Plan()
    robot: Track = NOBODY
    people: tuple[Track, ...] = ()
    command: Track = NOBODY
    routes: tuple[Route, ...] = ()
    goals: tuple[Goals, ...] = ()
    features: tuple[str, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    truth: Mapping[str, list[float]] = field(default_factory=dict)
    predictions: tuple[Prediction, ...] = ()
    events: tuple[Event, ...] = ()
    around: Around | None = None
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who is seen or learned about, in a natural order."""
        seen = {track.name for track in self.people}
        learned = {name for estimate in self.estimates for name in estimate.theta}
        return tuple(sorted(seen | learned, key=lambda name: (len(name), name)))

    @property
    def missing(self) -> tuple[str, ...]:
        """What there is nothing of, in words."""
        told = {
            "the robot's motion": len(self.robot),
            "people's motion": len(self.people),
            "commands": len(self.command),
            "routes": len(self.routes),
            "walls": self.plan != Plan(),
            "weights": len(self.estimates),
            "predicted motion": len(self.predictions),
            "reward around people": self.around is not None,
            "episodes": any(event.kind == EPISODE for event in self.events),
            "interventions": any(event.kind == GATE for event in self.events),
        }
        return tuple(what for what, there in told.items() if not there)

    def noting(self, *notes: str) -> Scene:
        """The same, with more to say of it."""
        return replace(self, notes=(*self.notes, *notes))


def empty(scene: Scene) -> bool:
    """Whether there is nothing to see that moves or changes."""
    shown: tuple[Any, ...] = (scene.robot, scene.people, scene.estimates, scene.command)
    return not any(len(part) for part in shown)
