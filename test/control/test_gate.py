"""The gate between policy and wheels."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.control.around import Around
from bisirl_ros.control.body import admissible
from bisirl_ros.control.gate import GateSettings, SafetyGate
from bisirl_ros.control.separation import SeparationSettings, separation
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot

WILD = (math.nan, math.inf, -math.inf, 1e9, -1e9, 0.3, -0.7, 0.0)
DRIVE = pytest.mark.parametrize("drive", sorted(DRIVES))
numbers = st.floats(-3.0, 3.0)


def at_full_speed(robot: Robot | None = None, **more: float) -> SafetyGate:
    """A gate whose last twist was straight on at top speed."""
    gate = SafetyGate(robot or Robot(), GateSettings(**more))
    for _ in range(90):
        gate.admit(np.array([1.0, 0.0, 0.0]), 0.05)
    return gate


def somebody(gap_m: float, velocity: tuple[float, float] = (0.0, 0.0), yaw: float = 0.0) -> Around:
    """Somebody at a gap of gap_m straight along x."""
    return Around((0.0, 0.0), yaw, np.array([[gap_m + 0.5, 0.0, *velocity]]))


@DRIVE
def test_what_the_drive_can_do_is_what_the_policy_is_imagined_within(drive: str) -> None:
    robot, rng = Robot(drive=drive), np.random.default_rng(0)
    twists = rng.uniform(-2.0, 2.0, (500, 3))
    expected = robot.admissible(torch.from_numpy(twists)).numpy()
    found = np.array([admissible(robot, tuple(twist)) for twist in twists])
    np.testing.assert_allclose(found, expected, atol=1e-9)


@DRIVE
@pytest.mark.parametrize("jerk", [0.0, 5.0])
def test_no_order_of_wishes_exceeds_a_limit(drive: str, jerk: float) -> None:
    """Of speed, of the drive, of acceleration; whatever is around, braking or not."""
    robot, rng = Robot(drive=drive), np.random.default_rng(1)
    gate, last = SafetyGate(robot, GateSettings(max_jerk=jerk)), np.zeros(3)
    for _ in range(1000):
        wish = rng.choice(WILD, 3) if rng.random() < 0.3 else rng.uniform(-2.0, 2.0, 3)
        around = Around((rng.uniform(-1, 1), 0.3), rng.uniform(-4, 4), rng.uniform(-2, 2, (2, 4)))
        dt_s, brake = rng.choice([0.02, 0.05, 0.2]), bool(rng.random() < 0.1)
        twist = gate.admit(wish, dt_s, around, brake).twist
        np.testing.assert_allclose(admissible(robot, tuple(twist)), twist, atol=1e-12)
        assert np.hypot(*(twist - last)[:2]) <= robot.max_acceleration * dt_s + 1e-9
        assert abs(twist[2] - last[2]) <= robot.max_turn_acceleration * dt_s + 1e-9
        last = twist
    assert gate.not_finite > 20


@DRIVE
def test_a_stop_from_top_speed_takes_no_longer_than_stop_time(drive: str) -> None:
    """Who cannot brake so hard drives slower: 0.3 m/s^2 and 0.6 s leave 0.18 m/s."""
    gate = at_full_speed(Robot(drive=drive, max_acceleration=0.3), stop_time_s=0.6)
    assert gate.top_speed == pytest.approx(0.18)
    taken = 0
    while not gate.stands:
        gate.admit(np.zeros(3), 0.05, brake=True)
        taken += 1
    assert 5 <= taken <= 0.6 / 0.05 + 1


def test_a_wish_that_is_not_finite_ramps_to_a_stop() -> None:
    gate = at_full_speed()
    found = [gate.admit(np.array([math.nan, 0.0, 0.0]), 0.05) for _ in range(20)]
    speeds = [admitted.twist[0] for admitted in found]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] == pytest.approx(1.0 - 1.5 * 0.05)
    assert speeds[-1] == 0.0
    assert gate.stands
    assert {admitted.rule for admitted in found} == {"not finite"}


def test_a_car_does_not_turn_on_the_spot_however_it_is_asked() -> None:
    gate = SafetyGate(Robot(drive="ackermann"))
    for _ in range(40):
        assert gate.admit(np.array([0.0, 0.5, 1.0]), 0.05).twist == pytest.approx(np.zeros(3))


def test_acceleration_builds_up_no_faster_than_the_jerk() -> None:
    gate, speeds = SafetyGate(Robot(), GateSettings(max_jerk=3.0)), [0.0]
    for _ in range(60):
        speeds.append(gate.admit(np.array([1.0, 0.0, 0.0]), 0.05).twist[0])
    acceleration = np.diff(speeds) / 0.05
    assert np.diff(acceleration, prepend=0.0).max() <= 3.0 * 0.05 + 1e-9
    assert acceleration.max() > 1.0
    assert speeds[-1] == pytest.approx(1.0, abs=0.01)
    assert max(speeds) <= 1.0


@settings(max_examples=80, deadline=None)
@given(
    gap=st.floats(0.0, 4.0),
    coming=st.floats(0.0, 1.5),
    wish=st.floats(0.05, 1.0),
    angle=st.floats(-1.2, 1.2),
    acceleration=st.floats(0.3, 3.0),
    lag_s=st.floats(0.01, 0.3),
    lets_go=st.integers(0, 200),
    jerk=st.sampled_from([0.0, 1.0]),
)
def test_a_robot_that_obeys_comes_to_rest_before_the_least_gap(
    gap: float, coming: float, wish: float, angle: float, acceleration: float, lag_s: float,
    lets_go: int, jerk: float,
) -> None:  # fmt: skip
    """An omni robot with a lag drives at an angle at somebody who walks at it; from some tick on it
    wishes to stand, which brakes no less. Who still comes nearer when it stands is their affair."""
    robot = Robot(drive="omni", max_acceleration=acceleration, lag_s=lag_s)
    of = SeparationSettings(near_m=0.0)
    gate, dt_s = SafetyGate(robot, GateSettings(max_jerk=jerk, separation=of)), 0.05
    needed = separation(1.0, coming, of.reaction_s + lag_s + dt_s, acceleration)
    person = np.array([gap + of.least_m + needed + 0.5, 0.0])
    place, velocity, least = np.zeros(2), np.zeros(2), math.inf
    for tick in range(400):
        way = person - place
        far = math.hypot(*way)
        walks = -coming * way / far
        towards = math.atan2(way[1], way[0]) + angle
        twist = wish * np.array([math.cos(towards), math.sin(towards), 0.0]) * (tick < lets_go)
        around = Around((place[0], place[1]), 0.0, np.array([[*person, *walks]]))
        sent = gate.admit(twist, dt_s, around).twist[:2]
        for _ in range(5):
            velocity = velocity + (1.0 - math.exp(-0.2 * dt_s / lag_s)) * (sent - velocity)
            place, person = place + 0.2 * dt_s * velocity, person + 0.2 * dt_s * walks
        if math.hypot(*velocity) > 0.05:
            least = min(least, math.hypot(*(person - place)) - 0.5)
    assert least >= of.least_m - 0.04


@pytest.mark.parametrize(
    ("around", "wish", "rule"),
    [
        (somebody(0.3), (1.0, 0.0, 0.0), "separation"),
        (somebody(0.3), (-1.0, 0.0, 0.0), ""),
        (somebody(0.3, yaw=math.pi), (1.0, 0.0, 0.0), ""),
        (somebody(0.3, yaw=math.pi), (-1.0, 0.0, 0.0), "separation"),
        (somebody(0.15), (-1.0, 0.0, 0.0), "near a person"),
        (somebody(9.0), (1.0, 0.0, 0.0), ""),
        (somebody(4.5, (-1.9, 0.0)), (1.0, 0.0, 0.0), ""),
        (somebody(1.5, (-1.9, 0.0)), (1.0, 0.0, 0.0), "separation"),
        (somebody(0.3), (0.0, 0.0, 1.0), ""),
        (somebody(0.3), (2.0, 0.0, 0.0), "separation"),
        (somebody(9.0), (2.0, 0.0, 0.0), "beyond the drive"),
        (
            Around((0.0, 0.0), 0.0, things=np.array([[0.1, 1.0, 0.0]])),
            (1.0, 0.0, 0.0),
            "obstacle",
        ),
        (
            Around((0.0, 0.0), 0.0, things=np.array([[0.1, 0.0, 1.0]])),
            (1.0, 0.0, 0.0),
            "",
        ),
    ],
)
def test_what_holds_it_back_is_named(around: Around, wish: tuple, rule: str) -> None:
    assert SafetyGate(Robot()).admit(np.array(wish), 0.05, around).rule == rule


def test_the_way_stays_the_same_when_speed_is_taken_away() -> None:
    gate, wish = SafetyGate(Robot()), np.array([0.8, 0.0, 0.6])
    for _ in range(40):
        twist: Array = gate.admit(wish, 0.05, somebody(0.35)).twist
    assert 0.05 < twist[0] < 0.7
    assert twist[2] / twist[0] == pytest.approx(0.6 / 0.8)


def test_nothing_of_it_needs_torch() -> None:
    code = (
        "import sys, bisirl_ros.control.gate, bisirl_ros.control.guard,"
        " bisirl_ros.control.fallback, bisirl_ros.control.obedience;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
