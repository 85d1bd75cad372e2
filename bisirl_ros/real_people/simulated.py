"""Walks that people would have made had they the reward that was fitted: the parametric bootstrap.

Everybody begins where they began, beside the robot and the people on record, has a goal drawn, and
decides as often; after a gap they are where they were. What is fitted to such walks tells whether
intervals hold what is true of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.person import Person
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.held_out import learned
from bisirl_ros.real_people.seen import Seen
from bisirl_ros.real_people.walking import choose, drawn
from bisirl_ros.real_people.walks import Walks

GAP = 1.5
"""So many periods without a decision are a gap."""


def simulated(
    person: Person, walks: Walks, theta: Array, known: Destinations, rng: np.random.Generator
) -> Walks:
    """As many decisions of as many walks, of people with reward theta (n,)."""
    first = walks.first
    length = np.diff([*first, len(walks)])
    places = np.concatenate([known.places, [[np.nan, np.nan]]])
    share = np.broadcast_to(np.exp(known.log_prior), (len(first), len(places)))
    goals = places[drawn(share, rng)]
    place, velocity = walks.seen.place.copy(), walks.seen.velocity.copy()
    chosen = walks.chosen.copy()
    for step in range(int(length.max())):
        going = np.flatnonzero(length > step)
        rows = first[going] + step
        now = Seen(place[rows], velocity[rows], walks.seen.others[rows], walks.seen.ahead[rows])
        chosen[rows] = choose(person, now, theta, goals[going], rng)
        after = rows[length[going] > step + 1]
        after = after[walks.stamp[after + 1] - walks.stamp[after] < GAP * person.decision_period_s]
        since = walks.stamp[after + 1] - walks.stamp[after]
        place[after + 1] = place[after] + since[:, None] * chosen[after]
        velocity[after + 1] = chosen[after]
    seen = replace(walks.seen, place=place, velocity=velocity)
    return replace(walks, seen=seen, chosen=chosen)


@dataclass(frozen=True)
class Covered:
    """What one simulation's fit found.

    error: (n,) the estimate less the truth; laplace, clustered: (n,) its deviations
    """

    error: Array
    laplace: Array
    clustered: Array


def refitted(person: Person, walks: Walks, theta: Array, known: Destinations, seed: int) -> Covered:
    """Simulate once, and fit."""
    made = simulated(person, walks, theta, known, np.random.default_rng(seed))
    found = learned(Chosen.by(person, made), known, theta)
    return Covered(found.theta - theta, np.sqrt(np.diag(found.laplace)), found.deviation)
