"""Solver 5b behind the double loop: exact likelihood, outer objective by imagination."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms, surrogate
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.posterior import Posterior, places_of
from bisirl_ros.core.risk import CVAR, ESTIMATE, WORST
from bisirl_ros.core.solver import Collected
from bisirl_ros.crowd.adjoint import Through, value_and_gradients
from bisirl_ros.crowd.believed import Believed, cast_of, weights_of
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID, gauss_disc
from bisirl_ros.crowd.compiled import CompiledImagination, Imagine
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.episode_gain import episode_gain
from bisirl_ros.crowd.evaluated import Evaluated, rewards
from bisirl_ros.crowd.expected_choices import ExpectedChoices, Known
from bisirl_ros.crowd.explain import Explainer
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.recorded_start import recorded_start
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.structure import Structures, family

LEAST_BATCHES = 4
"""Fewer recorded batches cannot be told from their noise."""


class CrowdSolver:
    """FORMULATION section 5b for one scenario.

    likelihood_grid: rings and spokes of the candidates that explain data (float64, CPU)
    imagination_grid: of where imagined people first look (float32, `device`); likely: so many
        candidates follow each of them from then on, where their choice is likely; 0: the grid does
    episodes: imagined per outer update; through: how the gradient passes their choices
    draws: candidates that stand for all where it passes through their mean; 0: all do
    answered: whether imagined people see the robot; False: `passive` (FORMULATION section 7)
    state_draws: states that may have been, for each decision that was not seen exactly
    learn_structure: whether people may decide otherwise than as the scenario has it
    risk: what of all that people may be the policy is judged by (`core.risk`); raises ValueError
        for `cvar` where sampled choices carry a score
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        *,
        device: torch.device | str = "cpu",
        likelihood_grid: tuple[int, int] = LIKELIHOOD_GRID,
        imagination_grid: tuple[int, int] = (4, 9),
        likely: int = 24,
        episodes: int = 24,
        through: Through = Through.MEAN,
        draws: int = 8,
        answered: bool = True,
        state_draws: int = 1,
        learn_structure: bool = False,
        risk: str = ESTIMATE,
    ) -> None:
        if risk == CVAR and through is Through.SCORE:
            raise ValueError("risk: cvar needs a gradient that passes through people's choices")
        top = scenario.person.max_speed
        fine, coarse = gauss_disc(top, *likelihood_grid), gauss_disc(top, *imagination_grid)
        self._observed = CrowdModel(scenario, policy, fine, "cpu", torch.float64, answered)
        structures = family(scenario) if learn_structure else ()
        self._explain = Explainer(self._observed, state_draws, structures)
        self.model = CrowdModel(scenario, policy, coarse, device, torch.float32, answered, likely)
        self._episodes, self._through, self._draws = episodes, through, draws
        self._risk, self._people = risk, Believed(risk)
        self._imagine: Imagine = self.model.imagine

    def compile(self, tell: Callable[[str], None]) -> None:
        """From now on imagine by compiled decisions, once they are; `tell` hears a line of it."""
        self._imagine = CompiledImagination(self.model, tell)

    @property
    def n_features(self) -> int:
        """Number of reward parameters n of one person."""
        return self.model.n_features

    @property
    def plays_again(self) -> bool:
        """No: nobody can be asked to live through the same episode twice."""
        return False

    def likelihood(
        self, batch: Decisions, phi: Tensor, before: Collected[Decisions] = ()
    ) -> PeopleLikelihood:
        """See `Solver.likelihood`."""
        return self._explain(batch, phi, before)

    def expected(self, phi: Tensor, known: Mapping[str, Known]) -> ExpectedChoices:
        """What people go for who answer phi (m,)."""
        return ExpectedChoices(self._observed, phi, known)

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """f and its gradients from imagined episodes; the cross derivative from a replay.

        The people imagined are those of the newest batch, each with their own theta, or a stranger,
        as `Believed` has them.
        The cross derivative is that of `E sum_h grad_theta nll_h`: the recorded choices of the
        newest batches are replayed under phi, and their probability under the model carries the
        shift of the data. (Their policies were those deployed, not quite phi; they stand in for
        fresh batches, a single one of which would be too noisy.)
        """
        phi_g = phi.detach().to(self.model.device, self.model.dtype).requires_grad_()
        theta_g = self.model.tensor(theta).requires_grad_()
        cast = cast_of(self.model.scenario, recent)
        value, d_phi, d_theta = self._imagined(phi_g, theta_g, theta, evidence, cast, rng, beta_i)

        def pull_back(w: Array) -> Tensor:
            usable = [b for b in recent if b.replayable]
            if len(usable) < LEAST_BATCHES:
                return torch.zeros((1, len(phi)), dtype=phi.dtype)
            return self._replayed(phi_g, theta_g.detach(), theta, evidence, usable, w).to(phi)

        return OuterTerms(value, d_phi.to(phi), d_theta.double().cpu().numpy(), pull_back)

    @torch.no_grad()
    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """J_l of imagined episodes, (episodes,): the same `rng`, the same starts and luck."""
        model = self.model
        cast = cast_of(self.model.scenario, recent)
        start, goal, luck = self._luck(episodes, rng)
        weights, names = self._people.imagined(
            model.tensor(theta), theta, evidence, cast, episodes, rng
        )
        setting = model.setting(start, goal, weights, self._structures(names))
        played = self._imagine(phi.to(model.device, model.dtype), start, setting, luck)
        return np.asarray((rewards(model, played, setting) * self._discounts).sum(0).cpu())

    def _luck(self, episodes: int, rng: np.random.Generator) -> tuple[Situation, Tensor, Tensor]:
        """Starts, the goals (B, P, 2) that people really have, and the luck (T, B, P)."""
        model = self.model
        start = model.starts(episodes, rng)
        belief = start.aims.log_belief
        gumbel = model.tensor(rng.gumbel(size=belief.shape))
        goal = start.aims.goals_at((belief + gumbel).argmax(-1))
        return start, goal, model.luck((model.scenario.episode_decisions, *belief.shape[:2]), rng)

    @property
    def _discounts(self) -> Tensor:
        """gamma^h of each decision of an episode: (T, 1)."""
        scenario = self.model.scenario
        steps = np.arange(scenario.episode_decisions)
        return self.model.tensor(scenario.person.discount**steps)[:, None]

    def _imagined(
        self,
        phi: Tensor,
        theta: Tensor,
        known: Array,
        evidence: Posterior,
        cast: Sequence[str],
        rng: np.random.Generator,
        beta_i: float,
    ) -> tuple[float, Tensor, Tensor]:
        """f of imagined episodes, and its gradients in phi and theta."""
        model, discounts = self.model, self._discounts
        start, goal, luck = self._luck(self._episodes, rng)
        weights, names = self._people.imagined(theta, known, evidence, cast, self._episodes, rng)
        with torch.no_grad():
            structures = self._structures(names)
            blind = model.setting(start, goal, weights.detach(), structures)
        drawn = self._draws if self._through is Through.MEAN and beta_i == 0.0 else 0
        trajectory = self._imagine(phi.detach(), start, blind, luck, drawn)
        gains: list[float] = []

        def objectives(seen: Evaluated) -> list[Tensor]:
            reward = seen.reward * discounts
            if beta_i > 0.0:
                precision = evidence.posterior_precision(known)
                places = [places_of(known, evidence, name) for name in cast]
                gain, per_step = episode_gain(precision, seen.fisher, places)
                reward = reward + beta_i * per_step
                gains.append(beta_i * (gain - float(per_step.detach().sum(0).mean())))
            total = reward.sum(0)
            if self._risk == CVAR:
                total = total.topk(math.ceil(WORST * len(total)), largest=False).values
            gains.append(float(total.detach().mean()))
            if self._through is Through.SCORE:
                return [surrogate(seen.log_pi, reward, baseline=True).mean()]
            return [total.mean()]

        setting = model.setting(start, goal, weights, structures)
        _, [(d_phi, d_theta)] = value_and_gradients(
            model, trajectory, setting, phi, (phi, theta), objectives, self._through
        )
        return sum(gains), d_phi, d_theta

    def _replayed(
        self,
        phi: Tensor,
        theta: Tensor,
        known: Array,
        evidence: Posterior,
        batches: Sequence[Decisions],
        w: Array,
    ) -> Tensor:
        """w' d2_{theta phi} of the newest batches' likelihood, from each half of them: (2, m)."""
        model = self.model
        start, target, cast = recorded_start(batches, model)
        of = [weights_of(theta, known, evidence, names) for names in cast]
        along, nobody = [], model.tensor(np.zeros(self.n_features))
        for names in cast:
            along.append(weights_of(model.tensor(w), w, evidence, names, nobody))
        structures = self._structures([[evidence.structure_of(x) for x in each] for each in cast])
        setting = model.setting(start, start.aims.likeliest, torch.stack(of), structures)
        trajectory = model.replay(phi.detach(), start, setting, target)

        def objectives(seen: Evaluated) -> list[Tensor]:
            cost = (seen.residual * torch.stack(along)).sum((-2, -1))
            per_batch = surrogate(seen.log_pi, cost, baseline=False)
            return [per_batch[half::2].mean() for half in range(2)]

        _, found = value_and_gradients(model, trajectory, setting, phi, (phi,), objectives)
        return torch.stack([gradient for (gradient,) in found])

    def _structures(self, names: Sequence[Sequence[str]]) -> Structures | None:
        """How the P people of each of B episodes decide; None: all as the scenario has it."""
        return Structures.named(self.model.scenario, names, self.model.device)
