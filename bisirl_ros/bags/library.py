"""rosbags, which reads and writes bags: loaded when one is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from bisirl_ros.errors import InputError


def need_rosbags(path: Path) -> None:
    """Raises InputError, which says how to get it, where rosbags is not installed."""
    try:
        import rosbags.highlevel  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(f"{path}: bags take rosbags: pip install rosbags") from error


@cache
def store() -> Any:
    """All message types of Jazzy, as rosbags has them."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_JAZZY)


def message(kind: str, **fields: Any) -> Any:
    """A message of a type, "nav_msgs/msg/Odometry", by its fields: all of them."""
    return store().types[kind](**fields)
