"""What is wrong with a page that is shown, told from what it says."""

import re
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

from bisirl_ros.verify.people import browser
from bisirl_ros.verify.people.browser import Shown
from bisirl_ros.verify.people.page import off, picture_of, wrong_with
from bisirl_ros.view.page import write_page
from bisirl_ros.view.scene import Scene
from bisirl_ros.view.track import Track

DOCUMENT = (
    '<dd id="robot-now">x \u22121.25 m, y 0.50 m</dd><output id="clock">10.0 / 22.0 s</output>'
)
TIMES = np.linspace(0.0, 22.0, 221)
SCENE = Scene(
    "made up", 22.0, robot=Track("robot", TIMES, {"x": TIMES - 11.25, "y": 0.5 + 0 * TIMES})
)


def test_a_page_is_read_as_a_person_does() -> None:
    shown = Shown(DOCUMENT, [])
    assert shown.robot_m == (-1.25, 0.5) and shown.time_s == 10.0
    with pytest.raises(ValueError, match="which moment"):
        _ = Shown("<html></html>", []).time_s


def test_the_robot_is_compared_with_the_record_at_the_moment_shown() -> None:
    assert off(SCENE, 10.0, (-1.25, 0.5)) == pytest.approx(0.0, abs=1e-9)
    assert off(SCENE, 10.0, (-1.29, 0.5)) == pytest.approx(0.0, abs=1e-2)  # a tenth of a second
    assert off(SCENE, 10.0, (-1.25, 0.8)) == pytest.approx(0.3, abs=1e-9)
    assert off(SCENE, 14.0, (-1.25, 0.5)) > 3.0


def test_a_page_holds_that_is_right_quiet_and_plays() -> None:
    good = {"off_m": 0.01, "played_s": 2.0, "console": []}
    assert wrong_with(good) == ""
    assert "0.50 m off" in wrong_with({**good, "off_m": 0.5})
    assert "does not play" in wrong_with({**good, "played_s": 0.0})
    assert wrong_with({**good, "console": ["drawNothing is not defined"]}).startswith("drawNothing")


def test_a_page_plays_until_all_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's part, whatever browser comes."""
    page = tmp_path / "page.html"
    page.write_text(f"<html><head><title>a</title></head>{DOCUMENT}</html>")
    monkeypatch.setattr(browser, "chromium", lambda: "a browser")
    monkeypatch.setattr(browser, "PLAYED_S", 0.2)
    took_s = []

    def come(command: list[str]) -> Shown:
        assert command[0] == "a browser" and command[-1].endswith("/#t=10&play")
        address = command[-1].partition("#")[0]
        document = urlopen(address).read().decode()
        (late,) = re.findall('src="([^"]+)"', document)
        began = time.monotonic()
        assert urlopen(address.rstrip("/") + late).read() == b""
        took_s.append(time.monotonic() - began)
        return Shown(document, [])

    monkeypatch.setattr(browser, "_document", come)
    assert browser.played(page, "t=10&play", tmp_path).time_s == 10.0
    assert took_s[0] >= 0.2


@pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt install chromium")
def test_a_page_plays_in_a_browser(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_page(SCENE, page)
    assert browser.opened(page, "t=10", tmp_path).time_s == 10.0
    assert browser.played(page, "t=10&play", tmp_path).time_s > 10.0


def test_pictures_are_left_beside_the_parts_if_anywhere(tmp_path) -> None:
    assert picture_of(None, "walk_desk") is None
    assert picture_of(tmp_path / "parts" / "page.jsonl", "walk_desk").parent.is_dir()
