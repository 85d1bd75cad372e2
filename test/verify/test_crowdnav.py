"""The experiment `crowdnav`: what it counts, and that each of its bars can be missed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.verify.benchmark import crowdnav
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.run import run_suite


def row(success: float, collision: float, time_s: float) -> dict[str, float]:
    return {
        "success": success, "collision": collision, "time_s": time_s, "time_sd_s": 1.0,
        "discomfort": 0.1,
    }  # fmt: skip


GOOD: dict[str, Any] = {
    "cases": 500,
    "table": {
        "ORCA, invisible": row(0.426, 0.568, 10.86),
        "ORCA, visible": row(0.992, 0.0, 12.29),
        "learned, invisible": row(0.994, 0.004, 10.4),
        "learned, visible": row(1.0, 0.0, 9.9),
        "learned, mixed": row(1.0, 0.0, 10.0),
    },
    "seers": {"accuracy": 0.96, "accuracy_at_stake": 0.97, "at_stake": 0.9},
    "seconds": 1200.0,
}


def holds(figures: dict[str, Any], quick: bool = False) -> bool:
    return bool(crowdnav.judged_by(figures, [0], [0.98, 1.0], quick).holds)


def test_all_bars_met_holds() -> None:
    assert holds(GOOD)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("ORCA, invisible", "success", 0.52),
        ("ORCA, invisible", "time_s", 10.5),
        ("ORCA, visible", "time_s", 10.02),
        ("learned, invisible", "success", 0.98),
        ("learned, invisible", "collision", 0.006),
        ("learned, invisible", "time_s", 10.6),
        ("learned, visible", "success", 0.998),
        ("learned, visible", "time_s", 10.1),
    ],
)
def test_each_row_can_miss(name: str, key: str, value: float) -> None:
    worse = copy.deepcopy(GOOD)
    worse["table"][name][key] = value
    assert not holds(worse)
    assert holds(worse, quick=True) is name.startswith("learned")


def test_slow_learning_and_taking_seers_for_others_miss() -> None:
    assert not holds({**GOOD, "seconds": 1801.0})
    assert not holds({**GOOD, "seers": {**GOOD["seers"], "accuracy": 0.9}})


def test_figures_are_of_all_cases_of_all_parts() -> None:
    parts = [
        {"success": [1.0, 0.0], "collision": [0.0, 1.0], "time_s": [9.0, 3.0], "close": [1.0, 0.0],
         "steps": [36.0, 12.0]},
        {"success": [1.0], "collision": [0.0], "time_s": [11.0], "close": [3.0], "steps": [44.0]},
    ]  # fmt: skip
    found = crowdnav._figures(parts)
    assert found["success"] == pytest.approx(2 / 3) and found["collision"] == pytest.approx(1 / 3)
    assert found["time_s"] == 10.0 and found["discomfort"] == pytest.approx(4 / 92)


def test_accuracy_is_told_apart_by_whether_anybody_could_tell() -> None:
    found = crowdnav._accuracy([
        {"right": [True, False], "could": [True, False]},
        {"right": [True, False], "could": [True, True]},
    ])  # fmt: skip
    assert found == {"accuracy": 0.5, "accuracy_at_stake": pytest.approx(2 / 3), "at_stake": 0.75}


@pytest.mark.slow
def test_the_quick_version_holds_and_draws(tmp_path: Path) -> None:
    pytest.importorskip("pyrvo")
    found = run_suite(
        "benchmark", [crowdnav.EXPERIMENT], Setup(quick=True), RunFolder(tmp_path), print
    )
    assert found["crowdnav"].holds, found["crowdnav"]
    assert (tmp_path / "crowdnav.png").stat().st_size > 5_000
    assert (tmp_path / "parts" / "crowdnav.jsonl").is_file()
