"""`bisirl view`: where the page goes, and what is refused."""

from __future__ import annotations

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
