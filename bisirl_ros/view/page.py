"""A scene as one HTML page that needs neither a server nor a network."""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from pathlib import Path

from bisirl_ros.view.as_json import scene_json
from bisirl_ros.view.output import put
from bisirl_ros.view.scene import Scene

MARK = re.compile("@@([A-Z]+)@@")
SCRIPTS = (
    "scene.js",
    "field.js",
    "room.js",
    "bodies.js",
    "charts.js",
    "series.js",
    "play.js",
)
"""In this order they make one script."""


def page_of(scene: Scene) -> str:
    """The page's text: template, style, scripts and the scene."""
    told = json.dumps(scene_json(scene), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    parts = {
        "TITLE": html.escape(scene.title),
        "STYLE": _part("style.css"),
        "SCRIPT": "\n".join(_part(name) for name in SCRIPTS),
        "SCENE": told.replace("<", "\\u003c"),  # or "</script>" in a name would end it
    }
    return MARK.sub(lambda found: parts[found[1]], _part("page.html"))


def write_page(scene: Scene, path: Path) -> int:
    """Write the page, whole or not at all; returns its size in bytes.

    Raises InputError where it cannot be written.
    """
    return put(path, page_of(scene).encode())


def _part(name: str) -> str:
    return (resources.files("bisirl_ros.view") / "web" / name).read_text(encoding="utf-8")
