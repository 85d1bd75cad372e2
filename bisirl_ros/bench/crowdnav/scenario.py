"""The circle crossing as an interaction scenario, for a robot that learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bisirl_ros.bench.crowdnav.crossings import (
    BODY_M,
    PEOPLE,
    ROBOT_GOAL,
    ROBOT_START,
    SPEED,
    starts,
)
from bisirl_ros.bench.crowdnav.simulator import STEP_S, at_start
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.starts import PersonStart, RobotStart, Starts
from bisirl_ros.crowd.task import TaskSpec, TermSpec

AT_ONCE_S = 0.01
"""Lag of bodies that do what they choose within a step."""
FEATURES = (
    FeatureSpec("progress"),
    FeatureSpec("proximity", 0.7),
    FeatureSpec("velocity_change", 0.5),
    FeatureSpec("person_proximity", 0.7),
    FeatureSpec("effort"),
)
TERMS = (
    TermSpec("progress", 2.0),
    TermSpec("travelling", -0.6),
    TermSpec("company", -25.0, 0.27),
)
IMAGINED_S = 13.0
"""Imagined crossings end then."""


@dataclass(frozen=True)
class CircleCrossing(Scenario):
    """A scenario whose people start anywhere on a circle and go to the opposite point."""

    def sample(self, count: int, rng: np.random.Generator) -> Situation:
        """See `Scenario.sample`."""
        return situation(starts(rng.random, count, self.people), self)


def circle_crossing(drive: str = "omni") -> CircleCrossing:
    """CrowdNav's bodies and time step; drive: omni is holonomic, differential a unicycle."""
    robot = Robot(
        drive=drive,
        radius_m=BODY_M,
        max_speed=SPEED,
        max_turn_rate=np.pi,
        max_acceleration=20.0,
        max_turn_acceleration=50.0,
        lag_s=AT_ONCE_S,
        goal_tolerance_m=BODY_M,
    )
    person = Person(
        features=FEATURES,
        radius_m=BODY_M,
        preferred_speed=SPEED,
        max_speed=1.05 * SPEED,
        lag_s=AT_ONCE_S,
        goal_tolerance_m=0.2,
        decision_period_s=STEP_S,
        horizon=8,
        discount=0.98,
    )
    return CircleCrossing(
        name="circle_crossing",
        description="A robot and five people each go to the opposite point of a circle.",
        robot=robot,
        person=person,
        task=TaskSpec(TERMS, kappa=0.0),
        starts=Starts(
            RobotStart((*ROBOT_START, np.pi / 2.0), ROBOT_GOAL),
            tuple(PersonStart((0.0, 0.0), ((0.0, 0.0),)) for _ in range(PEOPLE)),
        ),
        time_limit_s=IMAGINED_S,
        arrival="robot",
        people=PEOPLE,
    )


def situation(start: Array, scenario: Scenario) -> Situation:
    """Everybody at rest where they start; start: (B, P, 2) people's [m]; float64."""
    place = torch.from_numpy(np.ascontiguousarray(start))
    count, people = place.shape[:2]
    route = place.new_tensor(ROBOT_GOAL).expand(count, 1, 2)
    return Situation(
        at_start(count),
        torch.cat([place, torch.zeros_like(place)], -1),
        torch.ones((count, people), dtype=torch.bool),
        Aims(route, -place[:, :, None], place.new_zeros((count, people, 1))),
        scenario.room,
    )
