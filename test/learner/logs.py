"""Logs of episodes that nobody drove, for the tests of the learner."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.episode_log import EpisodeLog, LogBook
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario

THETA = np.array([[1.5, -3.0, -0.5, -0.4]])
DT_S = 0.05


def log_of(
    scenario: Scenario, seed: int, version: int, decisions: int = 12, late_s: float = 0.0
) -> EpisodeLog:
    """A person who knows the initial policy, seen exactly, 20 times a second.

    late_s: so long after the episode began they decide for the first time [s]
    """
    rng, policy = np.random.default_rng(seed), InteractionPolicy(scenario.robot)
    phi = policy.initial(torch.Generator().manual_seed(0))
    person, robot = SoftExpert(scenario, policy, THETA, count=100), PolicyDriver(policy, phi)
    person.phi = phi
    now = scenario.sample(1, rng)
    goal = now.aims.likeliest[0, 0].numpy()
    book = LogBook(1.0, version, seed, now.aims.route[0].numpy(), {"person_0": goal[None]})
    per_decision = round(scenario.decision_period_s / DT_S)
    target, late = now.people[..., 2:], round(late_s / DT_S)
    for step in range(decisions * per_decision + 1):
        time_s, state = 1.0 + DT_S * step, now.people[0, 0].numpy()
        book.robot(time_s, now.robot[0].numpy())
        book.person(time_s, "person_0", state[:2], state[2:], np.zeros((2, 2)), np.zeros((2, 2)))
        luck = torch.from_numpy(rng.random((1, 1)))
        if step >= late and (step - late) % per_decision == 0:
            target = person.act(now, luck)
        now = now.with_bodies(
            scenario.robot.step(now.robot, robot.act(now, luck), DT_S, now.room),
            scenario.person.step(now.people, target, DT_S, now.room),
        )
    return book.closed(np.zeros((1, 2)))


def large_log(reports: int, episode: int = -1) -> EpisodeLog:
    """Of 56 bytes a report: a pipe holds less than 1,200 of them."""
    robot = np.zeros((reports, 7))
    nobody = (np.zeros((0, 1, 2)), np.zeros((0, 1)))
    return EpisodeLog(0.0, (), *nobody, robot, np.zeros((1, 3)), np.zeros((0, 15)), 0, episode)
