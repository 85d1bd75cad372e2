"""bisirl_node managed from outside: states, services, what it tells of itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from nav_msgs.msg import Odometry, Path
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from bisirl_ros.messages import records as mrec
from bisirl_ros.messages import robot as mr
from bisirl_ros.nodes import conversions as c
from bisirl_ros.nodes import conversions_people as cp

from .heard import moving, standing

pytestmark = [pytest.mark.ros, pytest.mark.slow]


class Managed:
    """A bisirl_node that waits to be managed, and a world in which all is well."""

    def __init__(self, place: Any, *arguments: str) -> None:
        self.graph = graph = place.graph()
        self.commands = graph.listen("/cmd_vel", TwistStamped)
        self.interventions = graph.listen("/bisirl_node/intervention", String, latched=True)
        self.diagnostics = graph.listen("/diagnostics", DiagnosticArray)
        self.person, self.twist = np.array([0.0, -3.0, 0.0, 0.0]), np.zeros(3)
        self._odom = graph.publisher("/odom", Odometry)
        self._people = graph.publisher("/people/odom", Odometry)
        self.episode = graph.publisher("/episode", String, latched=True)
        self.plan = graph.publisher("/plan", Path)
        arguments = ("device:=cpu", f"save_to:={place.folder / 'kept.safetensors'}", *arguments)
        given = [part for argument in arguments for part in ("-p", argument)]
        self.node = place.start("bisirl_ros.entry", "bisirl_node", "--ros-args", *given)
        graph.node.create_timer(0.043, self._tick)

    def _tick(self) -> None:
        now_s = self.graph.now_s()
        if self.commands:
            self.twist = mr.command_of(self.commands[-1].message)
        robot = np.array([-2.0, 0.0, 0.0, *self.twist])
        self._odom.publish(c.robot_to_odometry(robot, "odom", now_s))
        seen = cp.exact_report("somebody", now_s, self.person)
        self._people.publish(cp.person_to_odometry(seen, "odom"))

    def call(self, kind: type, name: str, **request: Any) -> Any:
        """The answer of a service of the node."""
        client = self.graph.node.create_client(kind, f"/bisirl_node/{name}")
        self.graph.until(client.service_is_ready, name, 60.0)
        future = client.call_async(kind.Request(**request))  # type: ignore[attr-defined]
        self.graph.until(future.done, f"an answer of {name}", 30.0)
        self.graph.node.destroy_client(client)
        return future.result()

    def change(self, transition: int) -> bool:
        """Whether a lifecycle transition succeeded."""
        asked = Transition(id=transition)
        return bool(self.call(ChangeState, "change_state", transition=asked).success)

    def state(self) -> str:
        """The lifecycle state."""
        return str(self.call(GetState, "get_state").current_state.label)

    def learners(self) -> set[int]:
        """Process ids of its learners."""
        running = self.node.running().items()
        return {pid for pid, line in running if "multiprocessing.spawn" in line}

    def start_episode(self) -> None:
        """An episode begins now."""
        record = {"schema": mrec.EPISODE, "event": "started", "episode": 0}
        record |= {"stamp_s": self.graph.now_s(), "goals": {"somebody": [[0.0, 3.6]]}}
        self.episode.publish(c.json_message(record))

    def drive(self) -> None:
        """Wait for a policy, begin an episode, wait until it moves."""
        before = len(self.commands)
        self.graph.until(lambda: len(self.commands) > before, "a command", 60.0)
        self.start_episode()
        self.graph.until(lambda: moving(self.commands[-1:]), "a robot that drives", 10.0)

    def why(self) -> str:
        """What it last told that holds it back."""
        return str(json.loads(self.interventions[-1].message.data)["why"])


@pytest.fixture
def managed(place: Any) -> Iterator[Managed]:
    """One that is not configured yet."""
    yield Managed(place, "autostart:=false")


def test_it_is_silent_until_activated_and_stands_when_deactivated(managed: Managed) -> None:
    """Twice around; nothing of it is left at the end."""
    assert managed.state() == "unconfigured"
    for _ in range(2):
        assert managed.change(Transition.TRANSITION_CONFIGURE)
        assert managed.state() == "inactive"
        before = len(managed.commands)
        managed.graph.work(1.0)
        assert len(managed.commands) == before, "it commands while inactive"
        assert managed.change(Transition.TRANSITION_ACTIVATE)
        managed.drive()
        assert managed.change(Transition.TRANSITION_DEACTIVATE)
        managed.graph.until(lambda: standing(managed.commands), "a stop", 3.0)
        speeds = [h.message.twist.linear.x for h in managed.commands]
        assert np.abs(np.diff(speeds)).max() < 0.2, "no ramp"
        before = len(managed.commands)
        managed.graph.work(0.5)
        assert len(managed.commands) == before
        assert managed.change(Transition.TRANSITION_CLEANUP)
        assert not managed.learners(), "the learner lives on"
    assert managed.change(Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
    managed.graph.until(lambda: managed.node.process.poll() is not None, "its end", 10.0)
    assert managed.node.wait() == 0
    assert "Traceback" not in managed.node.err


def test_a_person_stops_it_and_lets_it_go_on_and_it_tells_all_that(place: Any) -> None:
    s = Managed(place)
    s.drive()
    assert s.call(Trigger, "stop").success
    s.graph.until(lambda: standing(s.commands), "a stop", 3.0)
    s.graph.until(lambda: s.why() == "stop asked", "word of it", 3.0)
    s.graph.work(1.0)
    assert standing(s.commands), "it went on by itself"
    assert s.call(Trigger, "resume").success
    s.graph.until(lambda: moving(s.commands[-1:]), "a robot that drives", 5.0)

    s.person = np.array([-1.45, 0.0, 0.0, 0.0])  # a body's width away
    s.graph.until(lambda: standing(s.commands), "a protective stop", 3.0)
    answer = s.call(Trigger, "resume")
    assert (answer.success, answer.message) == (False, "too near: still so")
    s.person = np.array([0.0, -3.0, 0.0, 0.0])
    s.graph.work(2.0)
    assert standing(s.commands), "it went on by itself"
    s.graph.until(lambda: s.call(Trigger, "resume").success, "leave to go on", 5.0)
    s.graph.until(lambda: moving(s.commands[-1:]), "a robot that drives", 5.0)

    s.plan.publish(c.route_to_path(np.zeros((0, 2)), "odom", s.graph.now_s()))
    s.graph.until(lambda: standing(s.commands) and s.why() == "no goal", "a stop", 3.0)
    s.plan.publish(c.route_to_path(np.array([[3.0, 0.0]]), "odom", s.graph.now_s()))
    s.graph.until(lambda: moving(s.commands[-1:]), "a robot that drives", 5.0)

    told = {v.name: v for h in s.diagnostics[-1:] for v in h.message.status}
    assert set(told) == {f"bisirl_node: {part}" for part in ("control", "inputs", "learner")}
    assert "hears nothing" not in s.node.err and "is heard" not in s.node.err
    values = {v.key: v.value for v in told["bisirl_node: inputs"].values}
    assert 10.0 < float(values["odometry rate [Hz]"]) < 30.0
    assert values["people"] == "1"


def test_what_is_safe_changes_at_run_time_and_nonsense_is_refused(place: Any) -> None:
    s = Managed(place)
    s.drive()

    def set_one(name: str, value: float) -> Any:
        kind = ParameterType.PARAMETER_DOUBLE
        asked = Parameter(name=name, value=ParameterValue(type=kind, double_value=value))
        return s.call(SetParameters, "set_parameters", parameters=[asked]).results[0]

    for name, value, reason in (
        ("gate.stop_time_s", 1e9, ""),
        ("gate.stop_time_s", math.nan, ""),
        ("control_rate", 10.0, "read-only"),
        ("gate.nonsense", 1.0, ""),
    ):
        refused = set_one(name, value)
        assert not refused.successful and reason in refused.reason, name
    assert moving(s.commands[-1:])
    # more than there is: the gap is never enough any more
    assert set_one("gate.separation.intrusion_m", 2.0).successful
    assert set_one("gate.separation.person_uncertainty_m", 1.0).successful
    assert set_one("gate.separation.robot_uncertainty_m", 1.0).successful
    s.graph.until(lambda: standing(s.commands) and s.why() == "too near", "a stop", 5.0)


def test_learning_is_frozen_kept_and_forgotten_on_request(place: Any) -> None:
    s = Managed(place)
    learning = s.graph.listen("/learning", String, latched=True)
    s.drive()
    assert s.call(SetBool, "freeze_learning", data=True).success
    s.graph.work(2.0)
    finished = {"schema": mrec.EPISODE, "event": "finished", "episode": 0, "outcome": "arrived"}
    s.episode.publish(c.json_message({**finished, "stamp_s": s.graph.now_s()}))
    s.graph.work(4.0)
    assert learning == []
    kept = s.call(Trigger, "save_model")
    assert kept.success and (place.folder / "kept-0.safetensors").is_file(), kept.message
    before = s.learners()
    assert s.call(Trigger, "reset").success
    s.graph.until(lambda: s.learners() - before, "another learner", 30.0)
    s.start_episode()
    s.graph.until(lambda: moving(s.commands[-1:]), "a robot that drives on", 20.0)
