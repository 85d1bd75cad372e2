"""How choices usually come about: a working prior of past choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class Habit:
    """u ~ N((1 - pull) v + pull * wanted, spread^2): v, u the velocity and target of a decision.

    wanted: the velocity straight to the goal at the preferred speed; spread_mps: per axis [m/s]
    """

    pull: float = 0.5
    spread_mps: float = 0.5


HABITS = tuple(
    Habit(pull, spread) for pull in (0.0, 0.35, 0.7, 1.0) for spread in (0.2, 0.35, 0.6, 1.0)
)
"""Hypotheses, to be told apart by their likelihoods."""


def likely(habits: Sequence[Habit], log_weight: Array) -> Habit:
    """The mean of hypotheses with these log weights (B,)."""
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    pull = weight @ np.array([h.pull for h in habits])
    spread = weight @ np.log([h.spread_mps for h in habits])
    return Habit(float(pull), float(np.exp(spread)))
