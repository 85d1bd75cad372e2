"""The suite `situation`: each experiment's quick version, and that its bars can be missed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.figure import Figure

from bisirl_ros import cli
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.run import run_suite
from bisirl_ros.verify.situation import EXPERIMENTS, as_before, noise, noise_over_dds, people
from bisirl_ros.verify.situation.people_of import drawn_people, graded
from bisirl_sim.tracker import TrackerSpec

pytest.importorskip("pybullet", reason="needs pybullet")
QUICK = ("speed", "walls", "people", "pooled", "noise", "latent_goal", "goals", "drives")


def test_every_experiment_is_there_once() -> None:
    keys = [experiment.key for experiment in EXPERIMENTS]
    assert sorted(keys) == sorted([*QUICK, "as_before", "noise_over_dds"])


@pytest.mark.slow
@pytest.mark.parametrize("key", QUICK)
def test_the_quick_version_holds_and_draws(key: str, tmp_path: Path) -> None:
    (experiment,) = [e for e in EXPERIMENTS if e.key == key]
    found = run_suite("situation", [experiment], Setup(quick=True), RunFolder(tmp_path), print)
    assert found[key].holds, found[key]
    assert (tmp_path / f"{key}.png").stat().st_size > 5_000
    written = json.loads((tmp_path / "situation.json").read_text())
    assert written[key]["holds"] is True


def test_a_run_goes_on_where_it_was_and_never_with_another_seed(tmp_path: Path) -> None:
    (experiment,) = [e for e in EXPERIMENTS if e.key == "speed"]
    folder, said = RunFolder(tmp_path), []
    run_suite("situation", [experiment], Setup(quick=True), folder, print)
    run_suite("situation", [experiment], Setup(quick=True), folder, said.append)
    assert any("measured before" in line for line in said)
    with pytest.raises(InputError, match="another seed or size"):
        run_suite("situation", [experiment], Setup(quick=True, seed=5), folder, print)


def test_an_unknown_suite_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "everything"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: ") and "situation" in line


def test_a_cell_that_covers_too_little_or_errs_too_much_is_missed() -> None:
    good = {"error": 0.05, "worst": 0.1, "interval": [0, 1], "coverage": 0.95}
    assert noise._judged({"velocity 0.05": good}, [0], quick=False).holds
    for worse in ({"coverage": 0.8}, {"error": 0.2}, {"worst": 3.0}):
        found = noise._judged({"velocity 0.05": {**good, **worse}}, [0], quick=False)
        assert not found.holds and "velocity 0.05" in found.note


def test_a_tracker_over_dds_is_told_to_the_simulator_and_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file that `bisirl sim` is given says how people are seen."""
    summary = {
        "covered": {"a": [True] * 4},
        "relative_error": 0.19,
        "late_return": None,
        "oracle_return": None,
        "outcomes": ["arrived"],
        "control_period_ms": {"p99": 51.0},
    }
    seen: list[str] = []

    def played(scenario: str, seed: int, episodes: int, *options: str) -> dict[str, object]:
        seen.append(Path(options[options.index("--params-file") + 1]).read_text())
        return summary

    monkeypatch.setattr(noise_over_dds, "played", played)
    found = noise_over_dds.measure(Setup(), lambda line: None)
    assert found.holds and list(found.figures["runs"]) == list(noise_over_dds.KINDS)
    noise_over_dds.draw(found, Figure().subplots())
    (parameters,) = yaml.safe_load(seen[1]).values()
    tracker = parameters["ros__parameters"]["tracker"]
    assert TrackerSpec(**tracker) == noise.cells()[noise_over_dds.KINDS[1]]
    for worse in ({"relative_error": 0.21}, {"covered": {"a": [False] + [True] * 3}}):
        kept, summary = summary, {**summary, **worse}
        assert not noise_over_dds.measure(Setup(), lambda line: None).holds
        summary = kept


def test_people_are_missed_where_somebody_waits() -> None:
    row = {"done": 1.0, "coverage": 0.95, "command_p99_ms": 2.0, "update_s": [0.1, 0.4]}
    table = {str(count): dict(row) for count in people.COUNTS}
    assert people._judged(table, [0], quick=False).holds
    table["5"]["update_s"] = [0.5, 2.0]
    assert not people._judged(table, [0], quick=False).holds


def test_the_figures_of_a_run_are_taken_from_its_summary() -> None:
    summary = {
        "covered": {"a": [True, True, False, True]},
        "relative_error": 0.07,
        "late_return": 19.0,
        "oracle_return": 20.0,
        "outcomes": ["collision"] + ["arrived"] * 5,
        "control_period_ms": {"p99": 51.0},
    }
    row = as_before.row_of(summary)
    assert (row["error"], row["inside"], row["late_collisions"]) == (0.07, 0.75, 0.0)
    assert row["lost"] == pytest.approx(0.05)


LIGHT = LoopConfig(policy_steps=2, checked_episodes=32)


@pytest.mark.slow
def test_an_offline_run_learns_what_people_want_and_plays_every_episode() -> None:
    scenario = load_scenario("crossing", people=2)
    truth = drawn_people(scenario, 0)
    found = play_offline(OfflineRun(scenario, truth, LIGHT, episodes=6))
    assert len(found.outcomes) == 6
    assert found.refused == []
    assert [report["k"] for report in found.reports] == [1, 2, 3, 4, 5, 6]
    errors, inside = graded(found.last, truth)
    assert np.mean(errors) < 0.7
    assert np.mean(inside) >= 0.5
    assert len(found.commands) == len(found.tick_s) > 300


@pytest.mark.slow
def test_the_same_seed_is_the_same_run() -> None:
    scenario = load_scenario("crossing")
    runs = [
        play_offline(OfflineRun(scenario, drawn_people(scenario, 1), LIGHT, episodes=2, seed=1))
        for _ in range(2)
    ]
    np.testing.assert_array_equal(runs[0].commands, runs[1].commands)
    np.testing.assert_array_equal(runs[0].last.theta, runs[1].last.theta)
