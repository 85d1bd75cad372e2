"""`bisirl import`: one bag a file, whatever the others are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.bags.reading import Bag
from bisirl_ros.errors import InputError
from bisirl_ros.importing.commands import run_import

Rows = list[list[Any]]


def given(kind: str, out: Path, *paths: Path, **told: Any) -> dict[str, Any]:
    """Arguments as the command line gives them."""
    return {"kind": kind, "paths": [str(path) for path in paths], "out": str(out), **told}


def test_one_file_is_one_bag(
    tmp_path: Path,
    walk: Rows,
    text: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "walk.csv").write_text(text(walk))
    out = tmp_path / "bags" / "one"
    assert run_import(given("navwareset", out, tmp_path / "walk.csv", frame="map")) == 0
    with Bag(out) as bag:
        assert bag.counts == {"/odom": 140, "/people/odom": 140}
    said = capsys.readouterr()
    assert said.err == ""
    assert "frame: all poses are in map" in said.out and "280 messages" in said.out
    assert [path.name for path in out.parent.iterdir()] == ["one"]


def test_a_bad_file_does_not_end_the_others(
    tmp_path: Path,
    walk: Rows,
    text: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "tables"
    for place in ("a", "b"):
        (folder / place).mkdir(parents=True)
    (folder / "README.md").write_text("no table")
    (folder / "a" / "one.csv").write_text(text(walk))
    (folder / "b" / "one.csv").write_text(text(walk))
    (folder / "b" / "none.csv").write_text("")
    (folder / "b" / "short.csv").write_text(text(walk[:2]))
    (folder / "b" / "two.csv").write_text(text(walk))
    assert run_import(given("navwareset", tmp_path / "out", folder)) == 1
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a_one.csv", "b_one.csv", "two"]
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 2
    assert "none.csv" in said.err and "short.csv" in said.err
    assert said.out.count("time: in ns") == 1
    assert f"3 of 5 files are bags in {tmp_path / 'out'}, 2 refused" in said.out


def test_none_is_a_failure(
    tmp_path: Path, walk: Rows, text: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(text(walk[:2]))
    paths = (tmp_path / "one.csv", tmp_path / "two.csv")
    assert run_import(given("navwareset", tmp_path / "out", *paths)) == 2
    assert not (tmp_path / "out").exists()
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_second_run_writes_over_nothing(
    tmp_path: Path, walk: Rows, text: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "walk.csv").write_text(text(walk))
    arguments = ("navwareset", tmp_path / "bag", tmp_path / "walk.csv")
    assert run_import(given(*arguments)) == 0
    assert run_import(given(*arguments)) == 2
    assert "is there already; name a new folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "told", "tells"),
    [
        ("csv", {"columns": "nonsense"}, "'nonsense' names no column"),
        ("navwareset", {"columns": "x=y"}, "--columns is for csv"),
        ("navwareset", {"rate": 10.0}, "navwareset has --stamp-unit"),
        ("eth_ucy", {"rate": -1.0}, "must be at least 0"),
        ("csv", {"frame": ""}, "--frame is empty"),
        ("csv", {"delimiter": "dots"}, "choose one of auto, commas"),
        ("xlsx", {}, "is no kind of table; known are navwareset, eth_ucy, csv"),
    ],
)
def test_arguments_that_cannot_be(
    kind: str, told: dict[str, Any], tells: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        run_import(given(kind, tmp_path / "bag", tmp_path, **told))
    assert tells in str(caught.value)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        run_import(given("csv", tmp_path / "bag", tmp_path / "nothing.csv"))
    with pytest.raises(InputError, match=r"holds no file that ends in \.csv"):
        run_import(given("csv", tmp_path / "bag", tmp_path))
