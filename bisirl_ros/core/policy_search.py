"""A policy that climbs f, whatever is deployed meanwhile, and the mean of where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bisirl_ros.core.ascent import Ascent
from bisirl_ros.core.loop_config import LoopConfig

MEMORY = 0.95
"""Of the mean, what an update leaves of it: it is over some twenty updates."""


@dataclass(eq=False)
class PolicySearch:
    """Where one start has led.

    phi: (m,) the iterate, moved in place by its ascent; mean: (m,) an exponentially weighted one of
    the iterates: the noise of steps averages out of it (Polyak and Juditsky 1992)
    """

    phi: torch.nn.Parameter
    mean: Tensor
    ascent: Ascent

    @staticmethod
    def start(
        phi: Tensor,
        config: LoopConfig,
        mean: Tensor | None = None,
        inertia: Mapping[str, Any] | None = None,
    ) -> PolicySearch:
        """At phi (m,); mean and inertia of earlier steps, by default there were none."""
        iterate = torch.nn.Parameter(phi.detach().clone())
        ascent = Ascent(iterate, config.optimiser)
        ascent.inertia = inertia or {}
        return PolicySearch(iterate, (phi if mean is None else mean).detach().clone(), ascent)

    def step(self, gradient: Tensor, rate: float) -> None:
        """The iterate follows gradient (m,) at this rate, and the mean follows it."""
        self.ascent.step(gradient, rate)
        self.mean = torch.lerp(self.phi.detach(), self.mean, MEMORY)

    def return_to(self, phi: Tensor) -> None:
        """The search goes on from phi (m,), without the momentum that led away from it."""
        self.phi.detach().copy_(phi)
        self.mean = phi.clone()
        self.ascent.stop()

    @property
    def candidates(self) -> tuple[Tensor, Tensor]:
        """What it has to offer: (m,) each."""
        return self.phi.detach(), self.mean

    def remembered(self) -> tuple[Tensor, Tensor, Mapping[str, Any]]:
        """Copies of iterate and inertia, and the mean, which no step changes in place."""
        return self.phi.detach().clone(), self.mean, self.ascent.inertia

    def recall(self, remembered: tuple[Tensor, Tensor, Mapping[str, Any]]) -> None:
        """The search is where it was then."""
        phi, self.mean, self.ascent.inertia = remembered
        self.phi.detach().copy_(phi)
