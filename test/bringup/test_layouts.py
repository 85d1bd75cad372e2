"""RViz and Foxglove show topics that there are."""

from __future__ import annotations

import json
from typing import Any

import yaml

from .conftest import ROOT


def test_rviz_shows_topics_that_there_are() -> None:
    shown = yaml.safe_load((ROOT / "config" / "bisirl.rviz").read_text())["Visualization Manager"]
    topics = {display["Topic"]["Value"] for display in shown["Displays"] if "Topic" in display}
    readme = (ROOT / "README.md").read_text()
    assert len(topics) >= 6
    assert {topic for topic in topics if f"`{topic}`" not in readme} == set()


def test_foxglove_shows_topics_that_there_are_in_panels_that_it_lays_out() -> None:
    layout = json.loads((ROOT / "config" / "bisirl.foxglove.json").read_text())
    panels = layout["configById"]
    plots = [path["value"] for key in panels if "Plot" in key for path in panels[key]["paths"]]
    named = [
        *panels["3D!bisirl"]["topics"],
        *plots,
        panels["DiagnosticSummary!bisirl"]["topicToRender"],
    ]
    named.append(panels["RawMessages!gate"]["topicPath"].replace("/bisirl_node/", "~/"))
    topics = {name.removeprefix("/").partition(".")[0] for name in named}
    told = (ROOT / "README.md").read_text() + (ROOT / "docs" / "robot.md").read_text()
    assert len(topics) >= 9
    assert {t for t in topics if f"`{t}`" not in told and f"`/{t}`" not in told} == set()

    def leaves(node: Any) -> list[str]:
        return [node] if isinstance(node, str) else leaves(node["first"]) + leaves(node["second"])

    assert sorted(leaves(layout["layout"])) == sorted(panels)
