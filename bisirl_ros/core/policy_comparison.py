"""How much better one policy is than another, by imagined episodes of the same starts and luck.

As many as it takes to be sure, up to a number: more of them where two policies are close.
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
"""Standard errors by which one policy has to differ from another to be told apart from it early."""


class Gain(NamedTuple):
    """Of one policy over another: mean of what is earned more, and its standard error."""

    mean: float
    error: float

    @property
    def sure(self) -> bool:
        """Whether the two are told apart."""
        return abs(self.mean) >= SURE * self.error

    @property
    def better(self) -> bool:
        """By more than its error: of many that are as good some seem better."""
        return self.mean > self.error

    @property
    def surely_worse(self) -> bool:
        """Told apart, and not for the better."""
        return self.sure and self.mean < 0.0


@dataclass(frozen=True)
class Compared:
    """Policies beside one, by the same luck for all.

    parts: of a policy phi (m,), the returns of each part of AT_A_TIME episodes, by its number
    of_it: the same of the one they are compared with; episodes: at most; risk: `core.risk`
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
        found = self._gains(phi, 0)
        while not (gain := _mean(found)).sure and len(found) < self.episodes:
            found = np.concatenate([found, self._gains(phi, len(found) // AT_A_TIME)])
        return gain

    def _gains(self, phi: Tensor, part: int) -> Array:
        found, rival = self.parts(phi, part), self.of_it(0)
        return worth(found, rival, self.risk) - worth(self.of_it(part), rival, self.risk)


def _mean(gains: Array) -> Gain:
    return Gain(float(gains.mean()), float(gains.std()) / np.sqrt(len(gains)))
