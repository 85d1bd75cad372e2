"""The comparator of every learned human model: people keep walking as they walk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.decisions import Decisions


@dataclass(frozen=True)
class ConstantVelocityReference:
    """Target velocities as N(v_now, s^2 I), with s^2 learned from the batches seen; immutable.

    s^2 is the posterior mode of an isotropic 2-D Gaussian whose prior counts as one decision that
    deviated by `prior_std` per axis. It is scored like the reward model, by its density at the
    observed target velocity, so that the two can be compared decision by decision.

    prior_std: [m/s]; prior_decisions: what the prior weighs
    squared: sum of |u - v|^2 over all decisions [m^2/s^2]; decisions: how many
    """

    prior_std: float = 0.3
    prior_decisions: float = 1.0
    squared: float = 0.0
    decisions: int = 0

    def __post_init__(self) -> None:
        if not (self.prior_std > 0.0 and self.prior_decisions > 0.0):
            raise ValueError("prior_std, prior_decisions: must be positive")

    @property
    def variance(self) -> float:
        """s^2, per axis [m^2/s^2]."""
        prior = 2.0 * self.prior_decisions * self.prior_std**2
        return (prior + self.squared) / (2.0 * (self.prior_decisions + self.decisions))

    def log_density(self, batch: Decisions) -> Array:
        """log N(u; v_now, s^2 I) of each observed target velocity, per [m^2/s^2]: (T,)."""
        scaled = _squared_deviation(batch) / (2.0 * self.variance)
        return np.asarray(-scaled - math.log(2.0 * math.pi * self.variance))

    def update(self, batch: Decisions) -> ConstantVelocityReference:
        """The comparator that has also seen `batch`."""
        return ConstantVelocityReference(
            self.prior_std,
            self.prior_decisions,
            self.squared + float(_squared_deviation(batch).sum()),
            self.decisions + len(batch),
        )


def _squared_deviation(batch: Decisions) -> Array:
    """|u - v_now|^2 of each known choice: (N,) [m^2/s^2]."""
    off = np.asarray(np.square(batch.target - batch.people[..., 2:]).sum(-1))
    return off[batch.decided]
