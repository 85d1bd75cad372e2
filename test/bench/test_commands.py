"""`bisirl bench`, `bisirl ladder` and `bisirl report` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bisirl_ros import cli
from bisirl_ros.bench.table import read_table


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bench", "--methods", "magic"], ["method 'magic' is unknown", "oracle"]),
        (["bench", "--methods"], ["--methods", "at least one"]),
        (["bench", "--people", "ghosts"], ["people 'ghosts' is unknown"]),
        (["bench", "--scenarios", "crossing", "nope"], ["scenario 'nope' is unknown"]),
        (["bench", "--seeds", "0"], ["bisirl bench: seeds = 0", "at least 1"]),
        (["bench", "--seeds", "few"], ["--seeds", "'few'"]),
        (["bench", "--jobs", "-1"], ["jobs = -1"]),
        (["bench", "--config", "gone.yaml"], ["gone.yaml", "cannot be read"]),
        (["bench", "--out", "/proc/nothing"], ["/proc/nothing", "cannot be created"]),
        (["ladder"], ["SCENARIO"]),
        (["ladder", "nope"], ["scenario 'nope' is unknown"]),
        (["ladder", "crossing", "--seeds", "0"], ["bisirl ladder: seeds = 0"]),
        (["ladder", "crossing", "--out", "/proc/nothing"], ["cannot be created"]),
        (["report"], ["DIR"]),
        (["report", "gone"], ["gone: no such folder"]),
    ],
)
def test_a_bad_argument_is_one_line_and_leaves_nothing(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: ")
    for word in words:
        assert word in line
    assert not list(tmp_path.iterdir())


def test_options_come_after_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = tmp_path / "mine.yaml", tmp_path / "out"
    config.write_text(
        "{scenarios: [crossing], methods: [oracle, bisirl], seeds: 9,"
        " size: {updates: 0, starts: 1, longer: 1, episodes: 4}}"
    )
    options = ["--methods", "go_to_goal", "full", "--seeds", "2", "--jobs", "1"]
    assert cli.main(["bench", "--config", str(config), *options, "--out", str(out)]) == 0
    cells = read_table(out).cells
    assert [(c["method"], c["seed"]) for c in cells] == [
        ("go_to_goal", 0), ("go_to_goal", 1), ("full", 0), ("full", 1),
    ]  # fmt: skip
    assert "4 of 4 cells" in capsys.readouterr().out
    config.write_text(config.read_text().replace("episodes: 4", "episodes: 5"))
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert cli.main(["bench", "--config", str(config), *options, "--out", str(out)]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.slow
def test_a_quick_benchmark_and_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    what = ["--scenarios", "crossing", "--methods", "bisirl", "go_to_goal", "--quick"]
    assert cli.main(["bench", *what, "--out", str(tmp_path), "--jobs", "1"]) == 0
    assert "(2/2, 0 min left)" in capsys.readouterr().out
    ours, straight = read_table(tmp_path).cells
    assert ours["method"] == "bisirl" and len(ours["returns"]) == 2
    assert 0.0 < ours["reward_error"] < 1.0 and 0.0 <= ours["coverage"] <= 1.0
    assert "reward_error" not in straight
    assert cli.main(["report", str(tmp_path)]) == 0
    assert "| bisirl | 1 |" in (tmp_path / "report.md").read_text()


@pytest.mark.slow
def test_a_quick_ladder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    options = ["--quick", "--out", str(tmp_path), "--jobs", "1"]
    assert cli.main(["ladder", "crossing", *options]) == 0
    told = capsys.readouterr().out
    assert "crossing: the truth known" in told and "separates: " in told
    found = json.loads((tmp_path / "ladder.json").read_text())
    assert set(found["rows"]) == set(found["found"]["steps"])
    assert found["seeds"] == [0] and found["machine"] and found["command"]
    before = (tmp_path / "ladder.json").read_bytes()
    assert cli.main(["ladder", "guide", *options]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert (tmp_path / "ladder.json").read_bytes() == before
