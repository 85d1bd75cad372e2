"""The lines on the terminal: width, alignment, what is unknown, plain ASCII."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.report import progress
from bisirl_ros.report.collector import RunCollector
from bisirl_ros.report.progress import COLUMNS, closing, header, progress_line
from bisirl_ros.report.record import EpisodeRecord, RunRecord, summary
from bisirl_ros.tracking.timing import AS_GIVEN

MakeRun = Callable[..., RunRecord]


@pytest.fixture(params=["utf-8", "ascii"])
def encoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What stdout can show."""
    name = str(request.param)
    stdout = io.TextIOWrapper(io.BytesIO(), encoding=name)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stdout=stdout))
    return name


@pytest.mark.parametrize("size", [0.0123, 1.0, 123.456, 9.9e9, math.nan, math.inf])
@pytest.mark.parametrize("people", [0, 1, 2, 5])
def test_every_line_fits_and_ends_where_the_header_ends(
    make_run: MakeRun, encoding: str, size: float, people: int
) -> None:
    run = make_run(2, people=people)
    episode = run.episodes[-1]
    for sign in (1.0, -1.0):
        episode.theta = {name: [sign * size] * 4 for name in run.scenario.identities}
        episode.theta_std = {name: [size] * 4 for name in run.scenario.identities}
        episode.errors = dict.fromkeys(run.scenario.identities, size)
        episode.return_ = episode.relative_error = episode.min_distance_m = sign * size
        episode.inner_s, episode.update_s = size, [size]
        episode.outcome = "a long outcome"
        line = progress_line(run, episode)
        line.encode(encoding)
        width = len(header(run.scenario))
        assert "\n" not in line
        assert len(line) == width <= COLUMNS


def test_the_columns_stand_under_their_titles(make_run: MakeRun, encoding: str) -> None:
    run = make_run(1)
    episode = run.episodes[0]
    episode.theta = {"person_0": [1.52, -3.0, 0.0, 12.345]}
    episode.theta_std = {"person_0": [0.09, 0.5, 0.1, 1.0]}
    episode.relative_error, episode.min_distance_m = 0.123, 0.834
    episode.update_s = [0.2, 0.4, 9.0]
    title, line = header(run.scenario), progress_line(run, episode)
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


def test_of_several_people_each_ones_error_is_told(make_run: MakeRun) -> None:
    run = make_run(1, people=3)
    run.episodes[0].errors = {"person_0": 0.123, "person_2": 0.5}
    title, line = header(run.scenario), progress_line(run, run.episodes[0])
    for name, value in {"person_0": "12.3%", "person_1": "n/a", "person_2": "50.0%"}.items():
        end = title.index(name) + len(name)
        assert line[:end].endswith(f" {value}"), name


def test_many_features_and_many_people_still_fit(make_run: MakeRun) -> None:
    scenario = load_scenario("doorway")
    assert len(scenario.feature_names) > 4 and len(header(scenario)) <= COLUMNS
    start = scenario.starts.people * 12
    crowd = replace(scenario, starts=replace(scenario.starts, people=start), people=12)
    assert len(header(crowd)) <= COLUMNS


def test_an_episode_of_which_nothing_is_known(make_run: MakeRun, encoding: str) -> None:
    line = progress_line(make_run(0), EpisodeRecord(7))
    assert line.split()[:3] == ["7", "stopped", "n/a"]
    assert line.count("n/a") == 9


