"""What people foresee, against a plain loop that moves everybody one decision after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Course
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.foresight import View
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.person import FeatureSpec
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation

from .conftest import random_phi, situation

WALLS = Room.of(walls=((-3.0, 1.2, 3.0, 1.2),))
ROBOT = (-0.9, 0.1, 0.3, 0.6, 0.0, 0.2)
FIRST, SECOND = (0.2, -0.8, 0.1, 0.9), (0.9, 0.5, -0.5, -0.3)
EVERY = tuple(
    FeatureSpec(name, 0.7)
    for name in ("progress", "proximity", "velocity_change", "effort", "person_proximity")
)


def model(drive: str = "", horizon: int = 4) -> CrowdModel:
    scenario = load_scenario("crossing", people=2, drive=drive)
    person = replace(scenario.person, horizon=horizon, features=EVERY)
    scenario = replace(scenario, person=person)
    policy = InteractionPolicy(scenario.robot, hidden=6)
    return CrowdModel(scenario, policy, gauss_disc(1.8, 2, 3), "cpu", torch.float64)


def foreseen(game: CrowdModel, phi: Tensor, now: Situation, targets: Tensor) -> Tensor:
    """Phi (P, k, n) of everybody in one situation; targets: (P or 1, k, 2)."""
    setting = game.setting(now, now.aims.likeliest, torch.zeros(now.count, len(EVERY)).double())
    weights, motion = game.policy.weights(phi), game.policy.robot.motion(now.robot)
    robot_tp1 = game.drive(weights, motion, now.seen, setting).repeated(now.count)
    return game.foresee(weights, (robot_tp1, robot_tp1), now.seen, setting, targets).features


def plain_loop(
    game: CrowdModel, phi: Tensor, now: Situation, target: Tensor, robots: Sequence[Tensor] = ()
) -> Tensor:
    """Phi (n,) of person 0 who holds `target`, everybody else walking on."""
    person, period_s = game.scenario.person, game.scenario.decision_period_s
    total = torch.zeros(len(EVERY), dtype=torch.float64)
    for h in range(person.horizon):
        robot = game.policy.robot.step(now.robot, game.policy(phi, now), period_s, now.room)
        own = person.path(now.people[:, 0], target, now.room)[:, 1]
        others = now.people[:, 1:].clone()
        others[..., :2] += period_s * others[..., 2:]
        place = robots[h] if robots else robot[0, :2]
        seen = Step(
            now.people[0, 0], own[0], place, others[0, :, :2], now.aims.likeliest[0, 0], now.room,
            period_s,
        )  # fmt: skip
        total = total + person.discount**h * psi(seen, person)
        now = now.with_bodies(robot, torch.cat([own[:, None], others], 1))
    return total


@pytest.mark.parametrize("drive", ["differential", "omni", "ackermann"])
@pytest.mark.parametrize("room", [Room.of(), WALLS])
def test_phi_is_the_discounted_sum_along_the_closed_loop(drive: str, room: Room) -> None:
    game = model(drive)
    phi, now = random_phi(game.policy), situation(ROBOT, [FIRST], room=room)
    targets = torch.tensor([[[0.3, 1.1], [-0.9, 0.2], [0.0, 0.0], [1.0, -1.0]]]).double()
    batched = foreseen(game, phi, now, targets)
    for k in range(4):
        by_hand = plain_loop(game, phi, now, targets[0, k])
        assert torch.allclose(batched[0, k], by_hand, atol=1e-10)


def test_it_is_exact_for_several_where_everybody_walks_on() -> None:
    game = model()
    phi, now = random_phi(game.policy), situation(ROBOT, [FIRST, SECOND])
    on = torch.tensor(FIRST[2:]).double()
    seen = foreseen(game, phi, now, on.expand(2, 1, 2))[0, 0]
    assert torch.allclose(seen, plain_loop(game, phi, now, on), atol=1e-10)


def test_it_is_near_the_closed_loop_for_several_who_turn() -> None:
    """What the robot answers to the others is of first order in the change of one's own way."""
    game = model()
    phi, now = random_phi(game.policy), situation(ROBOT, [FIRST, SECOND])
    alone = situation(ROBOT, [FIRST])
    for target in (torch.tensor([0.5, 0.4]).double(), torch.tensor([-0.4, 1.3]).double()):
        seen = foreseen(game, phi, now, target.expand(2, 1, 2))[0, 0]
        exact = plain_loop(game, phi, now, target)
        blind = plain_loop(game, phi, alone, target)
        proximity = [float((x - exact)[1].abs()) for x in (seen, blind)]
        assert proximity[0] < 0.5 * proximity[1]


