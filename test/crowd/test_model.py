"""Imagined episodes: luck, bodies, replays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.model import CrowdModel, Trajectory
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation

from .conftest import THETA, random_phi

STEPS = 10


class Played:
    """Imagined episodes of the crossing (or another scenario) with some people."""

    def __init__(
        self, people: int, name: str = "crossing", drive: str = "", count: int = 5
    ) -> None:
        scenario = load_scenario(name, people=people, drive=drive)
        self.policy = InteractionPolicy(scenario.robot, hidden=6)
        self.game = CrowdModel(scenario, self.policy, gauss_disc(1.8, 3, 6), "cpu", torch.float64)
        self.phi, rng = random_phi(self.policy, 0.3), np.random.default_rng(0)
        self.start = self.game.starts(5, rng)
        self.luck = torch.from_numpy(rng.random((STEPS, 5, people)))
        self.played = self.game.imagine(self.phi, self.start, self.setting(), self.luck)

    def setting(self) -> Setting:
        theta = torch.tensor([*THETA, -1.0])[: self.game.n_features].double()
        return self.game.setting(self.start, self.start.aims.likeliest, theta)


def same(one: Trajectory, other: Trajectory) -> bool:
    names = ("robot", "people", "target", "known")
    return all(torch.equal(getattr(one, n), getattr(other, n)) for n in names)


@pytest.mark.parametrize("people", [0, 1, 3])
def test_the_same_luck_is_the_same_episode(people: int) -> None:
    setup = Played(people)
    again = setup.game.imagine(setup.phi, setup.start, setup.setting(), setup.luck)
    assert same(setup.played, again)
    if people:
        other = setup.game.imagine(setup.phi, setup.start, setup.setting(), 1.0 - setup.luck)
        assert not same(setup.played, other)


@pytest.mark.parametrize(("name", "people", "drive"), [
    ("crossing", 0, "omni"), ("crossing", 1, ""), ("crowd", 3, ""), ("doorway", 1, "ackermann"),
])  # fmt: skip
def test_imagined_bodies_are_those_of_the_world(name: str, people: int, drive: str) -> None:
    """Robot.step under the policy and Person.step, decision by decision."""
    setup = Played(people, name, drive)
    scenario, now, played = setup.game.scenario, setup.start, setup.played
    period_s = scenario.decision_period_s
    for h in range(STEPS):
        packed = setup.policy.robot.motion(now.robot).packed()
        assert torch.allclose(played.robot[h], packed, atol=1e-10)
        assert torch.allclose(played.people[h], now.people, atol=1e-10)
        robot = scenario.robot.step(now.robot, setup.policy(setup.phi, now), period_s, now.room)
        people_tp1 = scenario.person.step(now.people, played.target[h], period_s, now.room)
        now = now.with_bodies(robot, people_tp1)


def test_everybody_chooses_among_the_candidates_until_they_have_arrived() -> None:
    setup = Played(2)
    near = setup.start.people.clone()
    near[:, 0, :2] = setup.start.aims.likeliest[:, 0] - torch.tensor([0.0, 1.2])
    start = setup.start.with_bodies(setup.start.robot, near)
    played = setup.game.imagine(setup.phi, start, setup.setting(), setup.luck)
    apart = torch.cdist(played.target.view(-1, 2), setup.game.candidates.velocity)
    chosen = apart.amin(-1).view(played.known.shape) < 1e-12
    assert (chosen | ~played.known).all()
    assert not played.target[~played.known].any()
    there = (played.people[:-1, ..., :2] - start.aims.likeliest).norm(dim=-1) <= 0.8
    assert torch.equal(played.known, ~there) and there[:, :, 0].any() and played.known[0].all()


def test_a_replay_of_what_was_imagined_is_the_same_episode() -> None:
    setup = Played(2)
    replayed = setup.game.replay(setup.phi, setup.start, setup.setting(), setup.played.target)
    assert same(setup.played, replayed)
    other = setup.game.replay(1.2 * setup.phi, setup.start, setup.setting(), setup.played.target)
    assert torch.equal(other.people, setup.played.people)  # their choices are on record
    assert not torch.equal(other.robot, setup.played.robot)


def test_what_is_not_on_record_does_not_count() -> None:
    setup = Played(2)
    target = setup.played.target.clone()
    target[4:, :, 1] = torch.nan
    replayed = setup.game.replay(setup.phi, setup.start, setup.setting(), target)
    assert not replayed.known[4:, :, 1].any()
    assert torch.equal(replayed.known[:, :, 0], setup.played.known[:, :, 0])
    assert torch.isfinite(replayed.people).all() and not replayed.target[4:, :, 1].any()


def test_the_absent_are_like_nobody() -> None:
    both, alone = Played(2), Played(1)
    present = torch.tensor([[True, False]]).expand(5, 2)
    start = replace(both.start, present=present)
    one = Situation(
        start.robot,
        start.people[:, :1],
        present[:, :1],
        replace(start.aims, goals=start.aims.goals[:, :1], log_belief=start.aims.log_belief[:, :1]),
        start.room,
    )
    theta = torch.from_numpy(THETA)
    goal = start.aims.likeliest
    with_absent = both.game.imagine(
        both.phi, start, both.game.setting(start, goal, theta), both.luck
    )
    without = alone.game.imagine(
        both.phi, one, alone.game.setting(one, goal[:, :1], theta), both.luck[..., :1]
    )
    assert torch.allclose(with_absent.robot, without.robot, atol=1e-9)
    assert torch.allclose(with_absent.people[:, :, :1], without.people, atol=1e-9)
    assert not with_absent.known[..., 1].any()


def test_episodes_do_not_touch_each_other() -> None:
    setup = Played(2)
    part = setup.start.chosen(slice(3, 4))
    theta = setup.setting().theta[3:4]
    setting = setup.game.setting(part, part.aims.likeliest, theta)
    one = setup.game.imagine(setup.phi, part, setting, setup.luck[:, 3:4])
    assert torch.allclose(one.robot[:, 0], setup.played.robot[:, 3], atol=1e-10)
    assert torch.allclose(one.people[:, 0], setup.played.people[:, 3], atol=1e-10)
    motion = Motion.unpacked(one.robot[-1])
    assert torch.equal(motion.packed(), one.robot[-1])
