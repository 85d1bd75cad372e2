"""How choices usually come about: working priors of past choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bisirl_ros.core.arrays import Array

_EYE = np.eye(2)


class ChoicePrior(NamedTuple):
    """u ~ N(slope v + offset, spread): v, u the velocity and target of a decision [m/s].

    slope: (..., 2, 2); offset: (..., 2); spread: (..., 2, 2)
    """

    slope: Array
    offset: Array
    spread: Array


@dataclass(frozen=True)
class Habit:
    """u ~ N((1 - pull) v + pull * wanted, spread^2), where no reward is known yet.

    wanted: the velocity straight to the goal at the preferred speed; spread_mps: per axis [m/s]
    """

    pull: float = 0.5
    spread_mps: float = 0.5


class Habits:
    """B habits at once."""

    def __init__(self, habits: Sequence[Habit]) -> None:
        self._pull = np.array([habit.pull for habit in habits])
        self._variance = np.square([habit.spread_mps for habit in habits])

    def priors(self, wanted: Array) -> ChoicePrior:
        """Of somebody who wants (2,) [m/s], by each: with B in front."""
        slope, spread = (x[:, None, None] * _EYE for x in (1.0 - self._pull, self._variance))
        return ChoicePrior(slope, self._pull[:, None] * wanted, spread)


HABITS = tuple(
    Habit(pull, spread)
    for pull in (0.0, 0.35, 0.7, 1.0)
    for spread in (0.15, 0.2, 0.27, 0.35, 0.6, 1.0)
)
"""Hypotheses, to be told apart by their likelihoods."""


def likely(habits: Sequence[Habit], log_weight: Array) -> Habit:
    """The mean of hypotheses with these log weights (B,)."""
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    pull = weight @ np.array([h.pull for h in habits])
    spread = weight @ np.log([h.spread_mps for h in habits])
    return Habit(float(pull), float(np.exp(spread)))
