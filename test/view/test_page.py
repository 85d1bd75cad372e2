"""The page: whole in one file, and small enough for a phone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.view.as_json import scene_json
from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.page import page_of, write_page
from bisirl_ros.view.scene import Prediction, Scene
from bisirl_ros.view.track import Track


def told(page: str) -> Any:
    """The scene inside a page."""
    found = re.search(r'<script type="application/json" id="scene">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def test_the_page_holds_the_scene(bag: Path, tmp_path: Path) -> None:
    scene = scene_of_bag(bag, scenario="crossing")
    size = write_page(scene, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert size == len(page.encode())
    assert told(page) == json.loads(json.dumps(scene_json(scene)))
    assert "@@" not in page


def test_the_page_loads_nothing() -> None:
    page = page_of(Scene("empty", 1.0))
    assert "default-src 'none'" in page
    assert not re.search(r"(https?:)?//[a-z]+\.[a-z]|<link[^>]*stylesheet|<script[^>]*src=", page)


def test_names_cannot_become_part_of_the_page() -> None:
    name = "</script><script>alert(1)</script> @@STYLE@@"
    page = page_of(Scene(name, 1.0))
    assert "<script>alert" not in page
    assert told(page)["title"] == name


def test_where_it_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_page(Scene("a", 1.0), tmp_path / "nowhere" / "page.html")


@pytest.mark.parametrize("duration_s", [600.0, 3600.0])
def test_a_long_recording_of_five_people_is_less_than_5_mb(duration_s: float) -> None:
    page = page_of(long(duration_s, 5))
    assert len(page.encode()) < 5e6
    shown = told(page)
    assert shown["robot"]["t"][-1] == pytest.approx(duration_s, abs=0.1)
    assert shown["predictions"][-1]["t"] > 0.95 * duration_s


def long(duration_s: float, count: int) -> Scene:
    """Everybody is seen 20 times a second, and foretold twice a second."""
    rng, time = np.random.default_rng(0), np.arange(0.0, duration_s, 0.05)

    def track(name: str, *columns: str) -> Track:
        return Track.of(name, time, {c: rng.normal(0.0, 0.05, len(time)) for c in columns})

    path = [(1.0, rng.normal(0.0, 3.0, (9, 2)))] * 8
    names = [f"person_{i}" for i in range(count)]
    scene = Scene(
        "long",
        duration_s,
        robot=track("robot", "x", "y", "yaw", "v", "w"),
        people=tuple(track(name, "x", "y", "vx", "vy", "xx", "xy", "yy") for name in names),
        command=track("command", "v", "w"),
    )
    foretold = [Prediction(t, dict.fromkeys(names, path)) for t in np.arange(0.0, duration_s, 0.5)]
    return replace(scene, predictions=tuple(foretold))
