"""A stand-in for a game: choices of people whose rewards are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.core.solver import Collected


@dataclass(frozen=True)
class ConditionalLogit:
    """A conditional logit; its one trajectory is one batch.

    chosen: (N, n) Phi of the velocity that was observed
    offered: (N, K, n) Phi of the candidates
    log_area: (K,) or (N, K) what each candidate stands for, log [m^2/s^2]
    """

    chosen: Array
    offered: Array
    log_area: Array

    def __len__(self) -> int:
        return len(self.chosen)

    @cached_property
    def size(self) -> int:
        """Number of reward parameters n."""
        return int(self.chosen.shape[-1])

    def log_density(self, theta: Array) -> Array:
        """log pi_e of each observed target velocity, per [m^2/s^2]: (N,)."""
        return np.asarray(self.chosen @ theta - self._log_normaliser(theta))

    def value(self, theta: Array) -> float:
        """- sum log pi_e."""
        return -float(self.log_density(theta).sum())

    def gradient(self, theta: Array) -> Array:
        """d value / d theta = model's features minus the demonstrated ones: (n,)."""
        return np.asarray((self._mean(theta) - self.chosen).sum(0))

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2 = the Fisher information of these choices: (n, n)."""
        p = self._probability(theta)
        centred = self.offered - self._mean(theta)[:, None, :]
        return np.asarray(np.einsum("ik,ikm,ikn->mn", p, centred, centred, optimize=True))

    def fisher(self, theta: Array) -> Array:
        """The Hessian, which does not depend on what was chosen: (n, n)."""
        return self.hessian(theta)

    def joined(self, others: Sequence[ConditionalLogit]) -> ConditionalLogit:
        """The likelihood of these choices and others as one; candidates of no area fill up."""
        if not others:
            return self
        every = (self, *others)
        most = max(x.offered.shape[1] for x in every)
        return ConditionalLogit(
            np.concatenate([x.chosen for x in every]),
            np.concatenate([_padded(x.offered, most, 0.0) for x in every]),
            np.concatenate([_padded(x.area_of_each, most, -np.inf) for x in every]),
        )

    @property
    def area_of_each(self) -> Array:
        """log_area, one row per choice: (N, K)."""
        return np.broadcast_to(self.log_area, self.offered.shape[:2])

    def _logits(self, theta: Array) -> Array:
        return np.asarray(self.offered @ theta + self.log_area)

    def _log_normaliser(self, theta: Array) -> Array:
        logits = self._logits(theta)
        top = logits.max(-1)
        return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(-1)))

    def _probability(self, theta: Array) -> Array:
        return np.asarray(np.exp(self._logits(theta) - self._log_normaliser(theta)[:, None]))

    def _mean(self, theta: Array) -> Array:
        return np.asarray(np.einsum("ik,ikm->im", self._probability(theta), self.offered))


def _padded(values: Array, count: int, fill: float) -> Array:
    """values (N, K, ...) with count instead of K entries."""
    more = [(0, 0)] * values.ndim
    more[1] = (0, count - values.shape[1])
    return np.pad(values, more, constant_values=fill)


def chosen_by(theta: Array, decisions: int, rng: np.random.Generator) -> ConditionalLogit:
    """Decisions of somebody among five alternatives; theta: (n,)."""
    offered = rng.normal(size=(decisions, 5, len(theta)))
    picked = (offered @ theta + rng.gumbel(size=(decisions, 5))).argmax(-1)
    return ConditionalLogit(offered[np.arange(decisions), picked], offered, np.zeros(5))


@dataclass(frozen=True)
class Day:
    """What several people chose; whose: (N,) index into identities."""

    identities: tuple[str, ...]
    whose: Array
    chosen: Array
    offered: Array
    episode: int = 0
    note: str | None = None

    def __len__(self) -> int:
        return len(self.whose)


def day(people: Mapping[str, Array], decisions: int, rng: np.random.Generator) -> Day:
    """`decisions` of everybody; people: theta (n,) by identity."""
    made = [chosen_by(theta, decisions, rng) for theta in people.values()]
    return Day(
        tuple(people),
        np.repeat(np.arange(len(made)), decisions),
        np.concatenate([x.chosen for x in made]),
        np.concatenate([x.offered for x in made]),
    )


class DaySolver:
    """A game of choices: f(phi, theta) = sum_i phi_i - phi^2 / 2 + phi_i * sum of all theta.

    told: called with the name of every question before it is answered
    """

    plays_again = False

    def __init__(self, n: int = 3, told: Callable[[str], None] = lambda what: None) -> None:
        self.n_features, self._told = n, told

    def likelihood(self, batch: Day, phi: Tensor, before: Collected[Day] = ()) -> PeopleLikelihood:
        """Everybody's."""
        self._told("likelihood")
        return PeopleLikelihood(
            {
                name: ConditionalLogit(
                    batch.chosen[batch.whose == i], batch.offered[batch.whose == i], np.zeros(5)
                )
                for i, name in enumerate(batch.identities)
            }
        )

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Day],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """Exact but for a little luck; the cross term counts what is replayed."""
        self._told("outer_terms")
        wanted = 1.0 + float(theta.sum()) + 0.01 * rng.normal()
        replayed = float(sum(map(len, recent)))
        return OuterTerms(
            float((phi * wanted - 0.5 * phi**2).sum()),
            wanted - phi,
            np.full(len(theta), float(phi.sum())),
            lambda w: torch.full((1, len(phi)), 1e-3 * replayed * float(w.sum())).to(phi),
        )

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Day],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """Exact but for the luck of each episode, which is the same for all phi."""
        self._told("returns")
        value = float((phi * (1.0 + float(theta.sum())) - 0.5 * phi**2).sum())
        return value + rng.normal(size=episodes)
