"""How likely people's walks are under a reward, where they go being unknown (section 2).

A walk has one goal, which nobody is told: its likelihood is a sum over goals of products over its
decisions. What is foretold of a decision uses what was seen of the walk before it, and no more.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.choices import log_sum
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations

ROWS = 512


@dataclass(frozen=True)
class _At:
    """At one theta: p(offered | goal) (G, N, K); log p(chosen | goal) (N, G); belief (W, G)."""

    offered: list[Array]
    log_chosen: Array
    belief: Array


class WalksLikelihood:
    """The negative log-likelihood of W walks, smooth in theta (`core.lower_level.Objective`).

    destinations: G - 1 of them, and nowhere
    """

    def __init__(self, chosen: Chosen, destinations: Destinations) -> None:
        self.walks, self.looked = chosen.walks, chosen.looked
        self._log_area, self.destinations = chosen.log_area, destinations
        looked, count = chosen.looked, len(chosen)
        self._towards = [
            looked.goals(np.broadcast_to(place, (count, 2))) for place in destinations.places
        ]
        self._times: Array = np.ones(len(chosen.walks.first))
        self._last: tuple[bytes, _At] | None = None

    def counted(self, times: Array) -> WalksLikelihood:
        """The same with each walk counted so often: (W,)."""
        found = copy.copy(self)
        found._times = times
        return found

    def __len__(self) -> int:
        return len(self.walks)

    @property
    def size(self) -> int:
        """Number of reward parameters n."""
        return int(self.looked.same.shape[-1])

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """The first decision of each walk: (W,)."""
        return self.walks.first

    def value(self, theta: Array) -> float:
        """- sum log p."""
        return -float(self._times @ self.by_walk(theta))

    def by_walk(self, theta: Array) -> Array:
        """log p of each walk: (W,)."""
        return log_sum(self._log_goals(self._at(theta).log_chosen))

    def foretold(self, theta: Array) -> Array:
        """log density of each decision, given the walk until then: (N,) per [m^2/s^2]."""
        return foretold(self._at(theta).log_chosen, self.destinations.log_prior, self.first)

    def rank(self, theta: Array) -> Array:
        """What share of what was foretold is likelier than what was chosen: (N,).

        Uniform on [0, 1] where the model is right (highest density regions: Hyndman 1996).
        """
        belief = self.believed(theta)
        share = sum(belief[:, [g]] * p for g, p in enumerate(self._at(theta).offered))
        density = np.where(share > 0.0, np.log(np.maximum(share, 1e-300)) - self._log_area, -np.inf)
        likelier = density > self.foretold(theta)[:, None]
        return np.asarray((share * likelier).sum(-1))

    def believed(self, theta: Array) -> Array:
        """How probable each goal is before each decision, by what the walk had shown: (N, G)."""
        at = self._at(theta)
        before = beliefs(at.log_chosen, self.destinations.log_prior, self.first)
        return np.asarray(np.exp(before))

    def gradient(self, theta: Array) -> Array:
        """d value / d theta: (n,)."""
        return np.asarray(-self._times @ self.scores(theta))

    def scores(self, theta: Array) -> Array:
        """d log p of each walk / d theta: (W, n)."""
        at = self._at(theta)
        return np.asarray(np.einsum("wg,wgn->wn", at.belief, self._walk_gradients(at)))

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2, exact: the mean over goals, less what telling goals apart says."""
        return np.asarray(np.tensordot(self._times, self.observed(theta), 1))

    def observed(self, theta: Array) -> Array:
        """What each walk adds to `hessian`: (W, n, n)."""
        at = self._at(theta)
        gradients = self._walk_gradients(at)
        off = gradients - np.einsum("wg,wgn->wn", at.belief, gradients)[:, None]
        told = np.einsum("wg,wgm,wgn->wmn", at.belief, off, off, optimize=True)
        return np.asarray(self.information(theta) - told)

    def fisher(self, theta: Array) -> Array:
        """The mean over goals of the covariance of what is offered: (n, n)."""
        return np.asarray(np.tensordot(self._times, self.information(theta), 1))

    def information(self, theta: Array) -> Array:
        """What each walk adds to `fisher`: (W, n, n)."""
        at, n = self._at(theta), self.size
        each = np.zeros((len(self), n, n))
        for goal, p in enumerate(at.offered):
            share = at.belief[self.walks.walk, goal]
            for rows in _parts(len(self)):
                some = self._features(goal, rows)[:, 1:]
                mean = (p[rows, None] @ some)[:, 0]
                second = (some * p[rows, :, None]).swapaxes(1, 2) @ some
                spread = second - mean[:, :, None] * mean[:, None]
                each[rows] += share[rows, None, None] * spread
        return np.add.reduceat(each, self.first)

    def _features(self, goal: int, rows: slice) -> Array:
        """Phi (rows, 1 + K, n) of those who go there; the last goal is nowhere."""
        found = self.looked.same[rows].copy()
        if goal < len(self._towards):
            found[..., list(self.looked.towards)] = self._towards[goal][rows]
        return found

    def _at(self, theta: Array) -> _At:
        key = np.asarray(theta, float).tobytes()
        if self._last is None or self._last[0] != key:
            self._last = (key, self._work_out(theta))
        return self._last[1]

    def _work_out(self, theta: Array) -> _At:
        base = self.looked.same @ theta
        towards = theta[list(self.looked.towards)]
        offered, log_chosen = [], []
        for goal in range(len(self.destinations.log_prior)):
            worth = base if goal == len(self._towards) else base + self._towards[goal] @ towards
            logits = worth[:, 1:] + self._log_area
            normaliser = log_sum(logits)
            offered.append(np.exp(logits - normaliser[:, None]))
            log_chosen.append(worth[:, 0] - normaliser)
        chosen = np.stack(log_chosen, -1)
        joint = self._log_goals(chosen)
        return _At(offered, chosen, np.exp(joint - log_sum(joint)[:, None]))

    def _log_goals(self, log_chosen: Array) -> Array:
        """log p of each walk and goal: (W, G)."""
        return self.destinations.log_prior + np.add.reduceat(log_chosen, self.first)

    def _walk_gradients(self, at: _At) -> Array:
        """d log p(walk | goal) / d theta: (W, G, n)."""
        found = []
        for goal, p in enumerate(at.offered):
            each = np.concatenate(
                [
                    (some := self._features(goal, rows))[:, 0] - (p[rows, None] @ some[:, 1:])[:, 0]
                    for rows in _parts(len(self))
                ]
            )
            found.append(np.add.reduceat(each, self.first))
        return np.stack(found, 1)


def beliefs(log_chosen: Array, log_prior: Array, first: NDArray[np.intp]) -> Array:
    """log probability of each goal before each decision, of what the walk had shown: (N, G).

    log_chosen: (N, G) of each decision given each goal; first: (W,) where walks begin
    """
    before = np.empty_like(log_chosen)
    for begin, end in zip(first, [*first[1:], len(log_chosen)], strict=True):
        total = log_prior + np.cumsum(log_chosen[begin:end], 0)
        before[begin] = log_prior
        before[begin + 1 : end] = total[:-1] - log_sum(total[:-1])[:, None]
    return before


def foretold(log_chosen: Array, log_prior: Array, first: NDArray[np.intp]) -> Array:
    """log p of each decision given those before it: (N,); see `beliefs`."""
    return log_sum(beliefs(log_chosen, log_prior, first) + log_chosen)


def _parts(count: int) -> list[slice]:
    return [slice(i, min(i + ROWS, count)) for i in range(0, count, ROWS)]
