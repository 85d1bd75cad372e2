"""A session with somebody in front of it, and a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.session.clock import Now
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.session import Session
from bisirl_ros.session.settings import SessionSettings

DT_S = 0.05
GOAL = np.array([[0.0, 3.6]])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def crossing() -> Scenario:
    return load_scenario("crossing")


def snapshot_of(scenario: Scenario, version: int = 0) -> Snapshot:
    """The policy before any learning."""
    phi = InteractionPolicy(scenario.robot).initial(torch.Generator().manual_seed(0)).double()
    n = len(scenario.feature_names)
    empty = (np.zeros((0, n)), np.zeros((0, n, n)), np.zeros(n), np.eye(n))
    return Snapshot(version, phi, (), *empty, scenario.name, scenario.feature_names)


class Stage:
    """A robot that stands at its start and a person who walks along +y at 1.2 m/s."""

    def __init__(self, scenario: Scenario, **settings: Any) -> None:
        self.said: list[str] = []
        self.session = Session(
            scenario, SessionSettings(**settings), lambda about, line: self.said.append(line)
        )
        self.robot = np.array([-2.5, 0.0, 0.0, 0.0, 0.0, 0.0])
        self.steady_s, self.ros_s, self.walked_s = 100.0, 10.0, 0.0
        self.commands: list[np.ndarray] = []
        self.scenario = scenario

    @property
    def now(self) -> Now:
        return Now(self.ros_s, self.steady_s)

    @property
    def person(self) -> np.ndarray:
        return np.array([0.0, -3.4 + 1.2 * self.walked_s, 0.0, 1.2])

    def report(self, **changes: Any) -> PersonReport:
        """Of the person as they are now, exact."""
        exact = PersonReport(
            "person_0",
            self.ros_s,
            self.person[:2],
            self.person[2:],
            np.zeros((2, 2)),
            np.zeros((2, 2)),
        )
        return replace(exact, **changes)

    def hear(self) -> None:
        self.session.hear_robot(self.robot, self.ros_s, self.now)
        self.session.hear_person(self.report(), self.now)

    def step(self, ticks: int = 1, hear: bool = True) -> None:
        """Time goes on, everybody is heard, the session commands."""
        for _ in range(ticks):
            self.steady_s, self.ros_s = self.steady_s + DT_S, self.ros_s + DT_S
            self.walked_s += DT_S
            if hear:
                self.hear()
            self.commands.append(self.session.tick(self.now))
            self.robot = self.after(self.commands[-1])

    def after(self, command: np.ndarray) -> np.ndarray:
        """The robot's state a tick later, as it obeys."""
        state, twist = (torch.from_numpy(np.array(v))[None] for v in (self.robot, command))
        return self.scenario.robot.step(state, twist, DT_S, self.scenario.room)[0].numpy()

    def start(self) -> None:
        """A policy is deployed, and an episode begins a second later."""
        self.session.offer(snapshot_of(self.scenario))
        assert self.session.adopt(self.now)
        self.step(20)
        self.walked_s = 0.0
        self.hear()
        self.session.begin(self.ros_s, {"person_0": GOAL}, 0)
        self.hear()


@pytest.fixture
def stage(crossing: Scenario) -> Callable[..., Stage]:
    """`stage(**settings)`: see Stage."""
    return lambda **settings: Stage(crossing, **settings)
