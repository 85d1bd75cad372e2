"""How much better one policy is than the one deployed, by imagined episodes of the same luck.

As many as it takes to be sure, up to a number: few where a policy is far worse, or so much better
that what happens rarely and costs much, and may not have been seen yet, would not undo it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.loop_state import Batch, LoopState
from bisirl_ros.core.risk import worth
from bisirl_ros.core.solver import Solver

AT_A_TIME = 128
"""Episodes that are imagined between two looks at the difference."""
SURE = 3.0
"""Standard errors by which one policy has to differ from another to be told apart from it."""


class Gain(NamedTuple):
    """Of one policy over another: mean of what is earned more, and its standard error.

    most, most_error: the same from above, where mean is from below (`risk.worth`), else equal
    """

    mean: float
    error: float
    most: float
    most_error: float

    @property
    def least(self) -> float:
        """What it is, less its error: of many policies that are as good some seem better."""
        return self.mean - self.error

    @property
    def surely_better(self) -> bool:
        """Told apart, and for the better."""
        return self.mean > 0.0 and self.mean >= SURE * self.error

    @property
    def may_be_as_good(self) -> bool:
        """Not told apart for the worse; never so where it is no number."""
        return self.most >= -SURE * self.most_error


@dataclass(frozen=True)
class Compared:
    """Policies beside the one deployed, by the same luck for all.

    parts: of a policy phi (m,), the returns of each part of AT_A_TIME episodes, by its number
    of_it: the same of the one deployed; episodes: at most; risk: `core.risk`
    """

    parts: Callable[[Tensor, int], Array]
    of_it: Callable[[int], Array]
    episodes: int
    risk: str

    @staticmethod
    def of(
        solver: Solver[Batch],
        state: LoopState[Any],
        theta: Array,
        risk: str,
        episodes: int,
    ) -> Compared:
        """With the policy deployed, among people as theta and the state's evidence have them."""
        deployed, luck = state.phi, int(state.rng.integers(2**62))

        def returns(policy: Tensor, part: int) -> Array:
            rng = np.random.default_rng([luck, part])
            count = min(AT_A_TIME, episodes - AT_A_TIME * part)
            return solver.returns(policy, theta, state.evidence, state.recent, count, rng)

        return Compared(returns, cache(lambda part: returns(deployed, part)), episodes, risk)

    def gain(self, phi: Tensor) -> Gain:
        """Of phi (m,), asked for in parts until its sign is sure, or there are `episodes`.

        Looks again at every part: SURE is wide enough for a few looks.
        """
        mine, its = self.parts(phi, 0), self.of_it(0)
        while (gain := self._gain(mine, its)).may_be_as_good and len(mine) < self.episodes:
            worst_yet_unseen = np.ptp([mine, its]) / len(mine)
            if gain.mean - SURE * gain.error >= worst_yet_unseen or gain.error == 0.0:
                break
            part = len(mine) // AT_A_TIME
            mine = np.concatenate([mine, self.parts(phi, part)])
            its = np.concatenate([its, self.of_it(part)])
        return gain

    def _gain(self, mine: Array, its: Array) -> Gain:
        least, most = (worth(mine, of, self.risk) - worth(its, of, self.risk) for of in (its, mine))
        return Gain(*_mean(least), *_mean(most))


def _mean(gains: Array) -> tuple[float, float]:
    if not np.isfinite(gains).all():
        return float("nan"), float("nan")
    return float(gains.mean()), float(gains.std()) / np.sqrt(len(gains))
