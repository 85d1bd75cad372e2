"""One who is detected twice is one: nobody is for long where somebody else is."""

from __future__ import annotations

import numpy as np

from bisirl_ros.tracking.people.person import Person


def without_twins(people: list[Person], apart_m: float, dt_s: float, most_s: float) -> list[Person]:
    """Those who stay, of longest standing first: by name, then by when they started.

    Whoever is within apart_m [m] of somebody of longer standing goes: at once without a name; with
    one, when they have been there for most_s longer than elsewhere [s]. Two who pass each other, or
    whose estimates touch now and then, both stay.

    dt_s: since the last frame [s]
    """
    people = sorted(people, key=lambda p: (p.name is None, p.number))
    if len(people) < 2:
        return people
    places = np.array([p.position for p in people])
    near = np.linalg.norm(places[:, None] - places, axis=-1) < apart_m
    stay = []
    for person, beside in zip(people, np.tril(near, -1).any(1), strict=True):
        person.twin_s = max(person.twin_s + (dt_s if beside else -dt_s), 0.0)
        if not (beside if person.name is None else person.twin_s > most_s):
            stay.append(person)
    return stay
