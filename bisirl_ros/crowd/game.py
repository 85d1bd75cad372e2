"""The continuous interaction game: the human re-plans at every decision (FORMULATION section 5b).

It explains observed choices and imagines episodes; `RecedingHorizonSolver` makes the double loop's
terms of both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import Candidates
from bisirl_ros.crowd.choices import ChoiceLikelihood
from bisirl_ros.crowd.expert import Expert, RobotModel, closed_loop, recorded
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.task_reward import task_reward

Features = Callable[[Tensor], Tensor]
"""Phi of the targets (B or 1, K, 2) [m/s] from the present state: (B, K, n)."""


@dataclass(frozen=True)
class Response:
    """What the humans of a rollout do at one decision.

    target: (B, 2) [m/s]; log_pi: (B,); residual: (B, n) E_pi[Phi] - Phi(chosen)
    fisher: (B, n, n) Cov_pi[Phi], what the choice tells of theta; None where nobody asked
    """

    target: Tensor
    log_pi: Tensor
    residual: Tensor
    fisher: Tensor | None = None


Choose = Callable[[int, Features, Tensor], Response]
"""(decision h, Phi as a function of targets, theta (n,)) -> the humans' response."""


@dataclass(frozen=True)
class Rollout:
    """An imagined batch of episodes; time first.

    log_pi: (T, B) log pi_e of what the human chose, 0 once they have arrived
    reward: (T, B) r_l of each step
    residual: (T, B, n) E_pi[Phi] - Phi(chosen), the gradient of - log pi_e in theta
    human, robot: (T + 1, B, 4) and (T + 1, B, 5)
    fisher: (T, B, n, n) what each choice tells of theta, or None
    """

    log_pi: Tensor
    reward: Tensor
    residual: Tensor
    human: Tensor
    robot: Tensor
    fisher: Tensor | None = None


