"""Weights under which people would do as often what they did: expected features are matched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.bench.other_estimate import OtherEstimate
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.core.solver import Collected
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.evaluated import Evaluated, evaluate
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.recorded_start import recorded_start
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

IMAGINED = 16
"""Episodes from each recorded start, under the policy of that time."""
STEPS, DAMPING, FURTHEST = 2, 0.5, 1.0
"""Newton steps a batch, how much of each is gone, and how far at most."""


class FeatureMatchingSolver(OtherEstimate):
    """Features are counted over whole episodes (Abbeel and Ng 2004; Ziebart et al. 2008).

    Seeks the root in theta of sum_k (f_k - E_theta[f | start k, phi_k]) - Lambda_0 theta: f_k is
    what a recorded episode counts, its expectation is imagined, of as many decisions. It asks less
    of each decision than the likelihood, and its imagined people may err where nobody ever was.
    Whose episodes cannot be lived through again is not learned from; everybody is taken to decide
    as long as their episode lasts, or until they arrive.
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, **settings: Any) -> None:
        super().__init__(scenario, policy, **settings)
        self._lived: list[tuple[Decisions, Tensor, Array]] = []
        self._matched: dict[str, Array] = {}
        self._rng = np.random.default_rng(0)

    def estimated(self, evidence: Posterior) -> Mapping[str, Array]:
        """See `OtherEstimate.estimated`; zero for whose features were never counted."""
        nobody = np.zeros(self.n_features)
        return {name: self._matched.get(name, nobody) for name in evidence.identities}

    def likelihood(
        self, batch: Decisions, phi: Tensor, before: Collected[Decisions] = ()
    ) -> PeopleLikelihood:
        """The batch's choices; its features are matched, too."""
        known = super().likelihood(batch, phi, before)
        if batch.replayable:
            policy = phi.detach().to(self.model.device, self.model.dtype)
            self._lived.append((batch, policy, self._counted(batch, policy)))
            for _ in range(STEPS):
                self._step()
        return known

    def _step(self) -> None:
        """A damped Newton step of everybody who was met."""
        gap: dict[str, Array] = {}
        told: dict[str, Array] = {}
        for batch, phi, counted in self._lived:
            expected, fisher = self._expected(batch, phi)
            for p, name in enumerate(batch.identities):
                gap[name] = gap.get(name, 0.0) + counted[p] - expected[p]
                told[name] = told.get(name, 0.0) + fisher[p]
        prior = LoopConfig().prior_precision
        for name, off in gap.items():
            theta = self._matched.get(name, np.zeros(self.n_features))
            curvature = told[name] + prior * np.eye(self.n_features)
            step = DAMPING * np.linalg.solve(curvature, off - prior * theta)
            far = float(np.linalg.norm(step))
            self._matched[name] = theta + step * min(1.0, FURTHEST / max(far, 1e-12))

    @torch.no_grad()
    def _counted(self, batch: Decisions, phi: Tensor) -> Array:
        """Sum over a recorded episode of each person's features: (P, n)."""
        start, target, _ = recorded_start([batch], self.model)
        nobody = self.model.tensor(np.zeros(self.n_features))
        setting = self.model.setting(start, start.aims.likeliest, nobody[None])
        trajectory = self.model.replay(phi, start, setting, target)
        _, seen = evaluate(self.model, trajectory, setting, phi)
        return _sums(seen)

    @torch.no_grad()
    def _expected(self, batch: Decisions, phi: Tensor) -> tuple[Array, Array]:
        """Mean of such sums over imagined episodes (P, n), and of what each tells (P, n, n)."""
        model = self.model
        start, target, _ = recorded_start([batch], model)
        many: Situation = start.chosen(torch.zeros(IMAGINED, dtype=torch.long))
        nobody = np.zeros(self.n_features)
        theta = np.array([self._matched.get(name, nobody) for name in batch.identities])
        luck = model.luck((len(target), IMAGINED, start.count), self._rng)
        setting = model.setting(many, many.aims.likeliest, model.tensor(theta))
        trajectory = model.imagine(phi, many, setting, luck)
        _, seen = evaluate(model, trajectory, setting, phi)
        return _sums(seen), np.asarray(seen.fisher.sum(0).mean(0).double().cpu())


def _sums(seen: Evaluated) -> Array:
    """Features summed over an episode's decisions, mean over episodes: (P, n)."""
    chosen = seen.chosen.view(*seen.known.shape, -1)
    counted = torch.where(seen.known[..., None], chosen, 0.0)
    return np.asarray(counted.sum(0).mean(0).double().cpu())
