"""An interaction scenario (FORMULATION section 1) read from YAML into frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.config import check, from_mapping, read_yaml, setting
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.starts import Starts
from bisirl_ros.crowd.task import TaskSpec
from bisirl_ros.errors import InputError

PACKAGE = "bisirl_ros.scenarios"


@dataclass(frozen=True)
class FloorPlan:
    """What stands in the way, and how far the floor reaches."""

    walls: tuple[tuple[float, float, float, float], ...] = setting(
        (), doc="x1, y1, x2, y2 of each wall", unit="m"
    )
    discs: tuple[tuple[float, float, float], ...] = setting(
        (), doc="x, y, radius of each pillar", unit="m"
    )
    bounds: tuple[float, float, float, float] | None = setting(
        None, doc="x and y from, x and y to, of the floor; goals beyond are refused", unit="m"
    )


@dataclass(frozen=True)
class Kind:
    """People who want about the same."""

    name: str = setting(doc="its name")
    weights: tuple[float, ...] = setting(doc="usual weight of each feature of the person")


@dataclass(frozen=True)
class Scenario:
    """One choice of S, A, P, r_task, kappa and psi: an interaction scenario (section 1)."""

    name: str = setting(doc="its name")
    robot: Robot = setting(doc="the learner's body")
    person: Person = setting(doc="what kind of person the experts are")
    task: TaskSpec = setting(doc="the learner's reward")
    starts: Starts = setting(doc="a distribution over situations")
    description: str = setting("", doc="one line for people to read")
    time_limit_s: float = setting(12.0, doc="an episode lasts at most", unit="s", low=0.5)
    arrival: str = setting(
        "all", doc="whose arrival ends an episode well", choices=("all", "people", "robot")
    )
    floor: FloorPlan = setting(FloorPlan(), doc="what stands in the way")
    people: int = setting(1, doc="how many of the people listed take part", low=0, high=50)
    population: tuple[Kind, ...] = setting((), doc="kinds of people there are; none: usual ones")

    def __post_init__(self) -> None:
        listed = len(self.starts.people)
        if self.people > listed:
            raise InputError(
                f"scenario {self.name}: people = {self.people}: there are starts for {listed};"
                " list more under starts"
            )
        for kind in self.population:
            if len(kind.weights) != len(self.feature_names):
                raise InputError(
                    f"scenario {self.name}: population: {kind.name} has {len(kind.weights)}"
                    f" weights; give one for each of {', '.join(self.feature_names)}"
                )

    @cached_property
    def room(self) -> Room:
        """Walls and discs; float64."""
        return Room.of(self.floor.walls, self.floor.discs)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of psi's components, in the order of theta."""
        return self.person.feature_names

    @property
    def decision_period_s(self) -> float:
        """Time between decisions [s]."""
        return self.person.decision_period_s

    @property
    def episode_decisions(self) -> int:
        """Decisions in an episode that runs to its time limit."""
        return round(self.time_limit_s / self.decision_period_s)

    @property
    def contact_distance_m(self) -> float:
        """Distance between the centres at which a person and the robot touch [m]."""
        return self.robot.radius_m + self.person.radius_m

    @property
    def identities(self) -> tuple[str, ...]:
        """Names of the people of a simulated episode."""
        return tuple(f"person_{i}" for i in range(self.people))

    def sample(self, count: int, rng: np.random.Generator) -> Situation:
        """`count` situations to start from (`Starts.sample`), with `people` people; float64."""
        starts = replace(self.starts, people=self.starts.people[: self.people])
        return starts.sample(count, rng, self.robot, self.person, self.room)

    def refuse_goal(self, x: float, y: float) -> str | None:
        """Why the robot cannot be sent to x, y [m]; None where it can."""
        place = np.array([x, y])
        if not np.isfinite(place).all():
            return f"goal ({x}, {y}): give finite numbers"
        bounds = self.floor.bounds
        if bounds and not (bounds[0] <= x <= bounds[2] and bounds[1] <= y <= bounds[3]):
            return f"goal ({x:g}, {y:g}) is outside the room; choose one within {bounds}"
        gap = float(self.room.clearance(self.room.walls.new_tensor(place)))
        if gap < self.robot.radius_m:
            needed = self.robot.radius_m
            return f"goal ({x:g}, {y:g}) is {gap:.2f} m from a wall; the robot needs {needed:g} m"
        return None


def scenario_names() -> list[str]:
    """Names of the scenarios that come with the package."""
    files = resources.files(PACKAGE).iterdir()
    return sorted(f.name[:-5] for f in files if f.name.endswith(".yaml"))


def load_scenario(name_or_path: str, people: int | None = None, drive: str = "") -> Scenario:
    """Read a scenario by its name, or from a path that ends in `.yaml`.

    people: how many of those listed take part; drive: another drive for the robot
    Raises InputError for an unknown name, an unreadable file, an unknown key or a bad value.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        scenario = from_mapping(Scenario, read_yaml(Path(name_or_path)), name_or_path)
    elif name_or_path in scenario_names():
        with resources.as_file(resources.files(PACKAGE) / f"{name_or_path}.yaml") as path:
            scenario = from_mapping(Scenario, read_yaml(path), path.name)
    else:
        raise InputError(
            f"scenario '{name_or_path}' is unknown; choose one of {', '.join(scenario_names())}"
            " or give the path of a .yaml file"
        )
    changes: dict[str, Any] = {}
    if people is not None and people >= 0:
        changes["people"] = people
    elif people is not None and people != -1:
        raise InputError(f"people = {people}: give 0 or more")
    if drive:
        changes["robot"] = replace(scenario.robot, drive=drive)
        check(changes["robot"], f"scenario {scenario.name}: robot")
    return replace(scenario, **changes) if changes else scenario