def test_closing_tells_what_was_learned(make_run: MakeRun, encoding: str) -> None:
    run = make_run(24)
    run.episodes[-1].theta = {"person_0": [1.6, -9.0, -0.4, -0.6]}
    run.episodes[-1].theta_std = {"person_0": [0.1, 1.0, 0.1, 0.1]}
    run.episodes[-2].outcome = "collision"
    run.late_return, run.oracle_return = -6.6, -6.0
    inner = run.episodes[3].inner
    assert inner is not None
    inner["status"] = "iteration_cap"
    text = closing(run, Path("Läufe") / "crossing-1")
    text.encode(encoding)
    pm = "±" if encoding == "utf-8" else "+/-"
    lines = text.splitlines()
    rows = {line.split("  ")[0]: line for line in lines}
    weights = {word: line for line in lines for word in line.split()[:2]}
    assert weights["person_0"] == weights["progress"]
    assert f"1.60 {pm} 0.20" in weights["progress"] and weights["progress"].endswith("yes")
    assert f"-9.00 {pm} 1.96" in weights["proximity"] and weights["proximity"].endswith("NO")
    assert "10.0 % below the oracle's -6.00" in rows["late return"]
    assert "3 in all, 1 in the last 5" in rows["collisions"]
    assert "converged 23 of 24" in rows["inner loop"]
    assert "crossing-1" in rows["folder"]


def test_closing_has_a_table_per_person_and_the_mean_error(make_run: MakeRun) -> None:
    run = make_run(4, people=3)
    run.episodes[-1].errors = {"person_0": 0.1, "person_1": 0.4, "person_2": 0.1}
    run.episodes[-1].relative_error = 0.2
    del (run.episodes[-1].theta or {})["person_2"]
    lines = closing(run).splitlines()
    assert lines[0] == "crossing, seed 3: 4 episodes with 3 people"
    starts = [i for i, line in enumerate(lines) if line.startswith("person_")]
    assert [lines[i].split()[0] for i in starts] == list(run.scenario.identities)
    for i in starts:
        for line, name in zip(lines[i : i + 4], run.scenario.feature_names, strict=True):
            assert name in line
    assert "n/a" in lines[starts[2]] and "n/a" not in lines[starts[1]]
    (error,) = [line for line in lines if line.startswith("relative error")]
    assert error.endswith("20.0 % on average, at most 40.0 % (person_1)")


def test_closing_tells_of_whoever_does_not_fit(make_run: MakeRun) -> None:
    run = make_run(2)
    assert "explains that" not in closing(run)
    run.episodes[-1].misfit = {"person_0": "turns aside more than foreseen"}
    assert "person_0 turns aside more than foreseen: no reward" in closing(run)
    assert summary(run)["misfit"] == run.episodes[-1].misfit


class NobodySpeaks:
    """Topics on which nothing comes."""

    def listen(self, kind: str, topic: str, callback: Any, quality: Any) -> None:
        """Nothing."""


def test_closing_tells_when_people_decide(make_run: MakeRun) -> None:
    run = make_run(2)
    people = {
        name: {"theta": theta, "std": [0.1] * 4, "misfit": {"how": None}}
        for name, theta in (run.episodes[-1].theta or {}).items()
    }
    record = {
        "episode": 1, "people": people, "settings": asdict(LoopConfig()), "device": "cpu",
        "inner": run.episodes[-1].inner,
        "inner_s": 0.1, "updates": 3, "update_s": [], "objective": 1.0,
        "decisions": 3, "held_out": -1.0, "control_period_ms": None,
    }  # fmt: skip
    for timing, told in (("decides 0.2 s later", "decides 0.2 s later"), (AS_GIVEN, "")):
        RunCollector(run, NobodySpeaks()).learning({**record, "timing": timing})
        assert summary(run)["timing"] == told
        assert ("everybody decides 0.2 s later" in closing(run)) is bool(told)
    RunCollector(run, NobodySpeaks()).learning(record)  # as older recordings have it
    assert summary(run)["timing"] == ""


def test_closing_of_a_run_with_nobody(make_run: MakeRun) -> None:
    text = closing(make_run(2, people=0))
    assert "2 episodes with nobody" in text and "nobody was there to learn from" in text
    assert "nan" not in text


@pytest.mark.parametrize("episodes", [0, 1])
def test_closing_of_a_run_without_truth_or_oracle(make_run: MakeRun, episodes: int) -> None:
    run = make_run(episodes)
    run.theta_true = run.oracle_return = run.late_return = None
    run.interrupted = True
    text = closing(run)
    assert "stopped early" in text and "NO" not in text and "nan" not in text
