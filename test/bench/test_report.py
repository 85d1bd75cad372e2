"""The report of a tiny folder, against numbers worked by hand."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros import cli
from bisirl_ros.bench import plots
from bisirl_ros.bench.report import report
from bisirl_ros.bench.run import CELLS, RUNS
from bisirl_ros.bench.table import read_table

RETURNS = {
    ("a", "go_to_goal"): [0.0, 2.0, 1.0],
    ("a", "bisirl"): [4.0, 6.0, 8.0],
    ("a", "oracle"): [9.0, 11.0, 13.0],
    ("b", "go_to_goal"): [0.0, 0.0, 0.0],
    ("b", "bisirl"): [1.0, 1.0, 2.0],
    ("b", "oracle"): [2.0, 2.0, 2.0],
    ("flat", "go_to_goal"): [3.0],
    ("flat", "oracle"): [3.0],
}
RUN = {
    "command": "bisirl bench --out here", "began": "2026-01-02 03:04:05", "jobs": 2,
    "machine": "a machine, 2 cores", "versions": {"bisirl_ros": "0.1.0"}, "commit": "abc",
    "grid": {"episodes": 2, "size": {"updates": 60, "episodes": 512}},
}  # fmt: skip


def row(scenario: str, method: str, seed: int, **more: Any) -> dict[str, Any]:
    who = {"scenario": scenario, "people": "p", "method": method, "seed": seed}
    return {**who, "seconds": 1.5, **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = []
    for (scenario, method), values in RETURNS.items():
        more = {"returns": [1.0, 3.0], "reward_error": 0.5} if method == "bisirl" else {}
        rows += [
            row(scenario, method, seed, **{"return": value, **more})
            for seed, value in enumerate(values)
        ]
    rows.append(row("a", "passive", 1, failed="RuntimeError: no | luck"))
    lines = [{"benchmark": 1}, *({"part": str(i), "found": r} for i, r in enumerate(rows))]
    (tmp_path / CELLS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / RUNS).write_text(json.dumps([RUN]))
    return tmp_path


def test_means_and_paired_tests(folder: Path) -> None:
    """p of three differences of one sign is 2 / 2^3, of two and a zero 2 / 2^2; Holm doubles."""
    table = read_table(folder)
    found = table.spread(("a", "p"), "bisirl")
    assert found and (found.n, found.mean, found.sd) == (3, 6.0, 2.0)
    of_a, of_b = table.against(("a", "p")), table.against(("b", "p"))
    assert (of_a["go_to_goal"].difference, of_a["oracle"].difference) == (5.0, -5.0)
    assert [x.p for x in of_a.values()] == [0.25, 0.25]
    assert [x.p_holm for x in of_a.values()] == [0.5, 0.5]
    assert {name: (x.p, x.p_holm) for name, x in of_b.items()} == {
        "go_to_goal": (0.25, 0.5),
        "oracle": (0.5, 0.5),
    }
    assert table.against(("flat", "p")) == {}


def test_one_number_for_all_scenarios(folder: Path) -> None:
    """Of .3, .5, .7 in a and .5, .5, 1 in b one is cut at each end: (.5 + .5 + .5 + .7) / 4."""
    table = read_table(folder)
    arenas, bad = table.spanned
    assert arenas == [("a", "p"), ("b", "p")]
    assert "not above" in bad["flat", "p"]
    found = table.aggregates()
    assert found["bisirl"].score.mean == pytest.approx(0.55)
    assert found["bisirl"].seeds == 3
    assert found["go_to_goal"].score.mean == pytest.approx(0.0)
    assert "passive" not in found


def test_the_report_holds_them_and_where_they_come_from(folder: Path) -> None:
    names = {path.name for path in report(folder)}
    pictures = {"returns.png", "across.png", "learning.png"}
    assert names == {"report.md", "cells.csv", "summary.csv", *pictures}
    page = (folder / "report.md").read_text()
    top = page[: page.index("##")]
    for told in ("bisirl bench --out here", "a machine, 2 cores", "seeds 0-2", "1 failed", "abc"):
        assert told in top
    assert re.search(r"\| bisirl \| 3 \| 6\.00 \| 2\.00 \| \[4\.00, 8\.00\] \|", page)
    assert re.search(r"\| go_to_goal \| 3 \| 1\.00 .*\| \+5\.00 \| 0\.5000 \|", page)
    assert "| bisirl | 3 | 0.550 |" in page
    assert r"| a | p | passive | 1 | RuntimeError: no \| luck |" in page
    assert "Left out: flat, p: oracle 3 is not above go_to_goal 3" in page
    assert all(f"]({name})" in page for name in pictures)


def test_every_cell_is_a_row_and_every_figure_another(folder: Path) -> None:
    report(folder)
    with (folder / "cells.csv").open() as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == 21
    (failed,) = [c for c in cells if c["failed"]]
    assert (failed["method"], failed["seed"], failed["seconds"]) == ("passive", "1", "1.5")
    assert failed["return"] == ""
    ours = [c for c in cells if c["method"] == "bisirl"]
    assert [float(c["return"]) for c in ours] == [4.0, 6.0, 8.0, 1.0, 1.0, 2.0]
    assert ours[0]["returns"] == "1.0 3.0"
    with (folder / "summary.csv").open() as file:
        rows = {(r["scenario"], r["method"], r["figure"]): r for r in csv.DictReader(file)}
    assert float(rows["a", "bisirl", "return"]["mean"]) == 6.0
    assert float(rows["b", "oracle", "return"]["p_holm"]) == 0.5
    assert rows["a", "bisirl", "reward_error"]["n"] == "3"
    assert ("a", "passive", "seconds") not in rows


def test_every_learner_has_its_colour_and_one_scenario_its_panel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else was measured between them."""
    keys: list[dict[str, Any]] = []
    widths: list[float] = []
    monkeypatch.setattr(plots, "legend", lambda figure, key: keys.append(key))
    monkeypatch.setattr(plots, "png", lambda figure: widths.append(figure.get_size_inches()[0]))
    for name, scenarios in (("one", "a"), ("two", "ab")):
        planners = [
            row(s, f"planner {i}", 0, **{"return": 1.0}) for s in scenarios for i in range(5)
        ]
        learners = [
            row(s, f"learner {i}", 0, **{"return": 1.0, "returns": [0.0, 1.0]})
            for s in scenarios
            for i in range(6)
        ]
        mixed = [one for pair in zip(learners, planners, strict=False) for one in pair] + learners
        rows = [{"part": str(i), "found": one} for i, one in enumerate(mixed)]
        (tmp_path / name).mkdir()
        text = "".join(json.dumps(line) + "\n" for line in [{}, *rows])
        (tmp_path / name / CELLS).write_text(text)
        plots.plots(read_table(tmp_path / name))
    for key in keys:
        assert len({line.get_color() for line in key.values()}) == len(key) == 6
    (returns, learning), (returns_of_two, learning_of_two) = widths[:2], widths[2:]
    assert returns < 0.6 * returns_of_two and learning < 0.6 * learning_of_two


def test_a_table_without_bisirl_or_ends_says_so(tmp_path: Path) -> None:
    rows = [{"part": "0", "found": row("a", "mpc", 0, **{"return": 1.0})}]
    text = "".join(json.dumps(line) + "\n" for line in [{}, *rows])
    (tmp_path / CELLS).write_text(text + '{"part": "1", "fou')
    report(tmp_path)
    page = (tmp_path / "report.md").read_text()
    assert "nothing is tested" in page and "no go_to_goal" in page and "on record" in page
    assert not (tmp_path / "across.png").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["cannot be read", "bisirl bench"]),
        ("{}\n", ["holds no cell yet"]),
        ("{}\nno json\n", ["not a file of cells"]),
        ('{}\n{"part": "0", "found": {"scenario": "a"}}\n', ["not a file of cells"]),
        ('{}\n{"part": "0", "found": 3}\n', ["not a file of cells"]),
    ],
)
def test_a_folder_without_cells_is_one_line(
    content: str | None, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / CELLS).write_text(content)
    before = sorted(tmp_path.iterdir())
    assert cli.main(["report", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: ") and all(word in line for word in words)
    assert sorted(tmp_path.iterdir()) == before
