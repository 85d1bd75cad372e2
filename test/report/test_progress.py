"""The lines on the terminal: width, alignment, what is unknown, plain ASCII."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bisirl_ros.report import progress
from bisirl_ros.report.progress import COLUMNS, closing, header, progress_line
from bisirl_ros.report.record import EpisodeRecord, RunRecord

MakeRun = Callable[..., RunRecord]


@pytest.fixture(params=["utf-8", "ascii"])
def encoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What stdout can show."""
    name = str(request.param)
    stdout = io.TextIOWrapper(io.BytesIO(), encoding=name)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stdout=stdout))
    return name


@pytest.mark.parametrize("size", [0.0123, 1.0, 123.456, 9.9e9, math.nan, math.inf])
def test_every_line_fits_and_ends_where_the_header_ends(
    make_run: MakeRun, encoding: str, size: float
) -> None:
    run = make_run(2)
    episode = run.episodes[-1]
    for sign in (1.0, -1.0):
        episode.theta = [sign * size] * 4
        episode.theta_std = [size] * 4
        episode.return_ = episode.relative_error = episode.min_distance_m = sign * size
        episode.inner_s, episode.update_s = size, [size]
        episode.outcome = "a long outcome"
        line = progress_line(run, episode)
        line.encode(encoding)
        width = len(header(run.scenario.feature_names))
        assert "\n" not in line
        assert len(line) == width <= COLUMNS


def test_the_columns_stand_under_their_titles(make_run: MakeRun, encoding: str) -> None:
    run = make_run(1)
    episode = run.episodes[0]
    episode.theta, episode.theta_std = [1.52, -3.0, 0.0, 12.345], [0.09, 0.5, 0.1, 1.0]
    episode.relative_error, episode.min_distance_m = 0.123, 0.834
    episode.update_s = [0.2, 0.4, 9.0]
    title, line = header(run.scenario.feature_names), progress_line(run, episode)
    pm = "±" if encoding == "utf-8" else "+/-"
    for name, value in {
        "error": "12.3%",
        "progress": f"1.52{pm}0.09",
        "proximity": f"-3.00{pm}0.50",
        "min dist": "0.83 m",
        "inner": "12.3 ms",
        "update": "0.40 s",
    }.items():
        end = title.index(name) + len(name)
        assert line[:end].endswith(value), name


def test_many_features_still_fit() -> None:
    assert len(header([f"feature_number_{i}" for i in range(12)])) <= COLUMNS


def test_an_episode_of_which_nothing_is_known(make_run: MakeRun, encoding: str) -> None:
    line = progress_line(make_run(0), EpisodeRecord(7))
    assert line.split()[:3] == ["7", "stopped", "n/a"]
    assert line.count("n/a") == 9


def test_closing_tells_what_was_learned(make_run: MakeRun, encoding: str) -> None:
    run = make_run(24)
    run.episodes[-1].theta = [1.6, -9.0, -0.4, -0.6]
    run.episodes[-1].theta_std = [0.1, 1.0, 0.1, 0.1]
    run.episodes[-2].outcome = "collision"
    run.late_return, run.oracle_return = -6.6, -6.0
    inner = run.episodes[3].inner
    assert inner is not None
    inner["status"] = "iteration_cap"
    text = closing(run, Path("Läufe") / "crossing-1")
    text.encode(encoding)
    pm = "±" if encoding == "utf-8" else "+/-"
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert f"1.60 {pm} 0.20" in rows["progress"] and rows["progress"].endswith("yes")
    assert f"-9.00 {pm} 1.96" in rows["proximity"] and rows["proximity"].endswith("NO")
    assert "10.0 % below the oracle's -6.00" in rows["late return"]
    assert "3 in all, 1 in the last 5" in rows["collisions"]
    assert "converged 23 of 24" in rows["inner loop"]
    assert "crossing-1" in rows["folder"]


@pytest.mark.parametrize("episodes", [0, 1])
def test_closing_of_a_run_without_truth_or_oracle(make_run: MakeRun, episodes: int) -> None:
    run = make_run(episodes)
    run.theta_true = run.oracle_return = run.late_return = None
    run.interrupted = True
    text = closing(run)
    assert "stopped early" in text and "NO" not in text and "nan" not in text
