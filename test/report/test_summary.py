"""The summary and its file: complete, valid JSON, and whole whenever it is read."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.report.closest import closest_approach
from bisirl_ros.report.record import (
    RunRecord,
    control_period_ms,
    covered,
    errors,
    relative_error,
    summary,
)
from bisirl_ros.report.run_folder import RunFolder, new_run_folder

MakeRun = Callable[..., RunRecord]

KEYS = set(
    """
    scenario seed episodes theta_true theta_hat theta_std relative_error returns min_distances
    collisions oracle_return late_return inner outer_iterations outer_update_s
    control_period_ms wall_s backend device interrupted feature_names covered versions
    people drive errors
    """.split()  # noqa: SIM905 - a list of strings would be three times as long
)


@pytest.mark.parametrize("people", [0, 1, 3])
@pytest.mark.parametrize("episodes", [0, 1, 6])
def test_summary_has_every_key_and_is_strict_json(
    make_run: MakeRun, episodes: int, people: int
) -> None:
    told = summary(make_run(episodes, people=people))
    names = [f"person_{p}" for p in range(people)]
    assert list(told["theta_true"]) == names
    assert list(told["theta_hat"] or {}) == (names if episodes else [])
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert set(told) >= KEYS
    assert told["episodes"] == len(told["returns"]) == len(told["inner"]) == episodes
    assert set(told["outer_update_s"]) == set(told["control_period_ms"]) == {"p50", "p99", "max"}


def test_summary_says_null_for_what_is_not_a_number(make_run: MakeRun) -> None:
    run = make_run(3)
    run.wall_s, run.late_return = math.inf, math.nan
    run.episodes[0].return_ = math.nan
    run.episodes[1].min_distance_m = math.inf
    run.episodes[2].theta_std = {"person_0": [math.nan, 1.0, 1.0, 1.0]}
    run.episodes[2].update_s = [np.float64("nan")]
    told = summary(run)
    assert told["wall_s"] is None and told["late_return"] is None
    assert told["returns"][0] is None and isinstance(told["returns"][1], float)
    assert told["min_distances"][1] is None
    assert told["theta_std"] == {"person_0": [None, 1.0, 1.0, 1.0]}
    assert told["covered"]["person_0"][0] is None
    assert told["outer_update_s"]["max"] == 0.41


def test_summary_tells_the_last_estimate_of_a_run_that_was_cut_off(make_run: MakeRun) -> None:
    run = make_run(4)
    run.interrupted = True
    cut = run.episodes[-1]
    cut.theta = cut.theta_std = cut.inner = cut.outcome = cut.relative_error = None
    told = summary(run)
    assert told["theta_hat"] == run.episodes[2].theta
    assert told["relative_error"] == run.episodes[2].relative_error
    assert told["outer_iterations"] == 3 and told["inner"][3] is None and told["interrupted"]


def test_a_weight_is_covered_up_to_1_96_standard_deviations(make_run: MakeRun) -> None:
    run = make_run(2, people=2)
    run.theta_true = {name: [0.0] * 4 for name in run.scenario.identities}
    run.episodes[-1].theta = {"person_1": [1.95, -1.95, 1.97, -1.97]}
    run.episodes[-1].theta_std = {"person_1": [1.0, 1.0, 1.0, 1.0]}
    assert covered(run) == {"person_1": [True, True, False, False]}
    run.theta_true = None
    assert covered(run) is None


def test_errors_are_computed_where_they_were_not_recorded(make_run: MakeRun) -> None:
    run = make_run(1, people=2)
    run.theta_true = {"person_0": [3.0, 4.0, 0.0, 0.0], "person_1": [3.0, 4.0, 0.0, 0.0]}
    episode = run.episodes[0]
    episode.theta = {"person_0": [3.0, 4.0, 1.0, 0.0], "person_1": [3.0, 4.0, 0.0, 3.0]}
    episode.relative_error, episode.errors = None, {}
    assert errors(run) == pytest.approx({"person_0": 0.2, "person_1": 0.6})
    assert relative_error(run) == pytest.approx(0.4)
    run.theta_true = None
    assert relative_error(run) is None and errors(run) is None


def test_control_period_is_the_worst_of_the_episodes(make_run: MakeRun) -> None:
    run = make_run(3)
    run.episodes[0].control_period_ms = None
    run.episodes[1].control_period_ms = {"p50": 48.0, "p99": 90.0, "max": 95.0}
    run.episodes[2].control_period_ms = {"p50": 52.0, "p99": 60.0, "max": 99.0}
    assert control_period_ms(run.episodes) == {"p50": 50.0, "p99": 90.0, "max": 99.0}


def test_closest_approach_of_lines_sampled_at_different_times(make_run: MakeRun) -> None:
    """The robot passes (0, 0) at 2 s, when one person stands at (0, 1); the other is further."""
    episode = make_run(1).episodes[0]
    episode.robot_path = np.array([[0.0, -2.0, 0.0], [2.0, 0.0, 0.0], [4.0, 2.0, 0.0]])
    near = np.array([[1.0, 0.0, 1.0], [5.0, 0.0, 1.0], [np.nan, 0.0, 0.0]])
    far = np.array([[0.0, 0.0, -1.5], [5.0, 0.0, -1.5]])
    episode.people_paths = {"far": far, "near": near}
    closest = closest_approach(episode)
    assert closest is not None
    assert (closest.identity, closest.time_s, closest.distance_m) == ("near", 2.0, 1.0)
    np.testing.assert_allclose([closest.person_m, closest.robot_m], [[0.0, 1.0], [0.0, 0.0]])
    episode.people_paths = {"near": near + np.array([9.0, 0.0, 0.0])}
    assert closest_approach(episode) is None
    episode.people_paths = {}
    assert closest_approach(episode) is None


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_summary(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    folder = RunFolder(tmp_path / "runs" / "a")
    old = folder.write_summary(make_run(2)).read_bytes()

    def disk_is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, disk_is_full)
        with pytest.raises(InputError, match=r"summary\.json.*No space left"):
            folder.write_summary(make_run(3))
    assert [path.name for path in folder.path.iterdir()] == ["summary.json"]
    assert (folder.path / "summary.json").read_bytes() == old
    folder.write_summary(make_run(3))
    assert json.loads((folder.path / "summary.json").read_text("utf-8"))["episodes"] == 3


def test_the_summary_has_its_name_only_once_it_is_whole(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill just before the rename would leave: no summary, or the old one."""
    seen = []
    replace = os.replace

    def look_then_replace(source: Path, target: Path) -> None:
        assert not target.exists()
        seen.append(json.loads(source.read_text("utf-8")))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look_then_replace)
    path = RunFolder(tmp_path).write_summary(make_run(1))
    assert seen == [json.loads(path.read_text("utf-8"))]


def test_a_folder_that_cannot_be_created_is_an_input_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for create in (RunFolder, lambda base: new_run_folder(base, "crossing")):
        for base in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(InputError, match=r"file.*cannot be created.*choose") as error:
                create(base)
            assert "\n" not in str(error.value)


def test_new_run_folders_never_meet(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, 15, 42, 0)
    names = [new_run_folder(tmp_path / "runs", "crossing", now).name for _ in range(3)]
    stem = "crossing-20261122-154200"
    assert names == [stem, f"{stem}-2", f"{stem}-3"]
    assert new_run_folder(tmp_path, "../a b", now).parent == tmp_path
