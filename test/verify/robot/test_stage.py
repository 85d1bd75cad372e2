"""A stage leaves nothing behind, whether it came up or not; and its clock."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.verify.robot import stage as module
from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.rig import Rig
from bisirl_ros.verify.robot.stage import Stage, StageSettings
from bisirl_ros.verify.robot.stage_clock import BEGINNING_S, StageClock


def test_a_simulated_clock_is_paused_and_set() -> None:
    clock = StageClock(simulated=True)
    assert clock.now_s() == pytest.approx(BEGINNING_S, abs=0.5)
    clock.pause()
    held_s = clock.now_s()
    time.sleep(0.02)
    assert clock.now_s() == held_s
    clock.go_on()
    assert held_s <= clock.now_s() < held_s + 0.5
    clock.jump(-5.0)
    assert clock.now_s() < held_s - 4.0
    assert StageClock(simulated=False).now_s() == pytest.approx(time.time(), abs=0.5)


@pytest.mark.ros
@pytest.mark.slow
def test_a_robot_drives_stops_without_a_tracker_and_nothing_is_left(tmp_path: Path) -> None:
    with Stage(StageSettings(), tmp_path) as stage:
        rig = stage.rig
        assert rig.moves and rig.speaks() == ["/bisirl_node"]
        assert len(rig.program.learners()) == 1
        rig.tracker.silent = True
        assert until(lambda: rig.commands[-1].stands, 5.0)
        assert until(lambda: rig.whys[-1][1] == "tracker silent", 2.0)
    assert rig.program.running() == {}


@pytest.mark.ros
@pytest.mark.slow
def test_a_stage_that_does_not_come_up_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Rig] = []
    begin = module.Stage._begin

    def noted(stage: Stage) -> None:
        seen.append(stage.rig)
        begin(stage)

    monkeypatch.setattr(module.Stage, "_begin", noted)
    settings = StageSettings({"control_rate": 20.0, "nonsense.of_it": 1})
    with pytest.raises(TimeoutError, match="nonsense"), Stage(settings, tmp_path):
        pass
    assert seen[0].program.running() == {}
