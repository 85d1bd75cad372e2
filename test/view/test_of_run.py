"""What a page shows of a run folder: its recording, or what was learned after each episode."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.report.record import EpisodeRecord, RunRecord
from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.view.of_run import scene_of_run


@pytest.fixture
def run(tmp_path: Path, crossing: Any) -> Path:
    """The folder of a run of two episodes, the first without an estimate."""
    theta = {"person_0": [1.4, -3.0, -0.5, -0.4]}
    episodes = [
        EpisodeRecord(1, outcome="timeout", duration_s=8.0),
        EpisodeRecord(2, outcome="arrived", duration_s=5.0, theta=theta, theta_std=theta),
    ]
    record = RunRecord(load_scenario("crossing"), 0, episodes=episodes, theta_true=crossing.TRUTH)
    RunFolder(tmp_path / "run").write_summary(record)
    return tmp_path / "run"


def test_without_a_recording_episodes_follow_each_other(run: Path, crossing: Any) -> None:
    scene = scene_of_run(run)
    assert (scene.title, scene.about, scene.duration_s) == ("run", "crossing", 13.0)
    assert [(e.text, e.time_s, e.until_s) for e in scene.events] == [
        ("episode 1: timeout", 0.0, 8.0),
        ("episode 2: arrived", 8.0, 13.0),
    ]
    assert [e.time_s for e in scene.estimates] == [13.0]
    assert scene.truth == crossing.TRUTH
    assert "the robot's motion" in scene.missing
    assert any("no bag in" in note for note in scene.notes)


def test_its_recording_is_shown_in_its_scenario(run: Path, bag: Path) -> None:
    shutil.copytree(bag, run / "bag")
    scene = scene_of_run(run)
    assert (scene.title, scene.about) == ("run", "crossing")
    assert len(scene.robot) > 100
    assert scene.around is not None
    assert scene.notes == ()


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"scenario": "crossing"})])
def test_what_is_no_summary_is_refused_in_a_line(run: Path, text: str) -> None:
    (run / "summary.json").write_text(text)
    with pytest.raises(InputError, match=r"summary\.json: .*give the folder of"):
        scene_of_run(run)