class RecedingHorizonGame:
    """The interaction game of one scenario, on one device.

    scenario: bodies, features, task; policy: the robot's architecture;
    candidates: the learner's set of K candidate motions
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        candidates: Candidates,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.scenario, self.policy = scenario, policy
        self.expert = Expert(scenario)
        self.candidates = candidates.to(device, dtype)
        self.device, self.dtype = device, dtype

    @property
    def n_features(self) -> int:
        """Number of reward parameters n = dim theta."""
        return len(self.scenario.features)

    # -- lower level --------------------------------------------------------------------------
    def likelihood(self, batch: Interactions, phi: Tensor) -> ChoiceLikelihood:
        """The batch's choices explained under phi, the policy it was collected with."""
        with torch.no_grad():
            human, robot = self.tensor(batch.human), self.tensor(batch.robot)
            goal, target = self.tensor(batch.goal)[None], self.tensor(batch.target)
            model = (
                closed_loop(self.policy, phi.to(self.device, self.dtype), self.scenario)
                if batch.robot_future is None
                else recorded(self.tensor(batch.robot_future))
            )
            offered = self.candidates.velocity.expand(len(batch), -1, -1)
            targets = torch.cat([target[:, None], offered], 1)
            features = self.expert.features(human, robot, targets, model, goal).double().cpu()
        both = features.numpy()
        return ChoiceLikelihood(
            both[:, 0].copy(), both[:, 1:].copy(), self.candidates.log_area.double().cpu().numpy()
        )

    # -- upper level --------------------------------------------------------------------------
    def imagine(
        self,
        phi: Tensor,
        theta: Tensor,
        human: Tensor,
        robot: Tensor,
        choose: Choose,
        steps: int,
        goal: Tensor | None = None,
    ) -> Rollout:
        """Episodes from the given starts, differentiable in phi and theta at fixed choices.

        phi: (m,); theta: (n,); human: (B, 4); robot: (B, 5); steps: decisions T
        choose: the humans' response at each decision, `sampled` or `replayed`
        goal: (B, 2) where the humans are going [m]; None: the scenario's goal
        """
        sc = self.scenario
        goal = self.tensor(sc.human.goal)[None] if goal is None else goal
        model = closed_loop(self.policy, phi, sc)
        humans, robots, log_pis, rewards, residuals = [human], [robot], [], [], []
        fishers: list[Tensor] = []
        for h in range(steps):
            features = partial(self._features, human, robot, model=model, goal=goal)
            response = choose(h, features, theta)
            walking = (human[..., :2] - goal).square().sum(-1) > sc.human.goal_tolerance_m**2
            target = torch.where(walking[:, None], response.target, 0.0)
            robot_tp1 = model(h, robot, human)
            human_tp1, psi = self.expert.step(human, target, robot_tp1, goal)
            r_e = torch.where(walking, psi @ theta, 0.0)
            r_task = task_reward(sc, robot, robot_tp1, human_tp1)
            rewards.append(r_task + sc.task.kappa * r_e)
            log_pis.append(torch.where(walking, response.log_pi, 0.0))
            residuals.append(torch.where(walking[:, None], response.residual, 0.0))
            if response.fisher is not None:
                fishers.append(torch.where(walking[:, None, None], response.fisher, 0.0))
            human, robot = human_tp1, robot_tp1
            humans.append(human)
            robots.append(robot)
        stacked = [torch.stack(x) for x in (log_pis, rewards, residuals, humans, robots)]
        rollout = Rollout(*stacked)
        return replace(rollout, fisher=torch.stack(fishers)) if fishers else rollout

    def sampled(self, generator: torch.Generator, *, informative: bool = False) -> Choose:
        """Humans who choose among the candidates as pi_e says; `informative` adds the Fisher."""
        velocity, log_area = self.candidates.velocity, self.candidates.log_area

        def choose(h: int, features: Features, theta: Tensor) -> Response:
            phi_k = features(velocity[None])
            log_p = torch.log_softmax(phi_k @ theta + log_area, -1)
            index = torch.multinomial(log_p.detach().exp(), 1, generator=generator)
            chosen = phi_k.gather(1, index[..., None].expand(-1, -1, phi_k.shape[-1]))[:, 0]
            p = log_p.exp()
            mean = (p[..., None] * phi_k).sum(1)
            centred = phi_k - mean[:, None]
            fisher = (p[..., None] * centred).mT @ centred if informative else None
            log_pi = log_p.gather(1, index)[:, 0]
            return Response(velocity[index[:, 0]], log_pi, mean - chosen, fisher)

        return choose

    def replayed(self, target: Tensor) -> Choose:
        """Humans whose choices are on record; target: (T, B, 2) [m/s], NaN after a record's end."""
        velocity, log_area = self.candidates.velocity, self.candidates.log_area
        known = torch.isfinite(target).all(-1)
        target = torch.nan_to_num(target)

        def choose(h: int, features: Features, theta: Tensor) -> Response:
            own = target[h][:, None]
            both = features(torch.cat([own, velocity.expand(len(own), -1, -1)], 1))
            chosen, phi_k = both[:, 0], both[:, 1:]
            logits = phi_k @ theta + log_area
            mean = (torch.softmax(logits, -1)[..., None] * phi_k).sum(1)
            log_pi = chosen @ theta - torch.logsumexp(logits, -1)
            residual = torch.where(known[h, :, None], mean - chosen, 0.0)
            return Response(target[h], torch.where(known[h], log_pi, 0.0), residual)

        return choose

    def _features(
        self, human: Tensor, robot: Tensor, targets: Tensor, *, model: RobotModel, goal: Tensor
    ) -> Tensor:
        return self.expert.features(human, robot, targets, model, goal)

    def starts(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Starts of imagined episodes, uniform within the scenario's spread: (B, 4), (B, 5)."""
        sc = self.scenario
        robot = np.zeros((count, 5))
        robot[:, :3] = _spread(sc.robot.start, sc.robot.start_spread, count, rng)
        human = np.zeros((count, 4))
        human[:, :2] = _spread(sc.human.start, sc.human.start_spread, count, rng)
        human[:, 2:] = sc.human.start_velocity
        return self.tensor(human), self.tensor(robot)

    def tensor(self, values: Array | tuple[float, ...] | Tensor) -> Tensor:
        """Values on this game's device and in its precision."""
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)


def _spread(
    centre: tuple[float, ...], half: tuple[float, ...], count: int, rng: np.random.Generator
) -> Array:
    return np.asarray(centre) + np.asarray(half) * rng.uniform(-1, 1, (count, len(centre)))
