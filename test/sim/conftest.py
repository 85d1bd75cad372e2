"""The scenario that the simulator's tests play: fixed here, whatever the package's files say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bisirl_ros.crowd.scenario import (
    FeatureSpec,
    HumanSpec,
    ObstacleSpec,
    RobotSpec,
    Scenario,
    TaskSpec,
)


@pytest.fixture(scope="session")
def crossing() -> Scenario:
    """A robot that drives along x and a person who walks along y, between three obstacles."""
    return Scenario(
        name="test",
        robot=RobotSpec(start=(-3.2, 0.0, 0.0), goal=(3.2, 0.0), start_spread=(0.3, 0.15, 0.1)),
        human=HumanSpec(
            start=(0.0, -3.8),
            goal=(0.0, 3.8),
            start_velocity=(0.0, 0.9),
            start_spread=(0.4, 0.5),
        ),
        features=(FeatureSpec(name="progress"),),
        task=TaskSpec(progress=6.0, time=2.0, turning=0.4, collision=20.0),
        time_limit_s=10.0,
        obstacles=(
            ObstacleSpec(shape="box", center=(-2.4, 2.6), size=(1.6, 1.6)),
            ObstacleSpec(shape="box", center=(2.4, 2.6), size=(1.6, 1.6)),
            ObstacleSpec(shape="cylinder", center=(2.2, -2.4), size=(0.35, 0.35)),
        ),
    )


@pytest.fixture(scope="session")
def open_room(crossing: Scenario) -> Scenario:
    """The same without obstacles."""
    return replace(crossing, obstacles=())
