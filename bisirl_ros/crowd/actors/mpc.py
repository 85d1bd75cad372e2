"""The robot that plans ahead, and takes people to go on as they walk."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.go_to_goal import GoToGoal
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task_terms import task_reward

KNOTS = 4
"""Of the noise along the horizon."""


class Mpc:
    """Model-predictive path integral control (Williams et al. 2017, ICRA, algorithm 2).

    Plans are sequences of commands around what `GoToGoal` would do: noise that is linear between
    KNOTS, besides the plan to stop; each earns the discounted task reward of H decisions with the
    robot's own dynamics; the plan followed is their mean, weighted by exp(return / temperature).
    It starts from `GoToGoal` and not from the last plan, and its noise is drawn once: what it does
    depends on the situation alone. The command is held for a decision, and renewed at every call.

    samples: plans tried in each round; rounds: of sampling around the mean of the one before
    temperature: lambda, in rewards; spread: deviation of the noise, a share of each column's limit
    """

    def __init__(
        self,
        scenario: Scenario,
        samples: int = 64,
        rounds: int = 2,
        temperature: float = 0.1,
        spread: float = 0.5,
        seed: int = 0,
    ) -> None:
        self._scenario, self._seeker = scenario, GoToGoal(scenario)
        self._rounds, self._temperature = rounds, temperature
        generator = torch.Generator().manual_seed(seed)
        robot, horizon = scenario.robot, scenario.person.horizon
        every = (robot.max_speed, robot.max_speed, robot.max_turn_rate)
        scale = spread * torch.tensor([every[c] for c in robot.columns])
        knots = torch.randn((samples, len(scale), min(KNOTS, horizon)), generator=generator)
        smooth = torch.nn.functional.interpolate(knots, horizon, mode="linear", align_corners=True)
        smooth[0] = 0.0
        self._noise = smooth.permute(2, 0, 1) * scale
        """(H, samples, c)."""

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        here, robot = situation.to("cpu", torch.float32), self._scenario.robot
        plan = self._seeking(here)
        for _ in range(self._rounds):
            tried = robot.able(plan[:, :, None] + self._noise[:, None])
            tried = torch.cat([tried, torch.zeros_like(tried[:, :, :1])], 2)
            weight = torch.softmax(self.returns(here, tried) / self._temperature, -1)
            plan = (weight[..., None] * tried).sum(2)
        return robot.as_twist(robot.able(plan[0])).to(situation.robot)

    def returns(self, situation: Situation, plans: Tensor) -> Tensor:
        """Discounted task reward of each plan: (B, S); plans: (H, B, S, c) admissible commands.

        A decision earns the lesser of where people end up and of where they came nearest.
        """
        scenario, samples = self._scenario, plans.shape[2]
        rows = torch.arange(len(situation)).repeat_interleave(samples)
        now, robot, period_s = situation.chosen(rows), scenario.robot, scenario.decision_period_s
        motion = robot.motion(now.robot)
        total = torch.zeros(len(rows))
        for h, command in enumerate(plans.flatten(1, 2)):
            motion = robot.advance(motion, command, period_s, now.room)
            robot_tp1 = robot.state(motion)
            moved = now.people[..., :2] + period_s * now.people[..., 2:]
            people_tp1 = torch.cat([moved, now.people[..., 2:]], -1)
            met = nearest_on_the_way(now.robot, robot_tp1, now.people, people_tp1)
            worse = torch.minimum(
                task_reward(scenario, now, robot_tp1, people_tp1),
                task_reward(scenario, now, robot_tp1, met),
            )
            total += scenario.person.discount**h * worse
            now = now.with_bodies(robot_tp1, people_tp1)
        return total.view(-1, samples)

    def _seeking(self, situation: Situation) -> Tensor:
        """What `GoToGoal` would command, decision by decision: (H, B, c)."""
        robot, now, commands = self._scenario.robot, situation, []
        nobody = now.people.new_zeros(now.present.shape)
        for _ in range(len(self._noise)):
            command = self._seeker.act(now, nobody)
            commands.append(command[:, list(robot.columns)])
            state = robot.step(now.robot, command, self._scenario.decision_period_s, now.room)
            now = now.with_bodies(state, now.people)
        return torch.stack(commands)


def nearest_on_the_way(
    robot_t: Tensor, robot_tp1: Tensor, people_t: Tensor, people_tp1: Tensor
) -> Tensor:
    """People (B, P, 4), each as far from robot_tp1 as they came near it on the way there.

    Both move straight: a person whom the robot passes within one decision is not missed.
    """
    before = people_t[..., :2] - robot_t[:, None, :2]
    change = people_tp1[..., :2] - robot_tp1[:, None, :2] - before
    size = change.square().sum(-1, keepdim=True).clamp(min=1e-9)
    share = (-(before * change).sum(-1, keepdim=True) / size).clamp(0.0, 1.0)
    place = robot_tp1[:, None, :2] + before + share * change
    return torch.cat([place, people_tp1[..., 2:]], -1)