def test_the_absent_change_nothing() -> None:
    game = model()
    phi, both = random_phi(game.policy), situation(ROBOT, [FIRST, SECOND])
    one_gone = replace(both, present=torch.tensor([[True, False]]))
    targets = game.candidates.velocity[None]
    alone = foreseen(game, phi, situation(ROBOT, [FIRST]), targets)[0]
    assert torch.allclose(foreseen(game, phi, one_gone, targets)[0], alone, atol=1e-9)
    assert not torch.allclose(foreseen(game, phi, both, targets)[0], alone, atol=1e-3)


def test_people_are_foreseen_alike_whatever_their_order() -> None:
    game = model()
    phi, targets = random_phi(game.policy), game.candidates.velocity[None]
    goals = ((0.0, 3.6), (-3.0, 1.0))
    one = foreseen(game, phi, situation(ROBOT, [FIRST, SECOND], goals=goals), targets)
    other = foreseen(game, phi, situation(ROBOT, [SECOND, FIRST], goals=goals[::-1]), targets)
    assert torch.allclose(one, other.flip(0), atol=1e-10)


def test_a_recorded_robot_goes_where_it_went() -> None:
    game = model()
    phi, now = random_phi(game.policy), situation(ROBOT, [FIRST, SECOND])
    rng = np.random.default_rng(0)
    future = torch.from_numpy(rng.uniform(-1, 1, (1, game.scenario.person.horizon, 2)))
    targets = torch.tensor([[[0.3, 1.1], [-0.9, 0.2]]]).double()
    weights, motion = game.policy.weights(phi), game.policy.robot.motion(now.robot)
    goal = now.aims.likeliest[:, 0]
    course = Course.of(now.aims.route)
    view = View(now.people[:, 0], now.people[:, 1:], goal, motion, course, future)
    seen = game.foresight.features(weights, view, targets, now.room)
    for k in range(2):
        by_hand = plain_loop(game, phi, now, targets[0, k], future[0].unbind())
        assert torch.allclose(seen[0, k], by_hand, atol=1e-10)


def test_people_foresee_that_the_robot_gives_way() -> None:
    """Phi depends on phi: the anticipation that makes it interactive."""
    game = model()
    phi, now = random_phi(game.policy).requires_grad_(), situation(ROBOT, [FIRST])
    proximity = foreseen(game, phi, now, game.candidates.velocity[None])[..., 1].sum()
    assert torch.autograd.grad(proximity, phi)[0].abs().max() > 1e-3


def test_around_one_robot_everybody_foresees_what_each_would_with_a_robot_of_their_own() -> None:
    """Its answers to the others are worked out once for all, or for each: gradients stay apart."""
    scenario = load_scenario("crossing", people=3)
    game = CrowdModel(
        scenario, InteractionPolicy(scenario.robot), gauss_disc(1.8, 2, 3), "cpu", torch.float64
    )
    now = game.starts(4, np.random.default_rng(0))
    weights = game.policy.weights(random_phi(game.policy))
    n = len(scenario.person.features)
    setting = game.setting(now, now.aims.likeliest, torch.zeros(3, n).double())
    robots = game.drive(weights, game.policy.robot.motion(now.robot), now.seen, setting)
    targets = game.candidates.velocity[None]
    together, each = (
        game.foresee(weights, (motion, motion), now.seen, setting, targets).features
        for motion in (robots, robots.repeated(3))
    )
    assert torch.allclose(together, each, rtol=0.0, atol=1e-12)
    alone = game.foresee(
        weights, (robots, robots), now.seen[:, :1], setting_of_first(setting), targets
    )
    assert (alone.features - each.view(4, 3, -1, n)[:, 0]).abs().max() > 1e-3  # others matter


def setting_of_first(setting: Setting) -> Setting:
    """Of the first person alone."""
    return replace(
        setting,
        goal=setting.goal[:, :1],
        present=setting.present[:, :1],
        theta=setting.theta[:, :1],
    )
