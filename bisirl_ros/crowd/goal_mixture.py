"""Choices of somebody whose goal is not known (FORMULATION section 2).

The goal stays what it is through an episode, so an episode's likelihood is a sum over goals of
products over decisions:

    log p = logsumexp_g( b(g) + sum_t log p(z_t | g; theta) )

which is what a Bayes filter over goals gives when its steps are multiplied out, at one theta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.choices import Choices


@dataclass(frozen=True)
class Episode:
    """One episode under each goal hypothesis.

    choices: of the same decisions, explained by each of G goals; log_belief: (G,) before it
    """

    choices: tuple[Choices, ...]
    log_belief: Array

    def log_terms(self, theta: Array) -> Array:
        """b(g) + sum_t log p(z_t | g; theta): (G,)."""
        values = [-choices.value(theta) for choices in self.choices]
        return np.asarray(self.log_belief + np.array(values))


@dataclass(frozen=True)
class GoalMixture:
    """The negative log-likelihood of episodes with unknown goals (`core.likelihood.Likelihood`).

    Arrays as in `Choices`, with an axis for G goals: chosen (N, G, Q, M, n), log_weight (N, Q, M),
    offered (N, G, Q, K, n), log_area (N, G, Q, K), log_share (N, Q)
    lengths: (E,) how many of the N decisions each episode has, in order
    log_belief: (E, G) before each episode; -inf: no such goal
    """

    chosen: Array
    log_weight: Array
    offered: Array
    log_area: Array
    log_share: Array
    lengths: Array
    log_belief: Array

    @staticmethod
    def of(choices: Sequence[Choices], log_belief: Array) -> GoalMixture:
        """One episode: the same decisions explained by each of G goals, believed in (G,)."""
        first = choices[0]
        area = np.stack([c.area_of_each for c in choices], 1)
        return GoalMixture(
            np.stack([c.chosen for c in choices], 1),
            first.log_weight,
            np.stack([c.offered for c in choices], 1),
            area,
            first.log_share,
            np.array([len(first)]),
            log_belief[None],
        )

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def size(self) -> int:
        """Number of reward parameters n."""
        return int(self.chosen.shape[-1])

    @property
    def trajectories(self) -> int:
        """Number of episodes."""
        return len(self.lengths)

    @cached_property
    def episodes(self) -> tuple[Episode, ...]:
        """Each of them by itself."""
        found, stop = [], 0
        for length, belief in zip(self.lengths.astype(int), self.log_belief, strict=True):
            part, stop = slice(stop, stop + length), stop + length
            possible = np.flatnonzero(np.isfinite(belief))
            choices = tuple(
                Choices(
                    self.chosen[part, g],
                    self.log_weight[part],
                    self.offered[part, g],
                    self.log_area[part, g],
                    self.log_share[part],
                )
                for g in possible
            )
            found.append(Episode(choices, belief[possible]))
        return tuple(found)

    def value(self, theta: Array) -> float:
        """- sum log p."""
        return -sum(_logsumexp(episode.log_terms(theta)) for episode in self.episodes)

    def gradient(self, theta: Array) -> Array:
        """d value / d theta: each goal's gradient, weighed by how probable it is: (n,)."""
        total = np.zeros_like(theta)
        for episode, belief in self._believed(theta):
            total = total + belief @ _gradients(episode, theta)
        return total

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2: the mean over goals, less what telling goals apart explains."""
        return self._mean(theta, "hessian", explained=True)

    def fisher(self, theta: Array) -> Array:
        """The mean over goals of their Fisher matrices, positive semidefinite: (n, n)."""
        return self._mean(theta, "fisher", explained=False)

    def joined(self, others: Sequence[GoalMixture]) -> GoalMixture:
        """These episodes and others; what there is less of is filled up with the impossible."""
        every = (self, *others)
        goals, states, points, offered = (
            max(shape) for shape in zip(*(m._shape for m in every), strict=True)
        )
        wanted = {
            "chosen": ((1, goals), (2, states), (3, points)),
            "log_weight": ((1, states), (2, points)),
            "offered": ((1, goals), (2, states), (3, offered)),
            "log_area": ((1, goals), (2, states), (3, offered)),
            "log_share": ((1, states),),
            "lengths": (),
            "log_belief": ((1, goals),),
        }
        return GoalMixture(
            **{
                name: np.concatenate([_padded(getattr(m, name), name, sizes) for m in every])
                for name, sizes in wanted.items()
            }
        )

    @property
    def _shape(self) -> tuple[int, int, int, int]:
        return (*self.chosen.shape[1:4], self.offered.shape[3])

    def responsibility(self, theta: Array) -> Array:
        """How probable each goal of the last episode is after it: (G,)."""
        return self._believed(theta)[-1][1]

    def _believed(self, theta: Array) -> list[tuple[Episode, Array]]:
        found = []
        for episode in self.episodes:
            terms = episode.log_terms(theta)
            found.append((episode, np.exp(terms - _logsumexp(terms))))
        return found

    def _mean(self, theta: Array, matrix: str, explained: bool) -> Array:
        total = np.zeros((len(theta), len(theta)))
        for episode, belief in self._believed(theta):
            for weight, choices in zip(belief, episode.choices, strict=True):
                if weight > 0.0:
                    total = total + weight * getattr(choices, matrix)(theta)
            if explained:
                gradients = _gradients(episode, theta)
                off = gradients - belief @ gradients
                total = total - (off * belief[:, None]).T @ off
        return total


def _gradients(episode: Episode, theta: Array) -> Array:
    """Of each goal's - log p: (G, n)."""
    return np.array([choices.gradient(theta) for choices in episode.choices])


def _logsumexp(values: Array) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))


def _padded(values: Array, name: str, sizes: tuple[tuple[int, int], ...]) -> Array:
    """values with each (axis, size) filled up: features with 0, logarithms with -inf."""
    more = [(0, 0)] * values.ndim
    for axis, size in sizes:
        more[axis] = (0, size - values.shape[axis])
    fill = -np.inf if name.startswith("log") else 0.0
    return np.pad(values, more, constant_values=fill)
