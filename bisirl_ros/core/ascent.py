"""Steps of the policy's parameters up a gradient."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

SGD = "sgd"
BETAS = (0.9, 0.99)


class Ascent:
    """An optimiser of phi, which is changed in place.

    kind: `sgd`, or else Adam (Kingma and Ba 2015). It is made at its first step: its import takes a
    second, and who only watches takes none.
    """

    def __init__(self, phi: torch.nn.Parameter, kind: str) -> None:
        self._phi, self._kind = phi, kind

    def step(self, gradient: Tensor, rate: float) -> None:
        """phi follows gradient (m,), at this learning rate."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._phi.grad = gradient
        self._optimiser.step()

    def stop(self) -> None:
        """Without momentum: the next step leads where its gradient does."""
        if "exp_avg" in self._kept:
            self._kept["exp_avg"].zero_()

    @property
    def inertia(self) -> dict[str, Any]:
        """What is remembered of earlier steps, by the optimiser's own names; a copy."""
        return copy.deepcopy(self._kept)

    @inertia.setter
    def inertia(self, kept: Mapping[str, Any]) -> None:
        if kept:
            self._optimiser.state[self._phi] = copy.deepcopy(dict(kept))
        else:
            self.__dict__.pop("_optimiser", None)

    @property
    def _kept(self) -> dict[str, Any]:
        made: torch.optim.Optimizer | None = self.__dict__.get("_optimiser")
        return {} if made is None else made.state.get(self._phi, {})

    @cached_property
    def _optimiser(self) -> torch.optim.Optimizer:
        if self._kind == SGD:
            return torch.optim.SGD([self._phi], maximize=True)
        return torch.optim.Adam([self._phi], betas=BETAS, maximize=True)
