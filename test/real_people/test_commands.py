"""`bisirl people`: one line for what it cannot do, and a folder of results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros import cli
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.io.reward_file import read_reward
from bisirl_ros.real_people.held_out import REWARD
from bisirl_ros.real_people.walks import SceneRecording

from .tables import write_navwareset

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def data(tmp_path: Path, recorded: list[SceneRecording], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tables."""
    monkeypatch.chdir(tmp_path)
    write_navwareset(tmp_path / "data", recorded)
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("--data (none)", "name one of tables")),
        (("--data", "nowhere"), ("--data nowhere", "no such folder")),
        (("--data", "data/01_scene/run_0.csv"), ("run_0.csv", "no such folder")),
        (("--data", "data/01_scene"), ("01_scene",)),
        (("--data", "data", "--scenes", "01", "77"), ("--scenes 01 77", "two or more of 01, 04")),
        (("--data", "data", "--scenes", "01"), ("--scenes 01", "two or more")),
        (("--data", "data", "--scenes", "01", "01"), ("--scenes 01 01", "two or more")),
        (("--data", "data", "--kind", "pigeons"), ("kind", "navwareset")),
        (("--data", "data", "--scenario", "nothing"), ("scenario 'nothing' is unknown",)),
    ],
)
def test_bad_arguments_are_one_line(
    data: Path,
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for table in (data / "01_scene").glob("run_1.csv"):
        table.unlink()  # one table alone is one scene
    assert cli.main(["people", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: ")
    for word in words:
        assert word in line
    assert not (data.parent / "runs").exists()


@pytest.mark.slow
def test_a_folder_of_tables_is_studied(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = data.parent / "out"
    assert cli.main(["people", "--data", str(data), "--out", str(out), "--scenes", "01", "04"]) == 0
    said = capsys.readouterr()
    assert said.err == "" and "6 recordings of 3 scenes" in said.out
    assert "144 decisions of 6 people of a scene in 12 walks" in said.out
    summary = json.loads((out / "people.json").read_text())
    person = load_scenario("walkers").person
    assert list(summary["rewards"]["everybody"]) == list(person.feature_names)
    assert summary["rewards"]["everybody"]["progress"][0] > 0.0, "they did go to goals"
    assert 0.0 <= summary["with_regard_less_without"]["p"] <= 1.0
    held_out = summary["held_out"]
    assert held_out["decisions"] == 144 and set(held_out["by_scene"]) == {"01", "04"}
    mean = np.mean([of[REWARD] for of in held_out["by_scene"].values()])
    assert held_out["log_likelihood"][REWARD] == pytest.approx(mean)
    reward = read_reward(out / "reward.json")
    assert reward.features == person.features and reward.people == 6
    weights = summary["rewards"]["people_in_general"]
    np.testing.assert_allclose(reward.mean, [weights[name][0] for name in person.feature_names])
    assert np.linalg.eigvalsh(reward.covariance).min() > 0.0
    for name in ("answers.png", "weights.png", "fans.png"):
        assert (out / name).read_bytes().startswith(PNG)
