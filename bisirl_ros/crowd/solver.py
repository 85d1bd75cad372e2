"""Solver 5b behind the double loop: exact likelihood, outer objective by imagination."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import OuterTerms, surrogate
from bisirl_ros.core.information_gain import information_gain
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.choices import ChoiceLikelihood
from bisirl_ros.crowd.game import RecedingHorizonGame, Rollout
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario

LEAST_BATCHES = 4


class RecedingHorizonSolver:
    """FORMULATION section 5b for one scenario.

    likelihood_grid: rings and spokes of the candidates that explain data (float64, CPU)
    imagination_grid: of the candidates that imagined humans choose among (float32, `device`)
    episodes: imagined episodes per outer update
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        *,
        device: torch.device | str = "cpu",
        likelihood_grid: tuple[int, int] = (8, 18),
        imagination_grid: tuple[int, int] = (4, 9),
        episodes: int = 24,
    ) -> None:
        top = scenario.human.max_speed
        fine, coarse = gauss_disc(top, *likelihood_grid), gauss_disc(top, *imagination_grid)
        self._observed = RecedingHorizonGame(scenario, policy, fine, "cpu", torch.float64)
        self.game = RecedingHorizonGame(scenario, policy, coarse, device, torch.float32)
        self._episodes = episodes

    @property
    def n_features(self) -> int:
        """Number of reward parameters n = dim theta."""
        return len(self.game.scenario.features)

    @property
    def plays_again(self) -> bool:
        """No: nobody can be asked to live through the same episode twice."""
        return False

    def likelihood(self, batch: Interactions, phi: Tensor) -> ChoiceLikelihood:
        """The batch's choices explained under phi, the policy it was collected with."""
        return self._observed.likelihood(batch, phi)

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Evidence,
        recent: Sequence[Interactions],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """f and its gradients from imagined episodes; the cross derivative from a replay.

        The cross derivative is that of `E sum_h grad_theta nll_h`: the recorded choices of the
        newest batches are replayed under phi, and their probability under the model carries the
        shift of the data. (Their policies were not quite phi; they stand in for fresh batches, a
        single one of which would be too noisy.)
        """
        game = self.game
        generator = torch.Generator(game.device).manual_seed(int(rng.integers(2**62)))
        phi_g = phi.detach().to(game.device, game.dtype).requires_grad_()
        theta_g = game.tensor(theta).requires_grad_()
        human, robot = game.starts(self._episodes, rng)
        steps = game.scenario.episode_decisions
        choose = game.sampled(generator, informative=beta_i > 0.0)
        rollout = game.imagine(phi_g, theta_g, human, robot, choose, steps)
        reward = rollout.reward * self._discounts(steps)
        value = float(reward.detach().sum(0).mean())
        if rollout.fisher is not None:
            gain, per_step = _gain(evidence.posterior_precision(theta), rollout.fisher)
            reward, value = reward + beta_i * per_step, value + beta_i * gain
        f = surrogate(rollout.log_pi, reward, baseline=True).mean()
        d_phi, d_theta = torch.autograd.grad(f, (phi_g, theta_g))

        def pull_back(w: Array) -> Tensor:
            usable = [b for b in recent if b.robot_future is None and b.unbroken > 0]
            if len(usable) < LEAST_BATCHES:  # too few to tell from their noise
                return torch.zeros((1, len(phi)), dtype=phi.dtype)
            again = self._replay(phi_g, theta_g.detach(), usable)
            cost = again.residual @ game.tensor(w)
            per_batch = surrogate(again.log_pi, cost, baseline=False)
            halves = [per_batch[i::2].mean() for i in range(2)]
            pulled = [torch.autograd.grad(half, phi_g, retain_graph=True)[0] for half in halves]
            return torch.stack(pulled).to(phi)

        return OuterTerms(value, d_phi.to(phi), d_theta.double().cpu().numpy(), pull_back)

    def _replay(self, phi: Tensor, theta: Tensor, recent: Sequence[Interactions]) -> Rollout:
        """Each batch once more from its start, as far as its record is unbroken."""
        game, steps = self.game, max(batch.unbroken for batch in recent)
        target = torch.full((steps, len(recent), 2), torch.nan)
        for row, batch in enumerate(recent):
            target[: batch.unbroken, row] = torch.from_numpy(batch.target[: batch.unbroken])
        human, robot, goal = (
            game.tensor(np.stack(states))
            for states in (
                [batch.human[0] for batch in recent],
                [batch.robot[0] for batch in recent],
                [batch.goal for batch in recent],
            )
        )
        choose = game.replayed(game.tensor(target))
        return game.imagine(phi, theta, human, robot, choose, steps, goal)

    def _discounts(self, steps: int) -> Tensor:
        return self.game.tensor(self.game.scenario.discount ** np.arange(steps))[:, None]


def _gain(precision: Array, fisher: Tensor) -> tuple[float, Tensor]:
    """The information gain of the mean episode, and its derivative as a reward per step: (T, B).

    d 1/2 log det(Lambda + E sum_h F_h) = E sum_h 1/2 tr((Lambda + E sum_h F_h)^-1 d F_h), so the
    traces, with the inverse held fixed, have its gradient.
    """
    mean = fisher.detach().sum(0).mean(0).double().requires_grad_()  # Lambda may be nearly singular
    gain = information_gain(precision, mean)
    slope = torch.autograd.grad(gain, mean)[0].to(fisher)
    return float(gain.detach()), (fisher * slope).sum((-2, -1))
