"""The suite `robot`: its experiments hold small, and can fail."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.control.faults import TABLE, Fault, Reaction, Rule
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.session.settings import SessionSettings
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.robot import gate, pairs
from bisirl_ros.verify.robot.switches import SWITCHES, BenchRobot


def test_the_gate_holds_small() -> None:
    found = gate.measure(Setup(quick=True), lambda line: None)
    assert found.holds
    assert found.figures["commands"] == 3000


def test_a_command_beyond_a_limit_is_seen() -> None:
    robot = Robot()
    over = gate.beyond(robot, np.zeros(3), np.array([0.2, 0.0, 0.0]), 0.05)
    assert over["change"] == pytest.approx(0.2 / (1.5 * 0.05) - 1.0)
    fast = np.array([1.5, 0.0, 0.0])
    assert gate.beyond(robot, fast, fast, 0.05)["drive"] == pytest.approx(0.5)


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_each_fault_alone_gets_its_reaction(name: str) -> None:
    robot = BenchRobot(load_scenario("crossing"), SessionSettings(people_timeout_s=0.3))
    robot.recover()
    assert robot.command[0] > 0.25, "it did not drive before"
    robot.switch(name, True)
    for _ in range(40):
        robot.tick()
    fault = SWITCHES[name]
    required = Reaction.DRIVE if fault is None else TABLE[fault].reaction
    found = robot.session.driver.guard
    assert found.verdict.reaction == required
    assert fault is None or fault in found.holding | {found.verdict.fault}
    assert (np.abs(robot.command).max() == 0.0) == (required >= Reaction.STOP)
    robot.recover()
    assert robot.command[0] > 0.25, "it does not drive again"


def test_a_weaker_reaction_to_a_pair_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = "tracker silent", "learner dead"
    assert pairs.of_pair(one, other, 1, seed=0)["wrong"] == {}
    monkeypatch.setitem(TABLE, Fault.TRACKER_SILENT, Rule(Reaction.DRIVE, "never"))
    monkeypatch.setattr(pairs, "required_of", lambda *names: Reaction.STOP)
    assert set(pairs.of_pair(one, other, 1, seed=0)["wrong"]) == {"weaker", "no rest"}


def test_who_is_blind_cannot_know_who_is_near() -> None:
    assert pairs.required_of("person too near", "crowd") is Reaction.LATCH
    assert pairs.required_of("person too near", "tracker silent") is Reaction.STOP
    assert pairs.required_of("learner dead", "crowd") is Reaction.DRIVE
