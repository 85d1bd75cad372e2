"""The page in a real browser, without a window: it complains of nothing, and playing moves it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bisirl_ros.verify.people.browser import chromium, opened
from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.page import write_page
from bisirl_ros.view.scene import Scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]


@pytest.fixture(scope="module")
def page(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(scene_of_bag(bag, scenario="crossing"), path)
    return path


def test_it_shows_the_moment_that_is_asked_for(page: Path, tmp_path: Path) -> None:
    shown = opened(page, "t=10.0", tmp_path)
    assert shown.console == []
    assert shown.robot_m[0] == pytest.approx(-2.45, abs=0.06)
    assert shown.time_s == 10.0
    assert "episode 2: arrived" in shown.document


def test_playing_moves_the_robot_on(page: Path, tmp_path: Path) -> None:
    """Of its own time a browser without a window shows few frames: it may take a second try."""
    for _ in range(3):
        shown = opened(page, "t=10.0&speed=16&play", tmp_path)
        assert shown.console == []
        if shown.robot_m[0] > -2.3:
            return
    pytest.fail("the robot stayed where it was")


def test_of_nothing_at_all_it_complains_no_more(tmp_path: Path) -> None:
    write_page(Scene("empty", 0.0), tmp_path / "page.html")
    shown = opened(tmp_path / "page.html", "play", tmp_path)
    assert shown.console == []
    assert "not in this source: the robot's motion" in re.sub("&#39;", "'", shown.document)
    with pytest.raises(ValueError, match="where the robot is"):
        _ = shown.robot_m


def test_an_error_in_the_page_would_be_seen(page: Path, tmp_path: Path) -> None:
    broken = page.read_text(encoding="utf-8").replace("drawGrid(pen, box);", "drawNothing(pen);")
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    shown = opened(tmp_path / "broken.html", "t=1", tmp_path)
    assert any("drawNothing is not defined" in line for line in shown.console)
