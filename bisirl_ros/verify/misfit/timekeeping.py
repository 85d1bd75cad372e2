"""Whole episodes beside people who decide at other times than the robot thinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.verify.misfit.encounters import LEARNED, LOOP
from bisirl_ros.verify.offline import OfflineRun, Outcome, play_offline

LATE_S: Final = "late_s"
KINDS: Mapping[str, Mapping[str, float]] = {
    "decides .2 s later": {LATE_S: 0.2},
    "decides every .6 s, not .4": {"decision_period_s": 0.6},
    "decides every .2 s, not .4": {"decision_period_s": 0.2},
    "a body twice as slow": {"lag_s": 0.6},
}
"""What is otherwise than the robot thinks [s]: of the person, or when they decide first."""
RIGHTLY: Mapping[str, tuple[str, ...]] = {
    "decides .2 s later": ("decides 0.2 s later",),
    "decides every .6 s, not .4": ("decides every 0.6 s, not every 0.4 s",),
    "decides every .2 s, not .4": ("decides every 0.2 s, not every 0.4 s",),
    "a body twice as slow": ("has a lag of 0.6 s, not 0.3 s",),
}


def keeping_time(kind: str, seed: int, episodes: int) -> dict[str, Any]:
    """What is learned of somebody of KINDS, as `encounters.learned` has it.

    Seen exactly, twenty times a second, beside the untrained policy; structure: their timing
    """
    thought = load_scenario("crossing")
    changes = dict(KINDS[kind])
    late_s = changes.pop(LATE_S, 0.0)
    person = replace(thought.person, **changes)  # type: ignore[arg-type]
    theta = true_weights(thought, seed=seed)[0]
    run = OfflineRun(
        replace(thought, person=person),
        {thought.identities[0]: theta},
        LEARNED,
        episodes=episodes,
        seed=seed,
        thought=thought,
        late_s=late_s,
    )
    found, given = play_offline(run), play_offline(replace(run, loop=LOOP))
    (misfit,) = (told["misfit"] for told in found.reports[-1]["people"].values())
    return {
        "found": misfit["how"],
        "structure": found.reports[-1]["timing"],
        **_known(found, theta),
        "given": _known(given, theta),
    }


def _known(outcome: Outcome, theta: Array) -> dict[str, Any]:
    estimate, std = outcome.last.theta[0], outcome.last.std[0]
    return {
        "error": relative_error(estimate, theta),
        "inside": (np.abs(estimate - theta) <= NORMAL_95 * std).tolist(),
    }
