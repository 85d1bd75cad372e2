"""People in messages of packages that few robots have, against their published fields."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import Point, Pose, Twist, Vector3
from std_msgs.msg import Header

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources import SourceOptions, source

from .definitions import ROBOT, Agent, Agents, People, Person, header, message

pytestmark = pytest.mark.usefixtures("installed")


def agent(name: str, yaw: float = 0.0, speed: float = 1.2, **more: Any) -> Any:
    """Somebody of HuNavSim at (2, 3) who walks where they face."""
    return Agent(
        name=name,
        position=Pose(position=Point(x=2.0, y=3.0, z=1.1)),
        yaw=yaw,
        velocity=Twist(linear=Vector3(x=speed * math.cos(yaw), y=speed * math.sin(yaw))),
        linear_vel=speed,
        **more,
    )


def stepped(one: Any, dt: float) -> Any:
    """HuNavSim's step: lightsfm moves somebody by velocity * dt (include/lightsfm/sfm.hpp)."""
    place, velocity = one.position.position, one.velocity.linear
    moved = Point(x=place.x + velocity.x * dt, y=place.y + velocity.y * dt)
    return Agent(name=one.name, position=Pose(position=moved), yaw=one.yaw, velocity=one.velocity)


def people_of(*people: Any, **header_changes: Any) -> Any:
    return People(header=header(**header_changes), people=list(people))


# -- people_msgs ------------------------------------------------------------------------------
def test_people_tell_places_and_velocities_in_the_headers_frame() -> None:
    """z holds what its author likes: hunav_sim a heading and a turning rate."""
    anna = Person(
        name="anna",
        position=Point(x=1.0, y=2.0, z=2.8),
        velocity=Point(x=-0.6, y=0.8, z=9.0),
        reliability=0.0,
    )
    sighting = source("people_msgs").read(people_of(anna, Person(name="ben")))
    first, second = sighting.people
    assert (first.identity, second.identity) == ("anna", "ben")
    np.testing.assert_array_equal(first.position, [1.0, 2.0])
    np.testing.assert_array_equal(first.velocity, [-0.6, 0.8])
    assert first.position_covariance is None and first.velocity_covariance is None
    assert (sighting.complete, sighting.stamp_s, first.stamp_s) == (True, 12.5, 12.5)


def test_nobody_is_told_without_a_frame_or_a_stamp_too() -> None:
    """As people_velocity_tracker does while it tracks nobody."""
    sighting = source("people_msgs").read(People())
    assert (sighting.people, sighting.complete) == ((), True)
    assert (sighting.frame_id, sighting.stamp_s) == ("", None)


def test_people_without_names_are_several_anonymous_ones() -> None:
    sighting = source("people_msgs").read(people_of(Person(), Person(name="\n"), Person(name="a")))
    assert [person.identity for person in sighting.people] == ["", "", "a"]


def test_a_name_told_twice_refuses_the_message() -> None:
    with pytest.raises(InputError, match=r"^people: 'anna' is there twice") as raised:
        source("people_msgs").read(people_of(Person(name="anna"), Person(name="an\nna")))
    assert "\n" not in str(raised.value)


def test_people_who_tell_no_heading_have_no_frame_of_their_own() -> None:
    assert source("people_msgs", SourceOptions(twist_frame="world")).read(people_of(Person()))
    with pytest.raises(InputError, match=r"human_twist_frame = 'body'.*choose auto or world"):
        source("people_msgs", SourceOptions(twist_frame="body"))


# -- hunav ------------------------------------------------------------------------------------
@pytest.mark.parametrize("yaw", [-2.0, 0.0, 0.9, 3.0])
@pytest.mark.parametrize("twist_frame", ["auto", "world"])
def test_hunavs_velocities_are_where_its_people_go(yaw: float, twist_frame: str) -> None:
    reader, now = source("hunav", SourceOptions(twist_frame=twist_frame)), agent("anna", yaw)
    (before,) = reader.read(Agents(header=header(), agents=[now])).people
    (after,) = reader.read(Agents(header=header(sec=13), agents=[stepped(now, 1.0)])).people
    np.testing.assert_allclose(after.position - before.position, before.velocity, atol=1e-12)
    assert math.hypot(*before.velocity) == pytest.approx(now.linear_vel)


@pytest.mark.parametrize("yaw", [-2.0, 0.9])
def test_a_fork_that_tells_them_in_peoples_own_frames_is_turned(yaw: float) -> None:
    forward = agent("anna", yaw)
    forward.velocity.linear.x, forward.velocity.linear.y = 0.5, 0.25
    options = SourceOptions(twist_frame="body")
    (person,) = source("hunav", options).read(Agents(header=header(), agents=[forward])).people
    ahead, left = (
        np.array([math.cos(yaw), math.sin(yaw)]),
        np.array([-math.sin(yaw), math.cos(yaw)]),
    )
    np.testing.assert_allclose(person.velocity, 0.5 * ahead + 0.25 * left, atol=1e-12)


def test_robots_are_no_people_and_the_nameless_have_numbers() -> None:
    agents = [agent("anna", id=4), agent("tiago", type=ROBOT), agent("", id=7)]
    sighting = source("hunav").read(Agents(header=header("map"), agents=agents))
    assert [person.identity for person in sighting.people] == ["anna", "7"]
    assert (sighting.complete, sighting.frame_id, sighting.heights) == (True, "map", (1.1, 1.1))
    np.testing.assert_array_equal(sighting.people[0].position, [2.0, 3.0])
    alone = source("hunav").read(Agents(header=header(), agents=[agent("r", type=ROBOT)]))
    assert (alone.people, alone.complete) == ((), True)


def test_a_message_of_another_version_is_refused_in_one_line() -> None:
    other = message("Agents", header=Header, humans=list)
    with pytest.raises(InputError, match=r"^human_states: .*'agents'.*another version") as raised:
        source("hunav").read(other())
    assert "\n" not in str(raised.value)
