"""Which scenarios the benchmark is about."""

from __future__ import annotations

from bisirl_ros.crowd.scenario import scenario_names
from bisirl_ros.verify.experiment import Setup

DEFAULT = "guide"
NOT_IMAGINED = ("people", "walkers")
"""Scenarios of recordings, whose starts are not to be imagined from."""


COSTLY = ("blind_corner", "crowd", "doorway", "mixed_crowd")
"""Walls, or many people: an update takes three to ten times as long."""


def measured_scenarios(setup: Setup) -> list[str]:
    """All that can be imagined, the costly last; the default alone in a quick run."""
    if setup.quick:
        return [DEFAULT]
    names = [name for name in scenario_names() if name not in NOT_IMAGINED]
    return sorted(names, key=lambda name: name in COSTLY)
