"""Message types that a robot may lack, loaded when they are needed."""

from __future__ import annotations

import importlib

from bisirl_ros.errors import InputError

UNRELEASED = "is released for none of Jazzy, Kilted and Lyrical"
UNKNOWN = "is part of every ROS 2: pip install the extra `ros`, or source a ROS 2"
HOW_TO_GET = {
    "people_msgs": f"{UNRELEASED}: in a workspace, clone branch ros2 of"
    " https://github.com/wg-perception/people and colcon build --packages-select people_msgs",
    "hri_msgs": "is not released for Kilted: sudo apt install ros-$ROS_DISTRO-hri-msgs, there in a"
    " workspace clone branch humble-devel of https://github.com/ros4hri/hri_msgs and colcon build",
    "hunav_msgs": f"{UNRELEASED}: in a workspace, clone https://github.com/robotics-upo/hunav_sim"
    " and colcon build --packages-select hunav_msgs",
}


def message_type(kind: str) -> type:
    """The type "package/msg/Name"; raises InputError, which says how to get it, where it is not."""
    package, _, name = kind.split("/")
    try:
        found: type = getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError) as error:
        why = " ".join(str(error).split())
        how = HOW_TO_GET.get(package, UNKNOWN)
        raise InputError(
            f"{kind}: cannot be loaded ({why}); {package} {how}, then source it"
        ) from error
    return found
