"""A run that was recorded is learned from again, to the same numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.bags.reading import Bag, Told
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.cli import main

pytestmark = [pytest.mark.ros, pytest.mark.slow]
SIM = (
    "sim", "--backend", "kinematic", "--episodes", "2", "--real-time-factor", "1.25", "--oracle",
    "false", "--scenario", "crossing", "--record",
)  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two episodes, recorded."""
    run = tmp_path_factory.mktemp("recorded") / "run"
    command = [sys.executable, "-m", "bisirl_ros.cli", *SIM, "--run-dir", str(run)]
    done = subprocess.run(
        command, cwd=run.parent, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return run


def summary(run: Path) -> dict[str, Any]:
    """What a run says of itself."""
    found: dict[str, Any] = json.loads((run / "summary.json").read_text())
    return found


def test_the_recording_holds_the_run(recorded: Path) -> None:
    with Bag(recorded / "bag") as bag:
        wanted = {"/odom", "/people/odom", "/cmd_vel", "/policy", "/learning", "/episode", "/clock"}
        assert wanted <= {topic for topic, count in bag.counts.items() if count}
        told = [json.loads(m.message.data)["event"] for m in bag.messages(["/episode"])]
    assert told == ["started", "finished"] * 2 + ["run_finished"]
    kept = json.loads((recorded / "bag" / "configuration.json").read_text())
    assert kept["settings"]["parameters"]["bisirl_node"]["time_scale"] == 1.25


def test_the_same_is_learned_from_it(recorded: Path, tmp_path: Path) -> None:
    assert main(["replay", str(recorded), "--run-dir", str(tmp_path / "again")]) == 0
    run, again = summary(recorded), summary(tmp_path / "again")
    assert again["episodes"] == run["episodes"] == 2
    for key in ("theta_hat", "theta_std"):
        assert set(again[key]) == set(run[key])
        for name in run[key]:
            np.testing.assert_allclose(again[key][name], run[key][name], rtol=1e-6)
    assert again["theta_true"] == run["theta_true"]
    assert again["relative_error"] == pytest.approx(run["relative_error"], rel=1e-6)
    assert again["outcomes"] == run["outcomes"] and again["returns"] == run["returns"]


def test_other_settings_learn_something_else(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", "grid=[6, 12]", "learner.policy_steps=0"]
    other = tmp_path / "other"
    assert main(["replay", str(recorded), "--run-dir", str(other), *settings]) == 0
    assert summary(other)["theta_hat"] != summary(recorded)["theta_hat"]
    capsys.readouterr()
    assert main(["compare", str(recorded), str(other)]) == 0
    told = capsys.readouterr().out
    assert "grid" in told and "learner.policy_steps" in told and "person_0 progress" in told


def copied(recorded: Path, bag: Path, changed: Callable[[Told], Told | None]) -> Path:
    """The recording with some messages changed, or left out."""
    with Bag(recorded / "bag") as source:
        kept = sorted(
            filter(None, map(changed, source.messages())), key=lambda told: told.received_ns
        )
        with BagWriter(bag) as copy:
            for topic in (t for t, count in source.counts.items() if count):
                copy.topic(topic, source.kinds[topic])
            for told in kept:
                copy.tell(told.topic, told.received_ns, told.message)
    (bag / "configuration.json").write_text((recorded / "bag" / "configuration.json").read_text())
    return bag


def test_a_recorder_that_found_the_node_late_changes_nothing(
    recorded: Path, tmp_path: Path
) -> None:
    """Of the robot and people it heard from the start, of policy and commands a second later."""
    with Bag(recorded / "bag") as bag:
        began_ns = next(iter(bag.messages(["/episode"]))).received_ns
    late_ns = began_ns + 10**9

    def later(told: Told) -> Told | None:
        early = told.received_ns < late_ns
        if told.topic == "/policy" and early:
            return told._replace(received_ns=late_ns)
        return None if told.topic == "/cmd_vel" and early else told

    bag = copied(recorded, tmp_path / "bag", later)
    settings = ["--set", "learner.policy_steps=0"]
    for name, source in (("run", recorded), ("late", bag)):
        assert main(["replay", str(source), "--run-dir", str(tmp_path / name), *settings]) == 0
    run, late = summary(tmp_path / "run"), summary(tmp_path / "late")
    assert late["decisions"] == run["decisions"] and late["theta_hat"] == run["theta_hat"]


def test_an_episode_in_which_the_policy_was_late_is_not_learned_from_again(
    recorded: Path, tmp_path: Path
) -> None:
    """By a clock that only the robot had: the recording says so."""

    def told_of(told: Told) -> Told:
        if told.topic == "/bisirl_node/intervention":
            record = json.loads(told.message.data)
            told.message.data = json.dumps({**record, "why": "policy failed"})
        return told

    bag = copied(recorded, tmp_path / "late", told_of)
    run = tmp_path / "run"
    assert main(["replay", str(bag), "--run-dir", str(run), "--set", "learner.policy_steps=0"]) == 0
    assert not any(summary(run)["decisions"]), "learned from what no policy drove"
