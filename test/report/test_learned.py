"""The reward that a run leaves for others to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.io.reward_file import read_reward
from bisirl_ros.report.learned import learned_reward
from bisirl_ros.report.run_folder import RunFolder

from .conftest import MakeRun

MEAN, COVARIANCE = [1.0, -2.0, 0.0, 0.5], (0.1 + np.diag([0.1, 0.2, 0.3, 0.4])).tolist()
TOLD = {"people": {"anna": {}, "ben": {}}, "stranger": {"mean": MEAN, "covariance": COVARIANCE}}


def test_what_is_told_of_strangers_is_left_in_the_folder(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(3)
    run.episodes[0].decisions, run.episodes[2].decisions = 12, 30
    run.reward = learned_reward(run, TOLD)
    RunFolder(tmp_path).write_reward(run)
    found = read_reward(tmp_path / "reward.json")
    found.refuse_others(run.scenario.person, "file", "the scenario")
    assert found.mean.tolist() == MEAN
    assert found.covariance == pytest.approx(np.array(COVARIANCE))
    assert found.people == 2
    assert found.source == "scenario crossing: 42 decisions of 2 in one run"


def test_where_nobody_teaches_of_strangers_nothing_is_left(
    make_run: MakeRun, tmp_path: Path
) -> None:
    run = make_run(1)
    assert learned_reward(run, {"people": {"anna": {}}}) is None
    RunFolder(tmp_path).write_reward(run)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "stranger",
    [
        {"mean": MEAN},
        {"mean": MEAN, "covariance": "wide"},
        {"mean": MEAN[:3], "covariance": COVARIANCE},
        {"mean": MEAN, "covariance": COVARIANCE[:2]},
        {"mean": [None, *MEAN[1:]], "covariance": COVARIANCE},
        [1.0],
    ],
)
def test_what_makes_no_sense_is_one_line(make_run: MakeRun, stranger: Any) -> None:
    with pytest.raises(InputError, match=r"^learning: a stranger's reward") as error:
        learned_reward(make_run(1), {**TOLD, "stranger": stranger})
    assert "\n" not in str(error.value)
