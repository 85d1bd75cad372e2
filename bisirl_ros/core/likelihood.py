"""How likely what somebody did is, as a function of their theta (FORMULATION section 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Objective

T = TypeVar("T")


class Likelihood(Objective, Protocol):
    """The negative log-likelihood of one person's interactions, under the batch's own policy.

    One trajectory, unless an attribute `trajectories` says how many.
    """

    def __len__(self) -> int:
        """Number of decisions."""
        ...

    @property
    def size(self) -> int:
        """Number of reward parameters."""
        ...

    def joined(self, others: Sequence[Any]) -> Likelihood:
        """The likelihood of these interactions and others of their kind, evaluated as one."""
        ...


class Explained(NamedTuple):
    """known: the likelihood of what somebody did; wider: with statistics that the reward leaves out
    behind its features (`core.misfit`)"""

    known: Likelihood
    wider: Likelihood


Explain = Callable[[], Explained]
"""Works out what one structure says; asked only of those that may still be somebody's."""


@dataclass(frozen=True)
class PeopleLikelihood:
    """What several people did in one batch; given their thetas, they are independent.

    of: by identity, of everybody who decided
    wider: the same, see `Explained`; empty where the game has no such statistics
    otherwise: by identity and structure (`core.structures`), worked out when called; empty where
    the game has but one
    """

    of: Mapping[str, Likelihood]
    wider: Mapping[str, Likelihood] = field(default_factory=dict)
    otherwise: Mapping[str, Mapping[str, Explain]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self.of.values()))

    def wider_by(self, part_of: Callable[[str], str]) -> dict[str, Likelihood]:
        """`wider` by what explains people; part_of: identity -> its name."""
        of: dict[str, list[Likelihood]] = {}
        for identity, wider in self.wider.items():
            of.setdefault(part_of(identity), []).append(wider)
        return {name: one.joined(more) for name, (one, *more) in of.items()}

    def value(self, theta_of: Callable[[str], Array]) -> float:
        """- sum log pi_e over people; theta_of: identity -> (n,)."""
        return sum((x.value(theta_of(identity)) for identity, x in self.of.items()), 0.0)

    def gradient_of(self, theta_of: Callable[[str], Array]) -> Array:
        """Its gradients, one person's after the other's."""
        return np.concatenate([x.gradient(theta_of(name)) for name, x in self.of.items()])


def trajectories_in(likelihood: Likelihood) -> int:
    """How many trajectories a likelihood explains."""
    return int(getattr(likelihood, "trajectories", 1))


class Remembered:
    """An objective that works out each derivative once, as long as theta stays where it is."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._last: dict[str, tuple[bytes, Any]] = {}

    def value(self, theta: Array) -> float:
        """The objective's."""
        return self._once("value", self._objective.value, theta)

    def gradient(self, theta: Array) -> Array:
        """The objective's, (n,), not to be written to."""
        return self._once("gradient", self._objective.gradient, theta)

    def hessian(self, theta: Array) -> Array:
        """The objective's, (n, n), not to be written to."""
        return self._once("hessian", self._objective.hessian, theta)

    def fisher(self, theta: Array) -> Array:
        """The objective's, (n, n), not to be written to."""
        return self._once("fisher", self._objective.fisher, theta)

    def _once(self, what: str, work_out: Callable[[Array], T], theta: Array) -> T:
        at = np.asarray(theta, float).tobytes()
        if what not in self._last or self._last[what][0] != at:
            self._last[what] = (at, work_out(theta))
        found: T = self._last[what][1]
        return found
