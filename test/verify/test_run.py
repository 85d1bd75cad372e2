"""`bisirl theory` itself: results after every experiment, plots, verdicts, bad arguments."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bisirl_ros import cli
from bisirl_ros.errors import InputError
from bisirl_ros.report.plot_style import label_axes
from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.theory.registry import EXPERIMENTS
from bisirl_ros.verify import run
from bisirl_ros.verify.experiment import Experiment, Outcome, Setup
from bisirl_ros.verify.run import chosen, closing, run_suite

KEYS = {
    "hypergradient", "convergence", "settling", "identifiability", "efficiency", "coverage",
    "evidence", "active", "drift", "rust1987", "negative", "speed",
}  # fmt: skip


def experiment(key: str, holds: bool | None, seen: list[str] | None = None) -> Experiment:
    """One that finds a figure at once, or complains."""

    def measure(setup: Setup, say) -> Outcome:
        if seen is not None:
            seen.append(key)
            raise InputError(f"{key}: no data; bring some")
        say("half way")
        note = "" if holds is not None else "needs more"
        return Outcome({"x": np.float64(0.5), "nan": float("nan")}, [1], [0.1, 0.9], "x < 1", holds,
                       note)  # fmt: skip

    def draw(outcome: Outcome, ax) -> None:
        ax.plot([0, 1], [outcome.figures["x"]] * 2, label="x")
        label_axes(ax, "time [s]", "x")

    return Experiment(key, "an example", measure, draw)


def test_every_experiment_is_there_once_and_in_the_help() -> None:
    assert {e.key for e in EXPERIMENTS} == KEYS
    assert len(EXPERIMENTS) == len(KEYS)
    assert all(e.title for e in EXPERIMENTS)


def test_a_long_bar_stands_within_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(run, "png", lambda figure: kept.append(figure) or b"")
    bar = "each of a great many things is at least as good as what was there before; " * 4
    run._picture(experiment("a", True), Outcome({"x": 0.5}, [1], None, bar, True))
    (figure,) = kept
    FigureCanvasAgg(figure).draw()
    edges = [text.get_window_extent() for text in figure.axes[0].texts]
    told = figure.texts[-1].get_window_extent()  # the line under the heading
    assert max(edge.x1 for edge in edges) < figure.bbox.x1
    assert max(edge.y1 for edge in edges) < told.y0


def test_results_and_plots_are_written_experiment_by_experiment(tmp_path: Path) -> None:
    """A failure later on loses nothing that was found before."""
    said, seen = [], []
    done, open_, broken = experiment("a", True), experiment("b", None), experiment("c", True, seen)
    with pytest.raises(InputError, match="no data"):
        run_suite("theory", [done, open_, broken], Setup(), RunFolder(tmp_path), said.append)
    found = json.loads((tmp_path / "theory.json").read_text())
    assert set(found) == {"a", "b"}
    assert set(found["a"]) >= {"figures", "seeds", "interval", "bar", "holds"}
    assert found["a"]["figures"] == {"x": 0.5, "nan": None}
    assert (found["a"]["holds"], found["b"]["holds"]) == (True, None)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "b.png").exists()
    assert seen == ["c"]
    assert said[0].startswith("[1/3] a: an example")
    assert any("half way" in line for line in said)
    assert any("holds: x < 1" in line for line in said)


def test_the_closing_table_names_what_was_missed(tmp_path: Path) -> None:
    outcomes = {
        key: Outcome({}, [], None, f"bar of {key}", holds)
        for key, holds in (("a", True), ("bb", False), ("c", None))
    }
    lines = closing(outcomes, RunFolder(tmp_path)).splitlines()
    assert lines[0].split() == ["a", "holds", "bar", "of", "a"]
    assert lines[1].split()[:2] == ["bb", "MISSED"]
    assert "not measured" in lines[2]
    assert str(tmp_path) in lines[-1]


def test_experiments_are_chosen_by_key() -> None:
    assert [e.key for e in chosen(EXPERIMENTS, ["drift", "active"])] == ["drift", "active"]
    assert len(chosen(EXPERIMENTS, [])) == len(EXPERIMENTS)
    with pytest.raises(InputError, match=r"experiment 'magic': unknown; choose from .*rust1987"):
        chosen(EXPERIMENTS, ["magic"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["magic"], ["experiment 'magic'", "choose from"]),
        (["--data", "gone"], ["data gone: no such folder"]),
        (["--peer", "gone"], ["peer gone: no such file"]),
        (["--seed", "-1"], ["seed = -1", "at least 0"]),
        (["--out", "/proc/nothing"], ["/proc/nothing", "cannot be created"]),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str], words: list[str], tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["theory", "identifiability", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: ")
    assert all(word in line for word in words)
    assert not list(tmp_path.iterdir()), "something was written before the argument was refused"


def test_the_command_leaves_results_and_says_how_it_went(tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert cli.main(["theory", "identifiability", "--quick", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "identifiability" in told and "holds" in told
    found = json.loads((out / "theory.json").read_text())
    assert found["identifiability"]["holds"] is True
    assert (out / "identifiability.png").stat().st_size > 10_000


def test_a_missed_bar_is_exit_status_one(tmp_path: Path, monkeypatch, capsys) -> None:
    import bisirl_ros.theory.registry as registry

    monkeypatch.setattr(registry, "EXPERIMENTS", (experiment("a", False),))
    assert cli.main(["theory", "--out", str(tmp_path)]) == 1
    assert "MISSED" in capsys.readouterr().out
