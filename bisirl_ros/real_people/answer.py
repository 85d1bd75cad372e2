"""How people answer a robot: what it takes from their reward by distance, and whether that differs.

r(d) is what a robot at distance d adds to one decision: the features of distance, weighed. Two
groups of robots, those that drive with regard for people and those that do not, are compared by
Wald's test of all these weights together, and by r at a few distances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import f  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.person import Person
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import Fit
from bisirl_ros.real_people.held_out import DESTINATIONS, learned
from bisirl_ros.real_people.navwareset import COMPLIANT

DISTANCES_M: Final = (0.5, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Difference:
    """Of r(d), group one less group other, at DISTANCES_M: mean, deviation (D,).

    statistic, freedom, p: Wald's test that no weight on the robot differs, by F with as many
    degrees as weights, and as clusters of the smaller group less one
    """

    mean: Array
    deviation: Array
    statistic: float
    freedom: tuple[int, int]
    p: float


def by_distance(person: Person, distances_m: Array) -> Array:
    """d r(d) / d theta: (D, n)."""
    columns = [
        np.exp(-0.5 * np.square(distances_m / feature.scale))
        if feature.name == "proximity"
        else np.zeros_like(distances_m)
        for feature in person.features
    ]
    return np.stack(columns, -1)


def compare(person: Person, one: Fit, other: Fit) -> Difference:
    """Two independent groups' rewards."""
    at = by_distance(person, np.array(DISTANCES_M))
    robot = [i for i, feature in enumerate(person.features) if feature.name == "proximity"]
    off, spread = one.theta - other.theta, one.covariance + other.covariance
    part = off[robot]
    statistic = float(part @ np.linalg.solve(spread[np.ix_(robot, robot)], part))
    deviation = np.sqrt(np.einsum("dn,nm,dm->d", at, spread, at))
    freedom = (len(robot), max(1, min(one.clusters, other.clusters) - 1))
    p = float(f.sf(statistic / freedom[0], *freedom))
    return Difference(at @ off, deviation, statistic, freedom, p)


def compliance(chosen: Chosen, destinations: int = DESTINATIONS) -> tuple[Fit, Fit, Difference]:
    """The reward beside robots that had regard, beside those that had not, and the difference."""
    walks = chosen.walks
    known = Destinations.of(walks.end, destinations)
    regard = walks.in_scenes(COMPLIANT)
    with_regard, without = (learned(chosen.of(kept), known) for kept in (regard, ~regard))
    return with_regard, without, compare(chosen.looked.person, with_regard, without)
