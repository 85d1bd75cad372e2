"""theta*: what simulated people want, each a little differently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

NOMINAL = {
    "progress": 1.5,
    "proximity": -3.0,
    "velocity_change": -0.5,
    "speed_deviation": -0.4,
    "effort": -0.4,
    "wall_proximity": -2.0,
    "person_proximity": -2.0,
    "company": 2.0,
    "robot_left": 1.0,
    "persistence": -0.5,
    "standing": 0.5,
}
"""Usual weights, by feature, where a scenario names no kinds of people."""
SPREAD = 0.2


def true_weights(
    scenario: Scenario,
    theta: Sequence[float] = (),
    spread: float = SPREAD,
    same: bool = False,
    seed: int = 0,
    count: int | None = None,
) -> Array:
    """theta* of everybody in a scenario: (P, n).

    theta: (n,) before the spread, empty: of the kind of person that each is drawn to be
    spread: each weight is drawn uniformly within this share around it; same: all people have the
    weights of the first; count: of how many people, None: as many as the scenario has
    Raises InputError where theta does not fit the scenario, or wants nothing.
    """
    names, people = scenario.feature_names, scenario.people if count is None else count
    draw = np.random.default_rng([seed, 1]).uniform(-1.0, 1.0, (people, len(names)))
    usual = _usual(scenario)
    kinds = np.array([theta] if len(theta) else [k.weights for k in scenario.population] or [usual])
    if kinds.shape[1] != len(names):
        raise InputError(
            f"theta has {kinds.shape[1]} values, scenario {scenario.name} "
            f"has {len(names)} features ({', '.join(names)})"
        )
    if not kinds.any(1).all():
        raise InputError("theta is all zero: a person without wishes")
    kind = (seed + np.arange(people)) % len(kinds)
    if same:
        draw[1:], kind[1:] = draw[:1], kind[:1]
    return np.asarray(kinds[kind] * (1.0 + spread * draw))


def average_weights(scenario: Scenario) -> Array:
    """theta of the mean of the population, for everybody in a scenario: (P, n)."""
    kinds = [kind.weights for kind in scenario.population] or [_usual(scenario)]
    return np.tile(np.array(kinds, float).mean(0), (scenario.people, 1))


def _usual(scenario: Scenario) -> tuple[float, ...]:
    return tuple(NOMINAL[feature.name] for feature in scenario.person.features)
