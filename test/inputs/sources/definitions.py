"""Stand-ins for message packages that are not released, with the fields of their definitions."""

from __future__ import annotations

import sys
import types
from dataclasses import field, make_dataclass
from typing import Any

import pytest
from geometry_msgs.msg import Point, Pose, Twist
from std_msgs.msg import Header


def message(name: str, /, **fields: Any) -> Any:
    """A type with such fields; a type as a default makes a new one each time."""
    made = [
        (key, Any, field(default_factory=value) if isinstance(value, type) else value)
        for key, value in fields.items()
    ]
    return make_dataclass(name, made)


# wg-perception/people, branch ros2: people_msgs/msg/Person.msg, People.msg
Person = message(
    "Person",
    name="",
    position=Point,
    velocity=Point,
    reliability=0.0,
    tagnames=list,
    tags=list,
)
People = message("People", header=Header, people=list)

# ros4hri/hri_msgs, branch humble-devel: msg/IdsList.msg
IdsList = message("IdsList", header=Header, ids=list)

# robotics-upo/hunav_sim, branch humble: hunav_msgs/msg/Agent.msg, Agents.msg
PERSON, ROBOT = 1, 2
Agent = message(
    "Agent",
    id=0,
    type=0,
    skin=0,
    behavior=0,
    name="",
    behavior_state=0,
    group_id=0,
    position=Pose,
    yaw=0.0,
    velocity=Twist,
    desired_velocity=0.0,
    radius=0.0,
    linear_vel=0.0,
    angular_vel=0.0,
    goals=list,
    cyclic_goals=False,
    goal_radius=0.0,
    closest_obs=list,
)
Agents = message("Agents", header=Header, agents=list)

PACKAGES = {
    "people_msgs": (Person, People),
    "hri_msgs": (IdsList,),
    "hunav_msgs": (Agent, Agents),
}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the packages be found."""
    for package, kinds in PACKAGES.items():
        module = types.ModuleType(f"{package}.msg")
        for kind in kinds:
            setattr(module, kind.__name__, kind)
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
        monkeypatch.setitem(sys.modules, f"{package}.msg", module)


def header(frame: str = "odom", sec: int = 12, nanosec: int = 500_000_000) -> Any:
    """A header, at 12.5 s unless told otherwise."""
    made = Header(frame_id=frame)
    made.stamp.sec, made.stamp.nanosec = sec, nanosec
    return made
