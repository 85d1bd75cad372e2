"""People with rewards of their own, for runs whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.io.contract import Snapshot


def drawn_people(scenario: Scenario, seed: int, count: int | None = None) -> dict[str, Array]:
    """Weights (n,) of as many people as the scenario has, by identity."""
    weights = true_weights(scenario, seed=seed, count=count)
    return {f"person_{p}": theta for p, theta in enumerate(weights)}


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
        errors.append(relative_error(theta, people[name]))
        inside += (np.abs(theta - people[name]) <= 1.96 * std).tolist()
    return errors, inside


def foretold(snapshot: Snapshot, people: dict[str, Array]) -> list[float]:
    """The relative error of each estimate that its own +- lets expect, root mean square."""
    return [
        float(np.linalg.norm(std) / np.linalg.norm(people[name]))
        for name, std in zip(snapshot.identities, snapshot.std, strict=True)
    ]
