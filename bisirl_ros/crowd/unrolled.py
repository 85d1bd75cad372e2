"""Imagined episodes as one graph: the referee of `adjoint`, slower and written another way."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.model import CrowdModel, Trajectory
from bisirl_ros.crowd.reward import learner_reward
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation


def unrolled(
    game: CrowdModel, played: Trajectory, setting: Setting, phi: Tensor, through: Through
) -> tuple[Tensor, Tensor]:
    """log_pi and reward, (T, B) each, one decision after the other, an episode in one graph.

    What the batched adjoint has to equal, whose gradient is backpropagation through time.
    """
    weights, person = game.policy.weights(phi), game.scenario.person
    robot, people = Motion.unpacked(played.robot[0]), played.people[0]
    logs, rewards = [], []
    for h, (target, known) in enumerate(zip(played.target, played.known, strict=True)):
        velocity, area = _offered(game, played, h)
        after = game.drive(weights, robot, people, setting)
        asked = torch.cat([target.reshape(-1, 1, 2), velocity], 1)
        each = (robot.repeated(people.shape[1]), after.repeated(people.shape[1]))
        seen = game.foresee(weights, each, people, setting, asked)
        theta = setting.theta.reshape(-1, game.n_features, 1)
        value = (seen.features @ theta)[..., 0]
        log_p = value[:, 1:] + area - torch.logsumexp(value[:, 1:] + area, 1, keepdim=True)
        density = value[:, 0] - torch.logsumexp(value[:, 1:] + area, 1)
        going, mean = target, (log_p.exp()[..., None] * velocity).sum(1).view_as(target)
        if through is Through.MEAN:
            going = target + torch.where(known[..., None], mean - mean.detach(), 0.0)
        stepped = person.step(people, going, person.decision_period_s, setting.room)
        aims = Aims(
            setting.route, setting.goal[..., None, :], torch.zeros_like(setting.goal[..., :1])
        )
        state = game.policy.robot.state
        before = Situation(state(robot), people, setting.present, aims, setting.room)
        rewards.append(
            learner_reward(
                game.scenario, before, state(after), stepped, setting.goal, setting.theta
            )
        )
        logs.append(torch.where(known, density.view_as(known), 0.0).sum(-1))
        robot, people = after, stepped
    return torch.stack(logs), torch.stack(rewards)


def _offered(game: CrowdModel, played: Trajectory, h: int) -> tuple[Tensor, Tensor]:
    """Candidates (M, K, 2) of the M people at moment h, and the log area (M, K) of each."""
    count = played.known[0].numel()
    if played.offered is None:
        velocity, area = game.candidates.velocity, game.candidates.log_area
        return velocity.expand(count, -1, -1), area.expand(count, -1)
    now = slice(h * count, (h + 1) * count)
    return played.offered.velocity[now], played.offered.log_area[now]
