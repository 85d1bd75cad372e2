"""What is required of each fault, and how repetitions are judged."""

from __future__ import annotations

from typing import Any

import pytest

from bisirl_ros.control.faults import TABLE, Fault
from bisirl_ros.control.faults import Reaction as Does
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.parts import Parts
from bisirl_ros.verify.robot import single

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.verify.robot.kinds import KINDS
from bisirl_ros.verify.robot.reactions import Reaction

OF = {
    "tracker silent": Fault.TRACKER_SILENT,
    "tracker not finite": Fault.TRACKER_SILENT,
    "odometry silent": Fault.ODOMETRY_SILENT,
    "goal withdrawn": Fault.NO_GOAL,
    "person too near": Fault.TOO_NEAR,
    "stop asked": Fault.STOP_ASKED,
    "learner killed": Fault.LEARNER_DEAD,
    "learner stopped": Fault.LEARNER_STALLED,
    "policy not finite": Fault.LEARNER_DIVERGED,
}
SAME = {Does.STOP: Reaction.STOP, Does.LATCH: Reaction.LATCH, Does.DRIVE: Reaction.DRIVE}


@pytest.mark.parametrize(("name", "fault"), OF.items())
def test_what_is_required_is_what_the_table_says(name: str, fault: Fault) -> None:
    assert KINDS[name].reaction is SAME[TABLE[fault].reaction]


def test_who_stops_until_told_has_somebody_to_tell() -> None:
    for name, kind in KINDS.items():
        assert (kind.resume is not None) == (kind.reaction is Reaction.LATCH), name


def row(**more: Any) -> dict[str, Any]:
    """A repetition in which all was well."""
    well = {"speed": 0.8, "turn": 0.0, "drive": 0.0, "change": 0.9}
    of = {"took_s": 0.5, "most_s": 0.9, "why": "", "told": ["no goal"], "worst": well}
    return {**of, "recovers_s": 0.2, "late_s": 0.01, **more}


def test_the_worst_of_all_repetitions_counts() -> None:
    found = single.summed([row(), row(took_s=0.8), row(late_s=0.3)])
    assert (found["worst_s"], found["late_s"], found["holds"]) == (0.8, 0.3, True)
    beyond = {"speed": 0.8, "turn": 0.0, "drive": 0.0, "change": 1.2}
    assert not single.summed([row(), row(worst=beyond)])["holds"]
    missed = single.summed([row(), row(why="does not recover", recovers_s=None)])
    assert (missed["holds"], missed["failed"]) == (False, 1)
    assert "1 of 2: does not recover" in single.line_of({"required": "stops", **missed})
    never = single.summed([single.failed("the robot does not drive")])
    assert not never["holds"] and "never" in single.line_of({"required": "stops", **never})


def test_what_cannot_be_measured_here_is_said_and_not_missed() -> None:
    table = {
        "a": {"required": "stops", **single.summed([row()])},
        "tf": {"required": "stops", "missing": "no tf2_msgs"},
    }
    found = single.judged(table, 0, quick=False)
    assert found.holds and "tf: not measured" in found.note
    table["a"]["holds"] = False
    assert not single.judged(table, 0, quick=False).holds


def test_each_kind_is_a_part_and_they_are_measured_one_at_a_time() -> None:
    seen = []

    def engine(run: Any, wanted: Any, jobs: int) -> Any:
        for key, arguments in wanted.items():
            seen.append((key, arguments, jobs))
            yield key, {"required": "stops", **single.summed([row()])}, 1.0

    setup = Setup(quick=True, seed=3, parts=Parts(jobs=8, engine=engine))
    found = single.measure(setup, lambda line: None)
    assert seen == [(name, (name, 3, 3), 1) for name in single.QUICK]
    assert found.holds and set(found.figures["kinds"]) == set(single.QUICK)


@pytest.mark.ros
@pytest.mark.slow
def test_a_goal_that_is_withdrawn_stops_a_running_node() -> None:
    found = single.of_kind("goal withdrawn", 1, 0)
    assert found["wrong"] == []
    assert 0.3 < found["worst_s"] < found["most_s"] + 0.5
