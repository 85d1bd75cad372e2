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
}
"""Usual weights, by feature."""
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

    theta: (n,) before the spread, empty: NOMINAL; spread: each weight is drawn uniformly within
    this share around it; same: all people have the weights of the first; count: of how many
    people, None: as many as the scenario has
    Raises InputError where theta does not fit the scenario, or wants nothing.
    """
    names = scenario.feature_names
    centre = np.array(theta or [NOMINAL[name] for name in names], float)
    if len(centre) != len(names):
        raise InputError(
            f"theta has {len(centre)} values, scenario {scenario.name} "
            f"has {len(names)} features ({', '.join(names)})"
        )
    if not centre.any():
        raise InputError("theta is all zero: a person without wishes")
    people = scenario.people if count is None else count
    draw = np.random.default_rng([seed, 1]).uniform(-1.0, 1.0, (people, len(names)))
    if same:
        draw[1:] = draw[:1]
    return np.asarray(centre * (1.0 + spread * draw))
