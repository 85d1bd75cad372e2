"""The expert's reward r_e(s, a_l, a_e; theta), linear or a network (FORMULATION section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame, check_table


class Reward(Protocol):
    """A family of reward tables with parameters theta (n,)."""

    @property
    def n_features(self) -> int:
        """n = dim theta."""
        ...

    def table(self, theta: Tensor) -> Tensor:
        """r_e: (S, A_l, A_e), differentiable in theta."""
        ...

    def jacobian(self, theta: Tensor) -> Tensor:
        """d r_e / d theta: (S, A_l, A_e, n)."""
        ...

    def curvature(self, theta: Tensor, weight: Tensor) -> Tensor:
        """Second derivative of sum weight * r_e, weight (S, A_l, A_e): (n, n)."""
        ...


@dataclass(frozen=True)
class LinearReward:
    """theta . psi(s, a_l, a_e); psi: (S, A_l, A_e, n)."""

    psi: Tensor

    def __post_init__(self) -> None:
        object.__setattr__(self, "psi", torch.as_tensor(self.psi, dtype=torch.float64))
        if self.psi.ndim != 4:
            raise InputError(f"psi: shape {tuple(self.psi.shape)}; give (S, A_l, A_e, n)")
        check_table("psi", self.psi, tuple(self.psi.shape))

    @staticmethod
    def table_of(game: TabularGame) -> LinearReward:
        """One parameter per entry of r_e: n = S * A_l * A_e."""
        shape = tuple(game.transition.shape[:3])
        n = shape[0] * shape[1] * shape[2]
        return LinearReward(torch.eye(n, dtype=torch.float64).reshape(*shape, n))

    @property
    def n_features(self) -> int:
        """n = dim theta."""
        return int(self.psi.shape[-1])

    def table(self, theta: Tensor) -> Tensor:
        """r_e: (S, A_l, A_e)."""
        return self.psi @ theta

    def jacobian(self, theta: Tensor) -> Tensor:
        """psi itself."""
        return self.psi

    def curvature(self, theta: Tensor, weight: Tensor) -> Tensor:
        """Zero: linear."""
        return torch.zeros((self.n_features, self.n_features), dtype=torch.float64)


@dataclass(frozen=True)
class NetworkReward:
    """A network with one hidden tanh layer over inputs; theta holds all its weights.

    inputs: (S, A_l, A_e, d) what the network sees; hidden: width m of its layer
    theta: W (m, d), b (m,), v (m,), flattened in this order, as offsets from where the network
    starts: W at random by `seed`, b and v zero. So theta = 0 is the reward 0, and no saddle. An
    offset of the output would be a constant reward, which no behaviour shows.
    """

    inputs: Tensor
    hidden: int
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", torch.as_tensor(self.inputs, dtype=torch.float64))
        if self.inputs.ndim != 4:
            raise InputError(f"inputs: shape {tuple(self.inputs.shape)}; give (S, A_l, A_e, d)")
        check_table("inputs", self.inputs, tuple(self.inputs.shape))
        if self.hidden < 1:
            raise InputError(f"hidden = {self.hidden}: must be at least 1")

    @cached_property
    def _start(self) -> Tensor:
        """W where theta = 0: (m, d)."""
        d, generator = int(self.inputs.shape[-1]), torch.Generator().manual_seed(self.seed)
        w = torch.randn((self.hidden, d), generator=generator, dtype=torch.float64)
        return w.div(d**0.5)

    @property
    def n_features(self) -> int:
        """n = dim theta."""
        return self.hidden * (int(self.inputs.shape[-1]) + 2)

    def table(self, theta: Tensor) -> Tensor:
        """r_e: (S, A_l, A_e)."""
        m = self.hidden
        w, b, v = self._start + theta[: -2 * m].reshape(m, -1), theta[-2 * m : -m], theta[-m:]
        layer: Tensor = torch.tanh(self.inputs @ w.T + b)
        return (layer * v).sum(-1)

    def jacobian(self, theta: Tensor) -> Tensor:
        """d r_e / d theta: (S, A_l, A_e, n)."""
        result: Tensor = torch.func.jacrev(self.table)(theta)
        return result

    def curvature(self, theta: Tensor, weight: Tensor) -> Tensor:
        """Second derivative of sum weight * r_e: (n, n)."""
        slope = torch.func.grad(lambda t: (self.table(t) * weight).sum())
        result: Tensor = torch.func.jacrev(slope)(theta)
        return result
