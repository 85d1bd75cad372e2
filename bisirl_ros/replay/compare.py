"""`bisirl compare RUN RUN`: what changed from one run to another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bisirl_ros.config import from_mapping
from bisirl_ros.errors import InputError
from bisirl_ros.params_file import flattened
from bisirl_ros.replay.kept import recorded_parameters, run_parameters
from bisirl_ros.report.run_folder import BAG, read_summary

FIGURES = (
    "episodes", "held_out", "relative_error", "collisions", "outer_updates", "late_return",
    "oracle_return", "device", "backend",
)  # fmt: skip
PLACES = {"save_to", "checkpoint"}
"""Parameters that differ from run to run and mean nothing."""


def run_compare(given: dict[str, Any]) -> int:
    """`bisirl compare RUN RUN`: print what differs; 0, whatever it is."""
    for line in compared(Path(given["one"]).expanduser(), Path(given["other"]).expanduser()):
        print(line)
    return 0


def compared(one: Path, other: Path) -> list[str]:
    """What differs, in lines; raises InputError for a folder without a run."""
    before, after = summary_of(one), summary_of(other)
    lines = [f"{'':<34}{'first':>18}{'second':>18}"]
    settings = parameters_in(one), parameters_in(other)
    for name in sorted({*settings[0], *settings[1]} - PLACES):
        lines += line(name, *(told.get(name) for told in settings))
    for name in FIGURES:
        lines += line(name, before.get(name), after.get(name))
    counts = [sum(told.get("decisions") or []) for told in (before, after)]
    lines += line("decisions", *counts)
    lines += list(weights(before, after))
    return lines if len(lines) > 1 else ["nothing differs"]


def weights(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Everybody's weights that differ, with how far apart they are."""
    names = before.get("feature_names") or []
    if names != after.get("feature_names"):
        yield "the weights are of other features"
        return
    hat, std = "theta_hat", "theta_std"
    for person in sorted({*(before[hat] or {}), *(after[hat] or {})}):
        rows = [
            told[key] and told[key].get(person) for told in (before, after) for key in (hat, std)
        ]
        if None in rows:
            known = "first" if rows[0] is not None else "second"
            yield f"{person}: known to the {known} run alone"
            continue
        for feature, a, a_std, b, b_std in zip(names, *rows, strict=True):
            if a != b:
                spread = math.hypot(a_std or math.inf, b_std or math.inf)
                apart = f"  {abs(a - b) / spread:.2g} deviations apart"
                yield f"{person + ' ' + feature:<34}{told_as(a):>18}{told_as(b):>18}{apart}"


def line(name: str, one: Any, other: Any) -> list[str]:
    """One thing that differs, as a line; none where it does not."""
    return [] if one == other else [f"{name:<34}{told_as(one):>18}{told_as(other):>18}"]


def told_as(value: Any) -> str:
    """A value for a column."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "n/a" if value is None else str(value)


def parameters_in(run: Path) -> dict[str, Any]:
    """All parameters of bisirl_node in a run's folder, by dotted names; empty where not kept."""
    from bisirl_ros.parameters.interaction import BisirlParameters  # torch takes seconds

    bag = run / BAG
    found = recorded_parameters(bag) if bag.is_dir() else run_parameters(run)
    if not found:
        return {}
    return flattened(asdict(from_mapping(BisirlParameters, found, f"{run}: parameters")))


def summary_of(run: Path) -> dict[str, Any]:
    """What a run says of itself; raises InputError where there is nothing."""
    found = read_summary(run)
    if "theta_hat" not in found:
        raise InputError(f"{run}: holds no summary of a run")
    return found
