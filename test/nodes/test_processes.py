"""Nobody is left driving: killed supervisors, and two simulations in one domain."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from geometry_msgs.msg import Twist, TwistStamped

from .heard import moving, standing

pytestmark = [pytest.mark.ros, pytest.mark.slow]
QUICK = ("--backend", "kinematic", "--device", "cpu", "--scenario", "crossing")


def test_a_second_simulation_in_a_domain_is_refused_in_one_line(place: Any) -> None:
    """The first one goes on."""
    graph = place.graph()
    commands = graph.listen("/cmd_vel", TwistStamped)
    first = place.start("bisirl_ros.cli", "sim", *QUICK, "--episodes", 0)
    graph.until(lambda: moving(commands[-1:]), "a robot that drives", 60.0)
    second = place.start("bisirl_ros.cli", "sim", *QUICK, "--episodes", 1)
    try:
        graph.until(lambda: second.process.poll() is not None, "its end", 60.0)
    except AssertionError as error:
        pytest.fail(f"{error}; runs: {second.running()}; said: {second.err}{second.out}")
    assert second.wait() == 2
    (line,) = second.complaints()
    assert "/clock is published by 'sim_node' already" in line and "ROS_DOMAIN_ID" in line
    assert "Traceback" not in second.err
    assert second.running_after(5.0) == {}
    assert first.process.poll() is None
    before = len(commands)
    graph.until(lambda: len(commands) > before + 20, "a first one that goes on", 5.0)


def test_nodes_whose_supervisor_was_killed_stop_the_robot_and_end(place: Any) -> None:
    graph = place.graph()
    commands = graph.listen("/cmd_vel", TwistStamped)
    run = place.start("bisirl_ros.cli", "sim", *QUICK, "--episodes", 0)
    graph.until(lambda: moving(commands[-1:]), "a robot that drives", 60.0)
    os.kill(run.process.pid, signal.SIGKILL)
    graph.until(lambda: standing(commands), "a stop", 5.0)
    assert run.running_after(15.0) == {}
    assert standing(commands)


def test_a_driver_of_the_other_kind_is_noticed_over_dds(place: Any) -> None:
    graph = place.graph()
    graph.listen("/cmd_vel", Twist)
    node = place.start("bisirl_ros.entry", "bisirl_node", "--ros-args", "-p", "device:=cpu")
    graph.until(lambda: "enable_stamped_cmd_vel to false" in node.err, "a line", 60.0)
    assert "/cmd_vel: '/test' listens to geometry_msgs/msg/Twist" in node.err
