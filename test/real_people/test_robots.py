"""Robots on record, and others that stand in for them."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.real_people.robots import GAP_S, robot_samples, stand_ins

from .walkers import driven


def test_who_has_no_poses_is_no_robot() -> None:
    assert robot_samples(None) is None
    assert robot_samples(driven([0.0], [[0.0, 0.0]])) is None


def test_a_robots_velocity_is_in_its_own_frame_and_yaws_do_not_jump() -> None:
    time = 0.1 * np.arange(41)
    yaw = 3.0 + 0.2 * time
    robot = np.stack([time, 0.0 * time, 0.5 * time, (yaw + np.pi) % (2.0 * np.pi) - np.pi], -1)
    samples = robot_samples(robot)
    assert samples is not None
    states = samples.at(np.array([0.0, 1.05, 3.0]))
    np.testing.assert_allclose(states[:, 2], [3.0, 3.21, 3.6])
    np.testing.assert_allclose(states[2, 3], 0.5 * np.sin(yaw[30]), atol=1e-9)
    np.testing.assert_allclose(states[2, 4], 0.5 * np.cos(yaw[30]), atol=1e-9)
    np.testing.assert_allclose(states[0, 3:], 0.0, atol=1e-9)  # nothing is known of before
    assert samples.known(np.array([-0.5, 2.0, 4.5])).tolist() == [False, True, False]
    assert GAP_S == 1.0


def test_a_robots_velocity_holds_nothing_that_comes_after() -> None:
    time = 0.1 * np.arange(41)
    ahead = np.maximum(time - 2.0, 0.0)
    samples = robot_samples(np.stack([time, ahead, 0.0 * time, 0.0 * time], -1))
    assert samples is not None
    np.testing.assert_allclose(samples.at(np.array([2.0, 2.15, 2.3]))[:, 3], [0.0, 0.5, 1.0])


def test_stand_ins_last_as_long_where_one_does() -> None:
    own = driven(0.1 * np.arange(21), np.zeros((21, 2)))
    short = driven(0.1 * np.arange(6), np.ones((6, 2)))
    long = driven(0.1 * np.arange(31), 2.0 * np.ones((31, 2)))
    one, _, longest = stand_ins([own, short, long], ["s"] * 3)
    assert one is not None and longest is not None
    np.testing.assert_allclose(one[:, 1], 2.0)
    np.testing.assert_allclose(longest[:, 1], 0.0)  # none lasts as long: the longest


def test_stand_ins_begin_with_their_first_pose_and_keep_the_stamps() -> None:
    own = driven(10.0 + 0.1 * np.arange(5), np.zeros((5, 2)))
    other = driven(70.0 + 0.2 * np.arange(3), [[0, 1], [2, 1], [4, 1]])
    one, back = stand_ins([own, other], ["s", "s"])
    assert one is not None and back is not None
    np.testing.assert_allclose(one[:, 0], own[:, 0])
    np.testing.assert_allclose(one[:, 1:3], [[0, 1], [1, 1], [2, 1], [3, 1], [4, 1]], atol=1e-9)
    np.testing.assert_allclose(back[:, 0], other[:, 0])


@pytest.mark.parametrize("others", [[], [None]])
def test_where_no_other_run_has_a_robot_none_is_near(others: list[None]) -> None:
    own = driven(0.1 * np.arange(5), np.zeros((5, 2)))
    found = stand_ins([own, *others], ["s"] * (1 + len(others)))
    assert found[0] is not None, "the same decisions are explained"
    np.testing.assert_array_equal(found[0][:, 0], own[:, 0])
    assert (np.abs(found[0][:, 1:3]) > 100.0).all()
    assert found[1:] == others


def test_a_run_without_a_robot_is_passed_over() -> None:
    robots = [driven(0.1 * np.arange(5), np.full((5, 2), float(i))) for i in range(2)]
    found = stand_ins([robots[0], None, robots[1]], ["s"] * 3)
    assert found[0] is not None and found[2] is not None
    assert found[0][0, 1] == 1.0 and found[1] is None and found[2][0, 1] == 0.0


def test_a_stand_in_turns_the_short_way() -> None:
    time = np.arange(3.0)
    own = driven(0.5 * np.arange(4), np.zeros((4, 2)))
    other = np.stack([time, time, time, [3.1, -3.1, -3.0]], -1)
    found = stand_ins([own, other], ["s", "s"])[0]
    assert found is not None
    assert np.cos(found[1, 3]) == pytest.approx(-1.0, abs=1e-2)
