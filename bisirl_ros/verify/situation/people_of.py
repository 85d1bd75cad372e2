"""People with rewards of their own, for runs whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.io.contract import Snapshot

NOMINAL = {
    "progress": 1.5,
    "proximity": -3.0,
    "velocity_change": -0.5,
    "speed_deviation": -0.4,
    "effort": -0.4,
    "wall_proximity": -2.0,
    "person_proximity": -2.0,
}
SPREAD = 0.2


def drawn_people(
    scenario: Scenario, seed: int, count: int | None = None, spread: float = SPREAD
) -> dict[str, Array]:
    """Weights (n,) of as many people as the scenario has, each within a share of the nominal."""
    rng = np.random.default_rng([seed, 1])
    nominal = np.array([NOMINAL[name] for name in scenario.feature_names])
    number = scenario.people if count is None else count
    return {
        f"person_{p}": nominal * (1.0 + spread * rng.uniform(-1.0, 1.0, len(nominal)))
        for p in range(number)
    }


def graded(
    snapshot: Snapshot, people: dict[str, Array], names: Sequence[str] | None = None
) -> tuple[list[float], list[bool]]:
    """Relative error of everybody's estimate, and whether each 95 % interval holds the truth."""
    errors, inside = [], []
    for name in snapshot.identities if names is None else names:
        theta = snapshot.theta_of([name])[0]
        known = name in snapshot.identities
        std = (
            snapshot.std[snapshot.identities.index(name)]
            if known
            else np.sqrt(np.diag(snapshot.stranger_covariance))
        )
        off = theta - people[name]
        errors.append(float(np.linalg.norm(off) / np.linalg.norm(people[name])))
        inside += (np.abs(off) <= 1.96 * std).tolist()
    return errors, inside
