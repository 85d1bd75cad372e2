"""People who walk on as a reward has it: what may come of where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.choices import log_sum
from bisirl_ros.crowd.person import Person
from bisirl_ros.real_people.looked_at import LookedAt
from bisirl_ros.real_people.offered import drawn_at_random
from bisirl_ros.real_people.seen import Seen

ROWS = 4096


def choose(
    person: Person, seen: Seen, theta: Array, goals: Array, rng: np.random.Generator
) -> Array:
    """A velocity for each of N people whose goals are (N, 2), NaN: nowhere: (N, 2) [m/s].

    One of points that are drawn for them anew, by its probability among these (sampling importance
    resampling: Rubin 1988).
    """
    parts = [slice(i, i + ROWS) for i in range(0, len(seen), ROWS)]
    each = [_choose(person, seen.at(part), theta, goals[part], rng) for part in parts]
    return np.concatenate([*each, np.zeros((0, 2))])


def _choose(
    person: Person, seen: Seen, theta: Array, goals: Array, rng: np.random.Generator
) -> Array:
    what = drawn_at_random(seen.velocity, person.max_speed, rng)
    looked = LookedAt.by(person, seen, what.velocity)
    somewhere = np.isfinite(goals).all(-1, keepdims=True)
    towards = looked.goals(np.where(somewhere, goals, 0.0)) @ theta[list(looked.towards)]
    logits = looked.same @ theta + np.where(somewhere, towards, 0.0) + what.log_area
    index = drawn(np.exp(logits - log_sum(logits)[:, None]), rng)
    return np.asarray(what.velocity[np.arange(len(goals)), index])


def drawn(share: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Numbers (N,) drawn with probabilities (N, K)."""
    total = np.cumsum(share, -1)
    luck = rng.random((len(share), 1)) * total[:, -1:]
    index: NDArray[np.intp] = np.minimum((total <= luck).sum(-1), share.shape[1] - 1)
    return index


def gone_on(seen: Seen, velocity: Array, duration_s: Array) -> Seen:
    """The same people after duration_s (N,) at velocity (N, 2); others go on as they walk."""
    later = duration_s[:, None]
    others = seen.others.copy()
    others[..., :2] += later[:, None] * others[..., 2:]
    return replace(seen, place=seen.place + later * velocity, velocity=velocity, others=others)
