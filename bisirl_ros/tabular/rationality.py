"""Another rationality of the expert: the same wishes, followed more or less strictly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from bisirl_ros.tabular.reward import Reward
from bisirl_ros.tabular.solver import TabularSolver


def with_rationality(solver: TabularSolver, rationality: float) -> TabularSolver:
    """The same game with an expert of another inverse temperature; r_l stays as it was."""
    game = replace(solver.game, kappa=solver.game.kappa / rationality)
    return TabularSolver(game, _Scaled(solver.reward, rationality), beta_h=solver.beta_h)


@dataclass(frozen=True)
class _Scaled:
    """A reward times a factor."""

    reward: Reward
    factor: float

    @property
    def n_features(self) -> int:
        return self.reward.n_features

    def table(self, theta: Tensor) -> Tensor:
        return self.factor * self.reward.table(theta)

    def jacobian(self, theta: Tensor) -> Tensor:
        return self.factor * self.reward.jacobian(theta)

    def curvature(self, theta: Tensor, weight: Tensor) -> Tensor:
        return self.factor * self.reward.curvature(theta, weight)
