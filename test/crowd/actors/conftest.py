"""Scenes in which it is known what actors do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.actors import Actor
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation

from ..conftest import situation

FAR = (90.0, 90.0, 0.0, 0.0, 0.0, 0.0)
"""A robot that nobody minds."""
CONTROL_STEPS = 8


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def crossing() -> Scenario:
    return load_scenario("crossing")


@dataclass(frozen=True)
class Lived:
    """The states at each control step, one situation each, and the luck of each decision."""

    states: list[Situation]

    @property
    def last(self) -> Situation:
        return self.states[-1]

    @property
    def robot_distance(self) -> Tensor:
        """From the robot to each person: (T, P) [m]."""
        apart = [s.people[0, :, :2] - s.robot[0, :2] for s in self.states]
        return torch.stack(apart).norm(dim=-1)

    @property
    def nearest_pair_m(self) -> float:
        """Least distance of any two people."""
        places = torch.cat([s.people[..., :2] for s in self.states])
        itself = 1e3 * torch.eye(places.shape[1])
        return float((torch.cdist(places, places) + itself).min())

    @property
    def left_m(self) -> Tensor:
        """How far from their goals people are in the end: (P,) [m]."""
        return (self.last.people[..., :2] - self.last.aims.likeliest)[0].norm(dim=-1)


def live(
    scenario: Scenario,
    people: Actor,
    start: Situation,
    decisions: int,
    robot: Actor | None = None,
    seed: int = 0,
) -> Lived:
    """What becomes of one situation; robot None: the commanded twist is zero."""
    rng, now, states = np.random.default_rng(seed), start, [start]
    dt_s = scenario.decision_period_s / CONTROL_STEPS
    for _ in range(decisions):
        luck = torch.from_numpy(rng.random((1, now.count)))
        target = people.act(now, luck)
        assert target.shape == (1, now.count, 2) and target.isfinite().all()
        assert (target.norm(dim=-1) <= scenario.person.max_speed + 1e-9).all()
        for _ in range(CONTROL_STEPS):
            command = robot.act(now, luck) if robot else torch.zeros_like(now.robot[:, :3])
            now = now.with_bodies(
                scenario.robot.step(now.robot, command, dt_s, now.room),
                scenario.person.step(now.people, target, dt_s, now.room),
            )
            states.append(now)
    return Lived(states)


def ring(count: int, radius_m: float = 4.0, robot: Sequence[float] = FAR) -> Situation:
    """People evenly around a circle who each want to the opposite side."""
    angles = 2.0 * np.pi * np.arange(count) / count
    places = radius_m * np.stack([np.cos(angles), np.sin(angles)], -1)
    bodies = np.concatenate([places, np.zeros((count, 2))], -1)
    return situation(robot, bodies.tolist(), goals=(-places).tolist())


def with_absent(start: Situation) -> Situation:
    """The last person absent, their state garbage as a tracker would leave it."""
    present = start.present.clone()
    present[:, -1] = False
    return replace(start, present=present)
