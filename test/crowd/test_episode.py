"""Played episodes: what they earn, how they end, and the luck they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.actors import ConstantVelocity, GoalWalkers, PolicyDriver, SoftExpert
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.episode import CONTROL_RATE_HZ, Played, episode_return, play
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.outcome import min_distance_m, outcomes
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.reward import learner_reward
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation

from .conftest import THETA, random_phi, short, situation


def seeker(scenario: Scenario) -> PolicyDriver:
    """The robot before it has learned anything."""
    policy = InteractionPolicy(scenario.robot)
    return PolicyDriver(policy, policy.initial(torch.Generator().manual_seed(0)).double())


def walked(scenario: Scenario, start: Situation, seed: int = 1) -> Played:
    rng, theta = np.random.default_rng(seed), np.tile(THETA, (start.count, 1))
    return play(scenario, seeker(scenario), GoalWalkers(scenario), theta, start, rng)


def lived(scenario: Scenario, start: Situation, seed: int) -> list[Situation]:
    """The same episode (B = 1) control step by control step: the states at its decisions."""
    rng, now, states = np.random.default_rng(seed), start, [start]
    robot, people = seeker(scenario), GoalWalkers(scenario)
    period_s, goal = scenario.decision_period_s, start.aims.likeliest
    dt_s = 1.0 / CONTROL_RATE_HZ
    nearest = np.inf
    for h in range(scenario.episode_decisions):
        luck = torch.from_numpy(rng.random((1, now.count)))
        target = people.act(now, luck)
        for _ in range(round(period_s / dt_s)):
            command = robot.act(now, luck)
            now = now.with_bodies(
                scenario.robot.step(now.robot, command, dt_s, now.room),
                scenario.person.step(now.people, target, dt_s, now.room),
            )
            nearest = min(nearest, float(min_distance_m(now)))
        states.append(now)
        ended = outcomes(scenario, now, period_s * (h + 1), goal)[0]
        if ended in ("arrived", "collision") or nearest < scenario.contact_distance_m:
            break
    return states


@pytest.mark.parametrize("people", [0, 1, 3])
def test_it_is_the_episode_step_by_step(people: int) -> None:
    scenario = load_scenario("crossing", people=people)
    start = scenario.sample(1, np.random.default_rng(people))
    played, states = walked(scenario, start), lived(scenario, start, 1)
    assert played.duration_s[0] == pytest.approx(scenario.decision_period_s * (len(states) - 1))
    whole = Situation(
        torch.cat([s.robot for s in states]),
        torch.cat([s.people for s in states]),
        start.present.expand(len(states), -1),
        replace(
            start.aims,
            route=start.aims.route.expand(len(states), -1, -1),
            goals=start.aims.goals.expand(len(states), -1, -1, -1),
            log_belief=start.aims.log_belief.expand(len(states), -1, -1),
        ),
        start.room,
    )
    theta, goal = np.tile(THETA, (people, 1)), start.aims.likeliest[0]
    by_hand = episode_return(scenario, whole, goal, theta) if people else None
    if by_hand is not None:
        assert played.returns[0] == pytest.approx(by_hand, rel=1e-5)
        assert played.min_distance_m[0] <= float(min_distance_m(whole).min()) + 1e-6
    else:
        assert np.isinf(played.min_distance_m[0]) and not played.collided[0]


def test_the_return_is_the_discounted_sum(crossing: Scenario) -> None:
    states = crossing.sample(3, np.random.default_rng(0))
    after = states.chosen(slice(1, None))
    reward = learner_reward(
        crossing,
        states.chosen(slice(0, -1)),
        after.robot,
        after.people,
        states.aims.likeliest[:2],
        torch.from_numpy(THETA)[None],
    )
    found = episode_return(crossing, states, states.aims.likeliest[0], THETA)
    assert found == pytest.approx(float(reward[0] + crossing.person.discount * reward[1]))
    assert episode_return(crossing, states.chosen([0]), states.aims.likeliest[0], THETA) == 0.0


def test_contact_ends_an_episode(crossing: Scenario) -> None:
    """Somebody comes straight at a robot that does not give way."""
    start = situation((-2.0, 0.0, 0.0, 0.5, 0.0, 0.0), [(2.0, 0.0, -1.0, 0.0)], goals=[[-4.0, 0.0]])
    played = walked(crossing, start)
    assert played.collided[0] and not played.robot_arrived[0]
    assert played.min_distance_m[0] < crossing.contact_distance_m
    assert played.duration_s[0] < 3.0
    aside = situation((-2.0, 0.0, 0.0, 0.5, 0.0, 0.0), [(2.0, 2.0, -1.0, 0.0)], goals=[[-4.0, 2.0]])
    missed = walked(crossing, aside)
    assert not missed.collided[0] and missed.robot_arrived[0]
    assert missed.min_distance_m[0] > 1.0


def test_an_episode_ends_when_everybody_has_arrived_or_with_its_time(crossing: Scenario) -> None:
    start = situation((1.5, 0.0, 0.0, 0.5, 0.0, 0.0), [(0.0, 2.0, 0.0, 1.0)])
    played = walked(crossing, start)
    assert played.robot_arrived[0] and played.duration_s[0] < 4.0
    stuck = replace(start, people=torch.tensor([[[0.0, -9.0, 0.0, -0.5]]]).double())
    robot, rng = seeker(crossing), np.random.default_rng(0)
    lost = play(crossing, robot, ConstantVelocity(), THETA[None], stuck, rng)
    assert lost.duration_s[0] == pytest.approx(crossing.time_limit_s)
    gone = replace(stuck, present=torch.tensor([[False]]))
    assert walked(crossing, gone).duration_s[0] < 4.0
    assert np.isinf(walked(crossing, gone).min_distance_m[0]) or (
        walked(crossing, gone).min_distance_m[0] > 500.0
    )


def test_luck_repeats_and_does_not_depend_on_who_drives(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    scenario, phi = short(crossing, 5, horizon=4), random_phi(policy, 0.2)
    expert = SoftExpert(scenario, policy, THETA, count=40)
    expert.phi = phi
    start = scenario.sample(6, np.random.default_rng(0))

    def drive(seed: int) -> Played:
        rng = np.random.default_rng(seed)
        return play(scenario, PolicyDriver(policy, phi), expert, THETA[None], start, rng)

    assert (drive(0).returns == drive(0).returns).all()
    assert (drive(0).returns != drive(1).returns).any()


@pytest.mark.slow
def test_it_earns_about_what_imagined_episodes_earn(crossing: Scenario) -> None:
    """At the control rate the robot answers sooner than imagination has it: near, not equal."""
    policy, count = InteractionPolicy(crossing.robot), 200
    phi = policy.initial(torch.Generator().manual_seed(0)).double()
    expert = SoftExpert(crossing, policy, THETA, count=150)
    expert.phi = phi
    start, rng = crossing.sample(count, np.random.default_rng(0)), np.random.default_rng(1)
    played = play(crossing, PolicyDriver(policy, phi), expert, THETA[None], start, rng)
    game = CrowdModel(crossing, policy, gauss_disc(1.8, 5, 12), "cpu", torch.float64)
    setting = game.setting(start, start.aims.likeliest, torch.from_numpy(THETA))
    luck = torch.from_numpy(rng.random((crossing.episode_decisions, count, 1)))
    imagined = game.imagine(phi, start, setting, luck)
    robots = policy.robot.state
    returns = []
    for b in range(count):
        states = start.chosen([b] * (len(luck) + 1))
        states = states.with_bodies(
            robots(Motion.unpacked(imagined.robot[:, b])), imagined.people[:, b]
        )
        returns.append(episode_return(crossing, states, setting.goal[b], THETA))
    error = np.hypot(np.std(returns), played.returns.std()) / np.sqrt(count)
    assert played.returns.mean() == pytest.approx(np.mean(returns), abs=4 * error + 0.5)
