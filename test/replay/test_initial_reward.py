"""What one recording taught is where the next one starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.cli import main
from bisirl_ros.io.reward_file import read_reward

from .test_replay import replayed

Write = Callable[..., Path]


@pytest.mark.slow
def test_a_replay_leaves_a_reward_and_another_starts_from_it(
    recorded: Write, tmp_path: Path
) -> None:
    bag = recorded(30.0)
    replayed(bag, tmp_path / "each")
    assert not (tmp_path / "each" / "reward.json").exists()
    first = replayed(bag, tmp_path / "first", "learner.reward=pooled")
    reward = tmp_path / "first" / "reward.json"
    learned = read_reward(reward)
    assert learned.people == 1 and "of 1 in one run" in learned.source
    assert np.linalg.norm(learned.mean) > 0.1
    second = replayed(bag, tmp_path / "second", "learner.reward=pooled", f"initial_reward={reward}")
    assert max(second["stds"][0]["anna"]) < max(first["stds"][0]["anna"])


def test_one_of_other_features_is_refused_in_one_line(
    recorded: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reward = tmp_path / "reward.json"
    reward.write_text(json.dumps({"schema": "bisirl.reward/0"}))
    setting = f"initial_reward={reward}"
    run = ["--run-dir", str(tmp_path / "run"), "--set", setting]
    assert main(["replay", str(recorded(1.0)), *run]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(reward) in line and "bisirl.reward/0" in line
