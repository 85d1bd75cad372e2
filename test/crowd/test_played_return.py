"""Playing an episode at the control rate against playing it step by step, and its ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.episode_return import episode_return
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.played_return import play
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman
from bisirl_sim.kinematic import KinematicWorld
from bisirl_sim.task import Task

from .conftest import THETA


def test_it_earns_what_episodes_in_the_world_earn(crossing: Scenario) -> None:
    """Mean return of 40 episodes of the world and the simulated human, within four errors."""
    policy = InteractionPolicy(crossing.robot)
    phi = policy.initial(torch.Generator().manual_seed(0))
    game = RecedingHorizonGame(crossing, policy, gauss_disc(1.8), "cpu", torch.float64)
    world, task = KinematicWorld(crossing, dt_s=0.05), Task(crossing)
    human, rng = (
        SimulatedHuman(crossing, policy, THETA, seed=3, count=150),
        np.random.default_rng(0),
    )
    returns = []
    for _ in range(40):
        start = task.sample_start(rng)
        world.reset(start.robot, start.human)
        began_s, trace, outcome = world.time_s, [], None
        while outcome is None:
            trace.append((world.human_state(), world.robot_state()))
            world.command_human(*human.decide(*trace[-1], phi))
            for _ in range(8):
                states = [
                    torch.from_numpy(s)[None] for s in (world.robot_state(), world.human_state())
                ]
                command = policy(phi.double(), *states)[0]
                world.command_robot(float(command[0]), float(command[1]))
                world.step()
            outcome = task.outcome(world.robot_state(), world.human_state(), world.time_s - began_s)
        trace.append((world.human_state(), world.robot_state()))
        bodies, robots = (np.array(column) for column in zip(*trace, strict=True))
        returns.append(episode_return(game, THETA, bodies, robots))
    played = play(crossing, phi, THETA, 400, seed=0).returns
    error = np.hypot(np.std(returns) / np.sqrt(40), played.std() / 20.0)
    assert played.mean() == pytest.approx(np.mean(returns), abs=4 * error)


def test_contact_ends_an_episode_and_luck_repeats(crossing: Scenario) -> None:
    """A human in the way who does not mind: contact in most episodes."""
    head_on = replace(
        crossing,
        human=replace(
            crossing.human, start=(2.5, 0.0), goal=(-2.5, 0.0), start_velocity=(-1.0, 0.0)
        ),
    )
    phi = InteractionPolicy(crossing.robot).initial(torch.Generator().manual_seed(0))
    careless = np.array([2.0, 0.0, -0.5, -0.5])
    played = play(head_on, phi, careless, 64, seed=2)
    assert played.collided.mean() > 0.3
    assert (played.min_distance_m[played.collided] < crossing.contact_distance_m).all()
    assert (played.returns == play(head_on, phi, careless, 64, seed=2).returns).all()
    assert not play(crossing, phi, THETA, 64, seed=2).collided.all()
