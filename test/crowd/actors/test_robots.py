"""Robots that learn nothing: each in a scene it is known to master."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.actors import Actor, ConstantVelocity, GoalWalkers
from bisirl_ros.crowd.actors.go_to_goal import GoToGoal
from bisirl_ros.crowd.actors.mpc import Mpc, nearest_on_the_way
from bisirl_ros.crowd.actors.social_force import SocialForce
from bisirl_ros.crowd.actors.social_force_robot import SocialForceRobot
from bisirl_ros.crowd.actors.stop_when_near import StopWhenNear
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.episode import Played, play
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.task_terms import task_reward

from ..conftest import situation
from .conftest import live

LUCK = torch.tensor([[0.3]]).double()
CROSSING_SOON = [(0.0, -1.0, 0.0, 0.8)]


def episodes(scenario: Scenario, robot: Actor, people: Actor, count: int) -> Played:
    start, rng = scenario.sample(count, np.random.default_rng(0)), np.random.default_rng(1)
    theta = np.zeros((scenario.people, len(scenario.person.features)))
    return play(scenario, robot, people, theta, start, rng)


@pytest.mark.parametrize("drive", sorted(DRIVES))
def test_who_goes_to_the_goal_arrives(drive: str) -> None:
    scenario = load_scenario("crossing", people=0, drive=drive)
    played = episodes(scenario, GoToGoal(scenario), ConstantVelocity(), 400)
    assert played.robot_arrived.mean() > 0.99


@pytest.mark.parametrize("drive", sorted(DRIVES))
def test_they_reach_any_goal_around_them_and_stay_there(drive: str) -> None:
    """Behind them, beside them and inside the turning circle, too."""
    scenario = load_scenario("crossing", people=0, drive=drive)
    robot, driver = scenario.robot, GoToGoal(scenario)
    now = situation((0.0, 0.0, 0.0, 0.5, 0.0, 0.0)).chosen([0] * 300)
    luck = torch.rand((300, 1, 2), generator=torch.Generator().manual_seed(0)).double()
    now = replace(now, aims=replace(now.aims, route=6.0 * luck - 3.0))
    for step in range(280):
        now = now.with_bodies(
            robot.step(now.robot, driver.act(now, LUCK), 0.05, now.room), now.people
        )
        if step >= 240:
            off = (now.robot[:, :2] - now.aims.robot_goal).norm(dim=-1)
            assert float(off.max()) < robot.goal_tolerance_m
    assert float(now.robot[:, 3:].abs().max()) < 0.05


def test_it_brakes_without_overshoot(crossing: Scenario) -> None:
    start = situation((-2.5, 0.0, 0.0, 0.0, 0.0, 0.0), goal=(0.5, 0.0))
    lived = live(crossing, ConstantVelocity(), start, 25, GoToGoal(crossing))
    x = torch.stack([s.robot[0, 0] for s in lived.states])
    assert float(x.max()) <= 0.5 and float(x.diff().min()) > -1e-3
    assert max(float(s.robot[0, 3]) for s in lived.states) > 0.95 * crossing.robot.max_speed


def test_it_follows_its_route_through_a_door() -> None:
    scenario = load_scenario("doorway", people=0)
    played = episodes(scenario, GoToGoal(scenario), ConstantVelocity(), 50)
    assert played.robot_arrived.mean() > 0.98


@pytest.mark.parametrize(
    ("place", "half_angle", "stops"),
    [
        ((1.0, 0.0), math.pi, True),
        ((-1.0, 0.0), math.pi, True),
        ((1.3, 0.0), math.pi, False),
        ((1.0, 0.0), 0.5, True),
        ((0.0, 1.0), 0.5, False),
        ((-1.0, 0.0), 0.5, False),
        ((math.cos(0.45), math.sin(0.45)), 0.5, True),
        ((math.cos(0.55), math.sin(0.55)), 0.5, False),
    ],
)
def test_who_stops_for_people_stops_for_those(
    crossing: Scenario, place: tuple[float, float], half_angle: float, stops: bool
) -> None:
    turned = torch.tensor(place).double() @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]]).double()
    robot = StopWhenNear(crossing, 1.2, half_angle)
    now = situation((0.0, 0.0, math.pi / 2, 0.5, 0, 0), [(*turned.tolist(), 0, 0)], goal=(0.0, 2.5))
    assert bool((robot.act(now, LUCK) == 0.0).all()) == stops


def test_who_stops_for_people_goes_on_when_they_have_passed(crossing: Scenario) -> None:
    start = situation((-1.5, 0.0, 0.0, 0.8, 0.0, 0.0), CROSSING_SOON)
    stopping = live(crossing, GoalWalkers(crossing), start, 20, StopWhenNear(crossing))
    going = live(crossing, GoalWalkers(crossing), start, 20, GoToGoal(crossing))
    slowest = min(float(s.robot[0, 3]) for s in stopping.states[:80])
    assert slowest < 0.05
    assert float(stopping.robot_distance.min()) > float(going.robot_distance.min()) + 0.1
    assert float((stopping.last.robot[0, :2] - start.aims.robot_goal[0]).norm()) < 0.4


def test_social_force_robot_and_people_make_way_for_each_other(crossing: Scenario) -> None:
    people = SocialForce(crossing)
    alone = episodes(crossing, GoToGoal(crossing), people, 80)
    both = episodes(crossing, SocialForceRobot(crossing), people, 80)
    assert both.robot_arrived.mean() > 0.97 and both.collided.mean() < 0.03
    assert alone.collided.mean() > 0.15


@pytest.mark.parametrize("drive", sorted(DRIVES))
def test_planning_avoids_people_who_walk_on(drive: str) -> None:
    scenario = load_scenario("crossing", drive=drive)
    seeking = episodes(scenario, GoToGoal(scenario), ConstantVelocity(), 30)
    planning = episodes(scenario, Mpc(scenario), ConstantVelocity(), 30)
    assert seeking.collided.mean() > 0.2
    assert planning.collided.mean() < 0.05 and planning.robot_arrived.mean() > 0.95
    assert planning.returns.mean() > seeking.returns.mean() + 1.0


def test_planning_without_people_earns_what_going_straight_does() -> None:
    scenario = load_scenario("crossing", people=0)
    seeking = episodes(scenario, GoToGoal(scenario), ConstantVelocity(), 10)
    planning = episodes(scenario, Mpc(scenario), ConstantVelocity(), 10)
    assert planning.robot_arrived.all()
    assert planning.returns.mean() > seeking.returns.mean() - 0.2


def test_a_plan_is_worth_its_discounted_task_reward(crossing: Scenario) -> None:
    """Of one person who stands far away, decision by decision with the robot's own `step`."""
    now = situation((-2.0, 0.0, 0.3, 0.4, 0.0, 0.1), [(1.0, 3.0, 0.0, 0.0)])
    horizon = crossing.person.horizon
    plan = torch.tensor([0.7, -0.2]).double().expand(horizon, 1, 1, 2)
    found = Mpc(crossing).returns(now.to("cpu", torch.float64), plan)
    expected, state = 0.0, now
    for h in range(horizon):
        twist = torch.tensor([[0.7, 0.0, -0.2]]).double()
        robot = crossing.robot.step(state.robot, twist, crossing.decision_period_s, state.room)
        reward = float(task_reward(crossing, state, robot, state.people))
        expected += crossing.person.discount**h * reward
        state = state.with_bodies(robot, state.people)
    assert float(found) == pytest.approx(expected, abs=1e-4)


def test_somebody_passed_within_a_decision_is_not_missed() -> None:
    robot_t = torch.tensor([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]]).double()
    robot_tp1 = torch.tensor([[0.4, 0.0, 0.0, 1.0, 0.0, 0.0]]).double()
    meets = torch.tensor([[[0.4, 0.1, -1.0, 0.0], [0.0, 5.0, 0.0, 1.0]]]).double()
    moved = meets.clone()
    moved[..., :2] += 0.4 * meets[..., 2:]
    met = nearest_on_the_way(robot_t, robot_tp1, meets, moved)
    apart = (met[..., :2] - robot_tp1[:, None, :2]).norm(dim=-1)[0]
    assert float(apart[0]) == pytest.approx(0.1)
    assert float(apart[1]) == pytest.approx(5.0), "they part: nearest is where they were"
    assert torch.equal(met[..., 2:], meets[..., 2:])
