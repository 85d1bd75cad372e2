"""What is said of one person at one moment, over all hypotheses on their reaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.person_filter import mixed
from bisirl_ros.tracking.track import Moment

SIGMAS = 4.0
SLACK_MPS = 5e-3
EXACT_MPS = 0.05
VAGUE_MPS = 0.25
"""Who chose at a velocity less certain than this chose from nobody knows where."""


@dataclass(frozen=True)
class Estimate:
    """state: (4,); target: (2,), NaN where not known; spread: (6, 6) of both.

    now: (4,) the state from what was reported until then; beyond: whether the target is faster
    than anybody goes for by more than its spread explains; it is not known then
    """

    state: Array
    target: Array
    spread: Array
    now: Array
    beyond: bool = False

    @property
    def known(self) -> bool:
        """Whether it is known what they went for."""
        return bool(np.isfinite(self.target).all())

    def without_target(self) -> Estimate:
        """The same where nothing was decided; the state is what was known then."""
        spread = np.zeros((6, 6))
        spread[:4, :4] = self.spread[:4, :4]
        return replace(self, state=self.now, target=np.full(2, np.nan), spread=spread, beyond=False)


def estimate(moment: Moment, log_weight: Array, max_speed: float) -> Estimate:
    """The mixture of a moment's hypotheses; log_weight: (B,).

    The spread is zero where all reports were told to be exact and say what the target is. Where the
    velocity at the decision is vague (the first one from positions alone) the target is not known:
    what is likely is then a long ridge of velocities and targets, which the few points of a
    quadrature misjudge. The spread tells that, hardly what was reported: noise selects hardly
    anything.
    """
    now, now_spread = mixed(*moment.now, log_weight)
    unknown = np.full(2, np.nan)
    spread = np.zeros((6, 6))
    spread[:4, :4] = 0.0 if moment.exact else now_spread
    if moment.decision is None:
        return Estimate(now, unknown, spread, now)
    mean, cov = mixed(*moment.decision, log_weight)
    if float(np.linalg.eigvalsh(cov[2:4, 2:4])[-1]) > VAGUE_MPS**2:
        return Estimate(now, unknown, spread, now)
    state, target = mean[:4], mean[4:]
    speed = float(np.linalg.norm(target))
    way = target / max(speed, 1e-12)
    reach = SIGMAS * float(np.sqrt(way @ cov[4:, 4:] @ way)) + SLACK_MPS
    exact = moment.exact and float(np.linalg.eigvalsh(cov[4:, 4:])[-1]) < EXACT_MPS**2
    if speed - max_speed > reach:
        return Estimate(now, unknown, spread, now, beyond=True)
    return Estimate(state, target, np.zeros((6, 6)) if exact else 0.5 * (cov + cov.T), now)


def side_by_side(
    said: Sequence[Mapping[int, Estimate]], steps: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Array, Array, Array]:
    """Estimates by moment of P people, at T moments.

    present (T, P), people (T, P, 4), target (T, P, 2), spread (T, P, 6, 6)
    """
    t, p = len(steps), len(said)
    present, people = np.zeros((t, p), bool), np.zeros((t, p, 4))
    target, spread = np.full((t, p, 2), np.nan), np.zeros((t, p, 6, 6))
    for column, by in enumerate(said):
        for row, step in enumerate(steps.tolist()):
            if one := by.get(step):
                present[row, column] = True
                people[row, column], target[row, column] = one.state, one.target
                spread[row, column] = one.spread
    return present, people, target, spread
