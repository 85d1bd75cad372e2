"""Whole episodes beside people who decide at other times than the robot thinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.tracking.timing import AS_GIVEN
from bisirl_ros.verify.misfit.encounters import LEARNED, LOOP
from bisirl_ros.verify.offline import OfflineRun, Outcome, play_offline
from bisirl_sim.tracker import TrackerSpec

NOISY: Final = TrackerSpec(position_noise_m=0.03, velocity_noise=0.1, dropout=0.2)


@dataclass(frozen=True)
class Kind:
    """Somebody whose timing may not be what the robot thinks.

    told: what has to be said of it; changes: to the person [s]; late_s: how long after an episode
    begins they decide for the first time [s]; tracker: by which they are seen
    """

    told: str
    changes: Mapping[str, float] = field(default_factory=dict)
    late_s: float = 0.0
    tracker: TrackerSpec = TrackerSpec()


OFTEN, RARELY = "decides every 0.2 s, not every 0.4 s", "decides every 0.6 s, not every 0.4 s"
KINDS: Mapping[str, Kind] = {
    "the model's timing": Kind(AS_GIVEN),
    "the model's timing, seen badly": Kind(AS_GIVEN, tracker=NOISY),
    "decides .2 s later": Kind("decides 0.2 s later", late_s=0.2),
    "decides .2 s later, seen badly": Kind("decides 0.2 s later", late_s=0.2, tracker=NOISY),
    "decides every .6 s, not .4": Kind(RARELY, {"decision_period_s": 0.6}),
    "decides every .2 s, not .4": Kind(OFTEN, {"decision_period_s": 0.2}),
    "a body twice as slow": Kind("has a lag of 0.6 s, not 0.3 s", {"lag_s": 0.6}),
}
RIGHTLY: Mapping[str, tuple[str, ...]] = {name: (kind.told,) for name, kind in KINDS.items()}


def keeping_time(kind: str, seed: int, episodes: int) -> dict[str, Any]:
    """What is learned of somebody of KINDS, as `encounters.learned` has it.

    Seen twenty times a second, beside the untrained policy; structure: what is said of their timing
    """
    thought, who = load_scenario("crossing"), KINDS[kind]
    person = replace(thought.person, **who.changes)  # type: ignore[arg-type]
    theta = true_weights(thought, seed=seed)[0]
    run = OfflineRun(
        replace(thought, person=person),
        {thought.identities[0]: theta},
        LEARNED,
        who.tracker,
        episodes=episodes,
        seed=seed,
        thought=thought,
        late_s=who.late_s,
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
