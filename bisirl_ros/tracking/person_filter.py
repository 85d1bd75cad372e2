"""What one person went for at each decision, from noisy reports: a linear-Gaussian filter.

Between decisions the body follows its target velocity u by a first-order lag, which is linear:
positions, velocities and targets are jointly Gaussian given the reports (Kalman 1960). At a
decision the belief of position and velocity is cloned and u becomes unknown; one period later the
joint belief of the clone and u is what there is to know about that decision.

It is a prediction-error decomposition (Schweppe 1965): p(reports) = prod_k p(reports of period k |
reports before). The clone's belief before the period carries the past, the period's own reports
update it and u, and no report enters twice: although the errors of successive decisions share
reports through the clone, the product over decisions of E[ pi(u | x) ] under the joint beliefs
counts each once. The decision's own u has a flat prior: pi is its prior. Of past choices, on which
the belief of the state rests, a working prior stands for pi: under a flat one noise in the state
would be taken for a change of mind. It is what is expected of them where their reward is known,
else a `Habit`; a habit forgets why they turned, and takes their turn for new ones of the next
decisions (positions with 3 cm of noise: a weight on changes of velocity of nearly zero).

When a choice takes effect is not known: hypotheses run side by side, and their likelihoods tell
them apart (a bank of filters, Magill 1965). A spread that is too wide is as wrong
as one too narrow: what is put down to the tracker is taken away from the person's own variety.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.habit import ChoicePrior, Habit, Habits
from bisirl_ros.tracking.lagging import jolted, lagging, then
from bisirl_ros.tracking.reaction import TICK_S, Reaction

FLOOR_M = 1e-4
FLOOR_MPS = 1e-4
WIDE_MPS = 10.0
"""Standard deviation of what is not known at all; nobody walks that fast."""
FIRST_MPS = 3.0
_EYE = np.eye(2)
STATE, TARGET, CLONE_V = slice(0, 4), slice(4, 6), slice(10, 12)
_DECIDES = np.array([0, 1, 2, 3, 2, 3, 4, 5, 0, 1, 2, 3])
"""What each entry was before a decision: the new target begins as the velocity, unknown."""
_FLOORS = (FLOOR_M**2 * _EYE, FLOOR_MPS**2 * _EYE)


@dataclass(frozen=True)
class Hypothesis:
    """When choices take effect, and how past ones came about.

    expects: as is expected of them, where that is told; else by habit
    """

    reaction: Reaction
    habit: Habit
    expects: bool = False


@dataclass(frozen=True)
class Report:
    """One report of a tracker; None: not reported.

    time_s [s]; position (2,) [m] and its covariance (2, 2); velocity (2,) [m/s] and its (2, 2)
    """

    time_s: float
    position: Array | None
    position_cov: Array | None
    velocity: Array | None
    velocity_cov: Array | None

    @property
    def exact(self) -> bool:
        """Whether everything in it was told to be without error."""
        position = self.position is None or (
            self.position_cov is not None and not self.position_cov.any()
        )
        return position and (
            self.velocity is None or (self.velocity_cov is not None and not self.velocity_cov.any())
        )


class PersonFilter:
    """Beliefs of x, y, vx, vy, the target's two, the last target's, and the clone of the state.

    lag_s: of the body; hypotheses: B of them, run side by side; first: the report it begins with
    (what is followed then is unknown)
    """

    def __init__(self, lag_s: float, hypotheses: Sequence[Hypothesis], first: Report) -> None:
        reactions = [hypothesis.reaction for hypothesis in hypotheses]
        self._lag_s = lag_s
        self._from = np.array([r.from_s for r in reactions])
        self._until = np.array([r.until_s for r in reactions])
        self._habits = Habits([h.habit for h in hypotheses])
        self._expects = np.array([h.expects for h in hypotheses])
        self._prior: ChoicePrior | None = None
        self._jolt = np.array([h.reaction.jolt(lag_s, h.habit.spread_mps) for h in hypotheses])
        self.time_s, self._decided_s = first.time_s, first.time_s - float(self._until.max())
        wide = [1e3] * 2 + [FIRST_MPS] * 2 + [WIDE_MPS] * 4 + [1e3] * 4
        self._mean = np.zeros((len(reactions), 12))
        self._cov = np.tile(np.diag(np.square(wide)), (len(reactions), 1, 1))
        self.log_likelihood = np.zeros(len(reactions))
        self.update(first)

    @property
    def state(self) -> tuple[Array, Array]:
        """Means (B, 4) and covariances (B, 4, 4) of x, y, vx, vy now."""
        return self._mean[:, :4].copy(), self._cov[:, :4, :4].copy()

    @property
    def decision(self) -> tuple[Array, Array]:
        """Means (B, 6), covariances (B, 6, 6): x, y, vx, vy at the last decision and its target."""
        pick = np.array([8, 9, 10, 11, 4, 5])
        return self._mean[:, pick], self._cov[:, pick[:, None], pick]

    def decide(self, wanted: Array, expected: ChoicePrior | None = None) -> None:
        """A choice is made now: the past one is settled, the state cloned, the new one unknown.

        wanted: (2,) the velocity straight to where they are going now [m/s]
        expected: what this choice is expected to be; None: not known
        """
        self.settle()
        self._prior = self._habits.priors(wanted)
        if expected is not None:
            for ours, told in zip(self._prior, expected, strict=True):
                ours[self._expects] = told
        self._mean = self._mean[:, _DECIDES]
        self._cov = self._cov[:, _DECIDES[:, None], _DECIDES]
        self._cov[:, TARGET], self._cov[:, :, TARGET] = 0.0, 0.0
        self._cov[:, TARGET, TARGET] = WIDE_MPS**2 * _EYE
        self._decided_s = self.time_s

    def settle(self) -> None:
        """Weigh the newest choice by its prior, instead of the flat one."""
        if self._prior is None:
            return
        self._turn(-self._prior.slope)
        self._observe(TARGET, self._prior.offset, self._prior.spread)
        self._turn(self._prior.slope)
        self.log_likelihood += 2.0 * math.log(WIDE_MPS)
        self._prior = None

    def advance(self, time_s: float) -> None:
        """Predict until time_s [s]; nothing where that is not later.

        Before, while and after the newest choice takes effect, each by its own time.
        """
        if time_s <= self.time_s + TICK_S:
            return
        began, ended = np.array([[self.time_s], [time_s]]) - self._decided_s
        self.time_s = time_s
        if began >= self._until.max():
            self._follow(lagging(ended - began, self._lag_s, 1.0, 0.0))
            return
        takes, taken = (np.clip(edge, began, ended) for edge in (self._from, self._until))
        width, none = np.maximum(self._until - self._from, TICK_S), np.zeros(len(takes))
        dt_s = np.array([takes - began, taken - takes, ended - taken])
        share, rate = [none, (takes - self._from) / width, none + 1.0], [none, 1.0 / width, none]
        before, meanwhile, after = lagging(dt_s, self._lag_s, np.array(share), np.array(rate))
        self._follow(then(then(before, meanwhile), after))
        spread = self._jolt[:, None, None] * jolted(dt_s[1], self._lag_s)
        spread = after[..., :2] @ spread @ np.swapaxes(after[..., :2], 1, 2)
        both_axes = spread[:, :, None, :, None] * _EYE[None, :, None]
        self._cov[:, STATE, STATE] += both_axes.reshape(-1, 4, 4)

    def update(self, report: Report) -> None:
        """Take a report in, after predicting until it."""
        self.advance(report.time_s)
        place, of_place = report.position, report.position_cov
        speed, of_speed = report.velocity, report.velocity_cov
        value, noise, begin, end = np.zeros(4), np.zeros((4, 4)), 2, 2
        if place is not None and of_place is not None:
            value[:2], noise[:2, :2], begin = place, of_place + _FLOORS[0], 0
        if speed is not None and of_speed is not None:
            value[2:], noise[2:, 2:], end = speed, of_speed + _FLOORS[1], 4
        if begin < end:
            told = slice(begin, end)
            self._observe(told, value[told], noise[told, told])

    def _follow(self, move: Array) -> None:
        """The body moves, (B, 2, 4) or (1, 2, 4); see `lagging`."""
        count, mean, cov = len(self._mean), self._mean, self._cov
        mean[:, STATE] = (move @ mean[:, :8].reshape(count, 4, 2)).reshape(count, 4)
        rows = (move @ cov[:, :8].reshape(count, 4, 24)).reshape(count, 4, 12)
        both = move[:, None] @ rows[:, :, :8].reshape(count, 4, 4, 2)
        cov[:, STATE, 4:], cov[:, 4:, STATE] = rows[..., 4:], rows[..., 4:].swapaxes(1, 2)
        cov[:, STATE, STATE] = both.reshape(count, 4, 4)

    def _turn(self, slope: Array) -> None:
        """The target is told from slope (B, 2, 2) times the clone's velocity on."""
        mean, cov = self._mean, self._cov
        mean[:, TARGET] += (slope @ mean[:, CLONE_V, None])[..., 0]
        cov[:, TARGET] += slope @ cov[:, CLONE_V]
        cov[:, :, TARGET] += cov[:, :, CLONE_V] @ np.swapaxes(slope, 1, 2)

    def _observe(self, rows: slice, value: Array, noise: Array) -> None:
        """Condition on value = state[rows] + N(0, noise), in Joseph's form.

        (I - K H) P (I - K H)' + K N K', put together from a half and its transpose: it has to stay
        symmetric, or what is not grows from report to report.
        """
        cov, size = self._cov, rows.stop - rows.start
        across = cov[:, :, rows].copy()
        within = across[:, rows].copy()
        total = within + noise
        off, inverse = value - self._mean[:, rows], np.linalg.inv(total)
        gain = across @ inverse
        kept = -gain
        kept[:, rows] += np.eye(size)
        self._mean = self._mean + (gain @ off[..., None])[..., 0]
        inner = np.swapaxes(across, 1, 2)
        inner[:, :, rows] = 0.0
        inner += 0.5 * within @ np.swapaxes(kept, 1, 2)
        half = kept @ inner + gain @ (0.5 * noise @ np.swapaxes(gain, 1, 2))
        cov[:, rows], cov[:, :, rows] = 0.0, 0.0
        cov += half + np.swapaxes(half, 1, 2)
        surprise = (off[:, None] @ inverse @ off[..., None])[:, 0, 0]
        self.log_likelihood -= 0.5 * (surprise + np.linalg.slogdet(total)[1])


def mixed(mean: Array, cov: Array, log_weight: Array) -> tuple[Array, Array]:
    """Mean (n,) and covariance (n, n) of a mixture of B Gaussians, (B, n), (B, n, n), (B,)."""
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    centre = weight @ mean
    off = mean - centre
    return centre, np.einsum("b,bij->ij", weight, cov) + (weight[:, None] * off).T @ off
