"""The scenarios that the simulator's tests play: fixed here, whatever the package's files say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.scenario import FloorPlan, Scenario
from bisirl_ros.crowd.starts import PersonStart, RobotStart, Starts
from bisirl_ros.crowd.task import TaskSpec, TermSpec

GAP = FloorPlan(walls=((0.0, -4.0, 0.0, -0.6), (0.0, 0.6, 0.0, 4.0)), discs=((1.6, -1.6, 0.3),))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def open_room() -> Scenario:
    """A robot that drives along x and two people who cross its way, on an empty floor."""
    return Scenario(
        name="test",
        robot=Robot(),
        person=Person(features=(FeatureSpec(name="progress"),)),
        task=TaskSpec(
            (
                TermSpec("progress", 6.0),
                TermSpec("travelling", -2.0),
                TermSpec("turning", -0.4),
                TermSpec("contact", -20.0),
            )
        ),
        time_limit_s=10.0,
        people=2,
        starts=Starts(
            robot=RobotStart(pose=(-3.2, 0.0, 0.0), spread=(0.3, 0.15, 0.1), goal=(3.2, 0.0)),
            people=(
                PersonStart(
                    position=(0.0, -3.8),
                    goals=((0.0, 3.6),),
                    velocity=(0.0, 0.9),
                    spread=(0.4, 0.5),
                ),
                PersonStart(
                    position=(1.5, 3.8), goals=((1.5, -3.6), (-2.0, -3.6)), velocity=(0.0, -0.9)
                ),
                PersonStart(position=(-1.5, 3.0), goals=((1.5, -3.0),)),
            ),
        ),
    )


@pytest.fixture(scope="session")
def gap(open_room: Scenario) -> Scenario:
    """The same with a wall between, a gap in it, and a pillar."""
    return replace(open_room, floor=GAP)


@pytest.fixture(params=["kinematic", "bullet"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend that is installed."""
    if request.param == "bullet":
        pytest.importorskip("pybullet")
    return str(request.param)


@pytest.fixture(params=["differential", "omni", "ackermann"])
def drive(request: pytest.FixtureRequest) -> str:
    """Each drive."""
    return str(request.param)
