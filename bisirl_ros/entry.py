"""Entry points of the nodes: `ros2 run bisirl_ros <node>`, or `python -m bisirl_ros.entry <node>`.

Bad input and a missing ROS end in one line and exit status 2.
"""

from __future__ import annotations

import importlib
import signal
import sys

from bisirl_ros.errors import InputError, exit_cleanly
from bisirl_ros.parent import end_with_parent

NODES = (
    "sim_node",
    "human_node",
    "bisirl_node",
    "recording_node",
    "report_node",
    "people_report_node",
    "recorder_node",
)
ROS_MODULES = (
    "rclpy",
    "std_msgs",
    "std_srvs",
    "geometry_msgs",
    "nav_msgs",
    "diagnostic_msgs",
    "sensor_msgs",
    "rosgraph_msgs",
    "visualization_msgs",
    "builtin_interfaces",
)


def main(arguments: list[str] | None = None) -> int:
    """Run the node named first; ROS arguments follow."""
    arguments = sys.argv[1:] if arguments is None else arguments

    # Until a node is up, a signal ends the process without a traceback of half-done imports.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    end_with_parent()

    def start() -> int:
        if not arguments or arguments[0] not in NODES:
            raise InputError(f"name a node to run: one of {', '.join(NODES)}")
        return _start(arguments[0], arguments[1:])

    return exit_cleanly(start)


def require_ros() -> None:
    """Raise InputError where rclpy cannot be imported."""
    try:
        importlib.import_module("rclpy")
    except ModuleNotFoundError as error:
        raise _no_ros(error) from error


def _start(name: str, arguments: list[str]) -> int:
    try:
        module = importlib.import_module(f"bisirl_ros.nodes.{name}")
        ros = importlib.import_module("bisirl_ros.nodes.ros")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ROS_MODULES:
            raise _no_ros(error) from error
        raise InputError(f"{name}: package '{error.name}' is missing; pip install it") from error
    return int(ros.run(module.NODE, arguments))


def _no_ros(error: ModuleNotFoundError) -> InputError:
    return InputError(
        f"ROS 2 is not here (no module '{error.name}'): source /opt/ros/<distro>/setup.bash, or "
        "pip install 'bisirl_ros[ros]'"
    )


def sim_node() -> int:
    """`ros2 run bisirl_ros sim_node`."""
    return main(["sim_node", *sys.argv[1:]])


def human_node() -> int:
    """`ros2 run bisirl_ros human_node`."""
    return main(["human_node", *sys.argv[1:]])


def bisirl_node() -> int:
    """`ros2 run bisirl_ros bisirl_node`."""
    return main(["bisirl_node", *sys.argv[1:]])


def recording_node() -> int:
    """`ros2 run bisirl_ros recording_node`."""
    return main(["recording_node", *sys.argv[1:]])


def report_node() -> int:
    """`ros2 run bisirl_ros report_node`."""
    return main(["report_node", *sys.argv[1:]])


def people_report_node() -> int:
    """`ros2 run bisirl_ros people_report_node`."""
    return main(["people_report_node", *sys.argv[1:]])


def recorder_node() -> int:
    """`ros2 run bisirl_ros recorder_node`."""
    return main(["recorder_node", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
