"""`bisirl view`: where the page or the mcap goes, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.view.commands import run_view


def test_the_page_lies_beside_the_bag(
    crossing: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = crossing.write_crossing(tmp_path / "walk", 3.0)
    assert run_view({"source": str(bag)}) == 0
    page = tmp_path / "walk.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert f"written: {page}" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["page.pdf", "nowhere/page.html"])
def test_a_page_that_is_none_is_refused(bag: Path, tmp_path: Path, out: str) -> None:
    with pytest.raises(InputError, match=r"--out .*ends in \.html"):
        run_view({"source": str(bag), "out": str(tmp_path / out)})


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        run_view({"source": str(tmp_path / "nothing")})


def test_for_foxglove_it_lies_beside_the_bag_and_is_no_bag_of_its_name(
    crossing: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mcap")
    bag = crossing.write_crossing(tmp_path / "walk", 3.0)
    assert run_view({"source": str(bag), "format": "mcap"}) == 0
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["walk", "walk.view.mcap"]
    assert f"written: {tmp_path / 'walk.view.mcap'}" in capsys.readouterr().out


def test_a_recording_is_not_written_over(bag: Path, tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    file = next(bag.glob("*.mcap"))
    before = file.read_bytes()
    with pytest.raises(InputError, match="belongs to a recording"):
        run_view({"source": str(bag), "format": "mcap", "out": str(file)})
    alone = tmp_path / "alone.mcap"
    alone.write_bytes(before)
    with pytest.raises(InputError, match="belongs to a recording"):
        run_view({"source": str(alone), "format": "mcap", "out": str(alone)})
    assert file.read_bytes() == alone.read_bytes() == before


def test_an_ending_of_the_other_format_is_refused(bag: Path, tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    with pytest.raises(InputError, match=r"--out .*ends in \.mcap"):
        run_view({"source": str(bag), "format": "mcap", "out": str(tmp_path / "page.html")})


def test_a_format_that_is_none_is_refused(bag: Path) -> None:
    with pytest.raises(InputError, match="format = 'pdf': choose one of html, mcap"):
        run_view({"source": str(bag), "format": "pdf"})


def test_without_the_package_it_is_told_how_to_get_it(
    bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is written; a page needs no such package."""
    monkeypatch.setitem(sys.modules, "mcap.writer", None)
    with pytest.raises(InputError, match="pip install mcap"):
        run_view({"source": str(bag), "format": "mcap", "out": str(tmp_path / "a.mcap")})
    assert not list(tmp_path.iterdir())
    assert run_view({"source": str(bag), "out": str(tmp_path / "a.html")}) == 0
