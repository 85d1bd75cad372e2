"""A scene out of a run folder: of its bag, where it has one, and of its summary."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.report.run_folder import BAG, SUMMARY, read_summary
from bisirl_ros.view.of_bag import is_bag, scene_of_bag, with_scenario
from bisirl_ros.view.scene import EPISODE, Estimate, Event, Scene
from bisirl_ros.view.topics import Topics


def scene_of_run(folder: Path, topics: Topics | None = None, scenario: str = "") -> Scene:
    """What a run folder holds; where nothing was recorded, what was learned after each episode.

    scenario: its name or .yaml file, empty: as the summary says
    Raises InputError for an unreadable summary, or as `scene_of_bag`.
    """
    summary = read_summary(folder)
    said = str(summary.get("scenario") or "")
    if is_bag(folder / BAG):
        scene = scene_of_bag(folder / BAG, topics, scenario)
        truth = scene.truth or summary.get("theta_true") or {}
        scene = replace(scene, truth=truth)
        if not scene.about:
            notes = tuple(note for note in scene.notes if "--scenario" not in note)
            scene = with_scenario(replace(scene, notes=notes), "", said)
    else:
        scene = _learned(folder, summary)
        scene = with_scenario(scene, scenario, said)
        scene = replace(scene, around=None).noting(
            f"nothing was recorded: no bag in its folder {BAG}"
        )
    return replace(scene, title=folder.name)


def _learned(folder: Path, summary: dict[str, Any]) -> Scene:
    """Episodes one after the other, without the pauses between them."""
    try:
        lasted = [float(s or 0.0) for s in summary["durations_s"]]
        outcomes = [str(told or "cut off") for told in summary["outcomes"]]
        events, estimates, now_s = [], [], 0.0
        for number, (took_s, outcome, theta, std) in enumerate(
            zip(lasted, outcomes, summary["estimates"], summary["stds"], strict=True), 1
        ):
            text = f"episode {number}: {outcome}"
            events.append(Event(now_s, now_s + took_s, EPISODE, text))
            now_s += took_s
            if theta and std:
                estimates.append(Estimate(now_s, _weights(theta), _weights(std)))
        return Scene(
            title=folder.name,
            duration_s=now_s,
            features=tuple(summary["feature_names"]),
            estimates=tuple(estimates),
            truth=summary.get("theta_true") or {},
            events=tuple(events),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{folder / SUMMARY}: is not the summary of a run ({error!r}); give the folder of one"
        ) from error


def _weights(by_name: dict[str, Any]) -> dict[str, list[float]]:
    return {
        name: [math.nan if v is None else float(v) for v in values]
        for name, values in by_name.items()
    }
