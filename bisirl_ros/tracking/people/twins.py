"""One who is taken for two is one: what tells them from two who walk together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.tracking.people.assignment import unlikelihoods
from bisirl_ros.tracking.people.person import Person

TURNS = 4


def may_be_one(
    some: Sequence[Person], others: Sequence[Person], apart_m: float, gate: float
) -> NDArray[np.bool_]:
    """(N, M) whether two may be in one place: within twice apart_m [m], or within the gate."""
    if not some or not others:
        return np.zeros((len(some), len(others)), bool)
    here, there = (np.array([p.position for p in people]) for people in (some, others))
    spread, other_spread = (np.array([p.spread for p in people]) for people in (some, others))
    between = here[:, None] - there
    distance, _ = unlikelihoods(between, spread[:, None] + other_spread)
    near = np.linalg.norm(between, axis=-1) < 2.0 * apart_m
    return np.asarray(near | (distance <= gate))


def without_twins(
    people: Sequence[Person], apart_m: float, gate: float, time_s: float, dt_s: float, most_s: float
) -> list[Person]:
    """Those who stay, of longest standing first: by name, then by when they started.

    Whoever is within apart_m [m] of somebody of longer standing goes: at once without a name; with
    one, when they have been there for most_s longer than elsewhere [s]. And whoever may be one with
    somebody of longer standing goes when only one of them was detected, each in turn, TURNS times
    with no frame between in which both were. Two who pass each other, or walk together, stay.

    time_s: of this frame; dt_s: since the last one [s]
    """
    ranked = sorted(people, key=lambda p: (p.name is None, p.number))
    if len(ranked) < 2:
        return ranked
    places = np.array([p.position for p in ranked])
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    beside = np.tril(apart < apart_m, -1).any(1)
    one = may_be_one(ranked, ranked, apart_m, gate)
    stay = []
    for i, person in enumerate(ranked):
        person.twin_s = max(person.twin_s + (dt_s if beside[i] else -dt_s), 0.0)
        if person.name is None:
            goes = beside[i]
        else:
            elder = ranked[int(apart[i, :i].argmin())] if i and one[i, :i].any() else None
            person.take_turns(elder, time_s)
            goes = person.twin_s > most_s or person.turns >= TURNS
        if not goes:
            stay.append(person)
    return stay
