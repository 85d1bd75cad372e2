"""A real robot's launch file, with what of Nav2 is asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bisirl_ros.bringup_robot import RobotArguments, chain
from bisirl_ros.errors import InputError

from .conftest import configurations


@pytest.mark.parametrize(
    ("smoother", "monitor", "topics"),
    [
        (False, "", ("cmd_vel",)),
        (True, "", ("cmd_vel_nav", "cmd_vel")),
        (False, "m.yaml", ("cmd_vel_nav", "cmd_vel")),
        (True, "m.yaml", ("cmd_vel_nav", "cmd_vel_smoothed", "cmd_vel")),
    ],
)
def test_velocities_reach_the_robot_through_what_of_nav2_is_asked_for(
    smoother: bool, monitor: str, topics: tuple[str, ...], robot_launch_file: dict[str, Any]
) -> None:
    """Each node listens to what the one before it publishes, and the last is the robot's."""
    arguments = RobotArguments(velocity_smoother=smoother, collision_monitor=monitor)
    assert chain(arguments, "cmd_vel") == topics
    given = configurations(
        RobotArguments, velocity_smoother=str(smoother), collision_monitor=monitor
    )
    nodes = robot_launch_file["start_nodes"](SimpleNamespace(launch_configurations=given))
    by_name = {node.named["executable"]: node.named for node in nodes}
    assert dict(by_name["bisirl_node"]["remappings"])["cmd_vel"] == topics[0]
    at = 0
    if smoother:
        remaps = dict(by_name["velocity_smoother"]["remappings"])
        assert remaps["cmd_vel"] == topics[at]
        at += 1
        assert remaps["cmd_vel_smoothed"] == topics[at]
        limits = by_name["velocity_smoother"]["parameters"][0]
        assert limits["max_velocity"][0] == 0.306, "not the robot's own top speed"
    if monitor:
        ends = by_name["collision_monitor"]["parameters"][-1]
        assert (ends["cmd_vel_in_topic"], ends["cmd_vel_out_topic"]) == topics[at : at + 2]
        at += 1
    assert topics[at] == topics[-1] == "cmd_vel"
    assert ("lifecycle_manager" in by_name) == (smoother or bool(monitor))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"robot": "roomba"}, "robot 'roomba' is unknown; choose one of"),
        ({"scenario": "ballet"}, "scenario 'ballet' is unknown"),
        ({"batch_s": "-3"}, "robot.launch.py: batch_s = -3.0: must be at least 0"),
        ({"start_enabled": "perhaps"}, "robot.launch.py: start_enabled: expected bool"),
    ],
)
def test_the_robot_launch_file_refuses_a_bad_argument(
    given: dict[str, str], told: str, robot_launch_file: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=told):
        robot_launch_file["read_arguments"](configurations(RobotArguments, **given))
