"""The page in a real browser, without a window: it complains of nothing, and playing moves it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.page import write_page
from bisirl_ros.view.scene import Scene

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]


def opened(page: Path, moment: str, folder: Path) -> tuple[str, list[str]]:
    """The document after two seconds of the browser's own time, and what its console says."""
    assert CHROMIUM
    done = subprocess.run(
        [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000",
            "--window-size=1280,800", "--dump-dom", f"file://{page}#{moment}",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "</html>" in done.stdout, done.stderr[-2000:]
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def robot_x_m(document: str) -> float:
    found = re.search(r'id="robot-now">x ([^ ]+) m', document)
    assert found, "the page does not say where the robot is"
    return float(found[1].replace("\u2212", "-"))


@pytest.fixture(scope="module")
def page(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(scene_of_bag(bag, scenario="crossing"), path)
    return path


def test_it_shows_the_moment_that_is_asked_for(page: Path, tmp_path: Path) -> None:
    document, console = opened(page, "t=10.0", tmp_path)
    assert console == []
    assert robot_x_m(document) == pytest.approx(-2.45, abs=0.06)
    assert "10.0 / 22.0 s" in document
    assert "episode 2: arrived" in document


def test_playing_moves_the_robot_on(page: Path, tmp_path: Path) -> None:
    """Of its own time a browser without a window shows few frames: it may take a second try."""
    for _ in range(3):
        document, console = opened(page, "t=10.0&speed=16&play", tmp_path)
        assert console == []
        if robot_x_m(document) > -2.3:
            return
    pytest.fail("the robot stayed where it was")


def test_of_nothing_at_all_it_complains_no_more(tmp_path: Path) -> None:
    write_page(Scene("empty", 0.0), tmp_path / "page.html")
    document, console = opened(tmp_path / "page.html", "play", tmp_path)
    assert console == []
    assert "not in this source: the robot's motion" in re.sub("&#39;", "'", document)


def test_an_error_in_the_page_would_be_seen(page: Path, tmp_path: Path) -> None:
    broken = page.read_text(encoding="utf-8").replace("drawGrid(pen, box);", "drawNothing(pen);")
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    _, console = opened(tmp_path / "broken.html", "t=1", tmp_path)
    assert any("drawNothing is not defined" in line for line in console)
