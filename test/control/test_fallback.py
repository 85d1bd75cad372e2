"""Driving without a policy, and noticing a robot that does not obey."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.control.around import Around
from bisirl_ros.control.fallback import FallbackSettings, fallback, next_point
from bisirl_ros.control.gate import SafetyGate
from bisirl_ros.control.obedience import Obedience
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room

DT_S = 0.05


def drive(robot: Robot, people: Array, route: Array, seconds: float) -> Array:
    """States (T, 6) of a robot that starts at the origin, heading along x."""
    gate, state, states = SafetyGate(robot), np.zeros(6), []
    for _ in range(int(seconds / DT_S)):
        around = Around((state[0], state[1]), state[2], people)
        wish = fallback(robot, FallbackSettings(), around, route, 0.3)
        twist = gate.admit(wish, DT_S, around).twist
        now, command = (torch.from_numpy(np.array(v))[None] for v in (state, twist))
        state = robot.step(now, command, DT_S, Room.of())[0].numpy()
        states.append(state)
    return np.array(states)


@pytest.mark.parametrize("drive_name", sorted(DRIVES))
@pytest.mark.parametrize("goal", [(3.0, 0.0), (2.0, 2.0), (-2.0, 1.0)])
def test_it_gets_there_slowly(drive_name: str, goal: tuple[float, float]) -> None:
    route = np.array([goal])
    states = drive(Robot(drive=drive_name), np.zeros((0, 4)), route, 40.0)
    assert np.hypot(*(states[-1, :2] - goal)) < 0.45
    assert np.hypot(states[:, 3], states[:, 4]).max() <= 0.3 + 1e-6


def test_it_waits_for_somebody_who_is_ahead_and_not_for_one_behind() -> None:
    ahead, behind = np.array([[2.0, 0.1, 0.0, 0.0]]), np.array([[-1.0, 0.0, 0.0, 0.0]])
    route = np.array([[4.0, 0.0]])
    stopped, gone = drive(Robot(), ahead, route, 20.0), drive(Robot(), behind, route, 20.0)
    assert 0.2 < stopped[-1, 0] < 0.5
    assert np.abs(stopped[-1, 3:]).max() < 1e-3
    assert gone[-1, 0] > 3.6


def test_it_follows_a_route_point_by_point() -> None:
    route = np.array([[1.0, 0.0], [1.0, 2.0], [3.0, 2.0]])
    assert next_point((0.0, 0.0), route, 0.3) == pytest.approx(route[0])
    assert next_point((0.9, 0.1), route, 0.3) == pytest.approx(route[1])
    assert next_point((1.0, 1.4), route, 0.3) == pytest.approx(route[2])
    assert next_point((3.0, 2.0), route, 0.3) == pytest.approx(route[2])


def watched(obeys: float, seconds: float, robot: Robot) -> Obedience:
    """One that is told to drive and turn, and does `obeys` of it, with its lag."""
    obedience, twist, told = Obedience(robot), np.zeros(3), np.array([0.8, 0.0, 0.8])
    for _ in range(int(seconds / DT_S)):
        twist = twist + (1.0 - np.exp(-DT_S / robot.lag_s)) * (obeys * told - twist)
        obedience.watch(told, twist, DT_S)
    return obedience


@pytest.mark.parametrize(
    ("obeys", "seconds", "found"),
    [(0.0, 2.0, True), (0.0, 0.9, False), (1.0, 9.0, False), (0.8, 9.0, False)],
)
def test_a_robot_that_stands_while_it_is_commanded_is_found(
    obeys: float, seconds: float, found: bool
) -> None:
    assert watched(obeys, seconds, Robot()).disobeyed is found


def test_it_is_forgiven_once_it_obeys_or_nothing_is_commanded() -> None:
    nudged = np.array([0.1, 0.0, 0.2])
    for told, done, forgiven in (
        (np.zeros(3), np.zeros(3), True),
        (nudged, np.zeros(3), False),
        (nudged, nudged, True),
    ):
        obedience = watched(0.0, 2.0, Robot())
        for _ in range(60):
            obedience.watch(told, done, DT_S)
        assert obedience.disobeyed is not forgiven


def test_a_robot_held_by_an_e_stop_is_commanded_slowly_until_it_is_let_go() -> None:
    robot = Robot()
    gate, obedience, state, sent = SafetyGate(robot), Obedience(robot), np.zeros(6), []
    for tick in range(160):
        twist = gate.admit(np.array([0.8, 0.0, 0.0]), DT_S).twist
        sent.append(twist[0])
        now, command = (torch.from_numpy(np.array(v))[None] for v in (state, twist))
        if tick >= 80:
            state = robot.step(now, command, DT_S, Room.of())[0].numpy()
        obedience.watch(twist, state[3:], DT_S)
        if obedience.disobeyed:
            gate.continue_from(obedience.careful(twist, state[3:]))
    assert max(sent[:20]) == pytest.approx(0.8)
    assert max(sent[40:80]) <= 0.2
    assert sent[-1] == pytest.approx(0.8)
