"""Every actor by its name: admissible, repeatable, and right about absence and empty rooms."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.actors import Actor, tell
from bisirl_ros.crowd.actors.registry import PEOPLE, ROBOTS, make_people, make_robot
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.errors import InputError

from ..conftest import random_phi, situation
from .conftest import with_absent

WITHOUT_PYRVO = importlib.util.find_spec("pyrvo") is None
KINDS = [n for n in PEOPLE if not (WITHOUT_PYRVO and n.startswith("orca"))]
DRIVERS = [n for n in ROBOTS if not (WITHOUT_PYRVO and n.startswith("orca"))]
UNAWARE = ("constant_velocity", "goal_walkers")
"""They go on whoever looks: absence and arrival are nothing to them."""
ROBOT = (-0.6, 0.2, 0.3, 0.8, 0.0, 0.3)
ROWS = [(0.0, -1.0, 0.3, 1.0), (1.0, 1.0, -0.5, -0.7), (0.6, -0.4, 0.0, 0.0)]


def people_of(name: str, scenario: Scenario, seed: int = 0) -> Actor:
    policy = InteractionPolicy(scenario.robot)
    people = make_people(name, scenario, policy, true_weights(scenario, count=3), seed)
    tell(people, random_phi(policy), 7)
    return people


@pytest.mark.parametrize("name", KINDS)
def test_people_do_what_people_can_and_repeat_it(crossing: Scenario, name: str) -> None:
    now = situation(ROBOT, ROWS, goals=[[0, 3.6], [0, -3], [3, 0]]).chosen([0] * 5)
    luck = torch.rand((5, 3), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    target = people_of(name, crossing).act(now, luck)
    assert target.shape == (5, 3, 2) and target.dtype == torch.float64
    assert (target.norm(dim=-1) <= crossing.person.max_speed + 1e-6).all()
    assert torch.equal(people_of(name, crossing).act(now, luck), target)


@pytest.mark.parametrize("name", KINDS)
def test_nobody_is_legal(crossing: Scenario, name: str) -> None:
    now, luck = situation(ROBOT), torch.zeros((1, 0), dtype=torch.float64)
    assert people_of(name, crossing).act(now, luck).shape == (1, 0, 2)


@pytest.mark.parametrize("name", [n for n in KINDS if n not in UNAWARE])
def test_who_is_absent_or_there_stands_and_absence_changes_nobody(
    crossing: Scenario, name: str
) -> None:
    luck = torch.tensor([[0.3, 0.04, 0.6]]).double()
    goals = [[0.0, 3.6], [1.0, 1.3], [3.0, 0.0]]
    here, elsewhere = (
        with_absent(situation(ROBOT, [*ROWS[:2], last], goals=goals))
        for last in (ROWS[2], (0.1, -0.8, 2.0, 2.0))
    )
    people = people_of(name, crossing)
    target = people.act(here, luck)
    assert float(target[0, 2].norm()) == 0.0, "absent"
    assert float(target[0, 1].norm()) == 0.0, "arrived"
    assert float(target[0, 0].norm()) > 0.0 or name in ("surprised", "curious")
    assert torch.equal(people.act(elsewhere, luck), target)


@pytest.mark.parametrize("drive", sorted(DRIVES))
@pytest.mark.parametrize("name", DRIVERS)
def test_robots_ask_for_what_their_drive_can_do(name: str, drive: str) -> None:
    scenario = load_scenario("crossing", drive=drive)
    robot, now = make_robot(name, scenario), situation(ROBOT, ROWS).chosen([0] * 40)
    turned, generator = now.robot.clone(), torch.Generator().manual_seed(1)
    turned[:, 2] = torch.rand(40, generator=generator) * 6.0 - 3.0
    now, luck = now.with_bodies(turned, now.people), torch.rand((40, 3)).double()
    twist = robot.act(now, luck)
    assert twist.shape == (40, 3) and twist.dtype == torch.float64
    assert torch.allclose(scenario.robot.admissible(twist), twist, atol=1e-6)
    assert float(twist.norm(dim=-1).max()) > 0.1 or name == "stop_when_near"
    assert torch.equal(robot.act(now, torch.rand((40, 3)).double()), twist)


@pytest.mark.parametrize("name", DRIVERS)
def test_robots_do_not_mind_who_is_not_there(crossing: Scenario, name: str) -> None:
    robot, luck = make_robot(name, crossing), torch.zeros((1, 1)).double()
    alone = robot.act(situation(ROBOT), luck[:, :0])
    absent = with_absent(situation(ROBOT, [(0.3, 0.15, -0.3, 0.0)]))
    assert torch.allclose(robot.act(absent, luck), alone, atol=1e-6)
    if name != "go_to_goal":
        present = situation(ROBOT, [(0.3, 0.15, -0.3, 0.0)])
        assert not torch.allclose(robot.act(present, luck), alone, atol=1e-2)


def test_a_seed_draws_other_drifts(crossing: Scenario) -> None:
    now = situation(ROBOT, ROWS).chosen([0] * 30)
    luck = torch.rand((30, 3), dtype=torch.float64)
    acts = []
    for seed in (0, 0, 1):
        people = people_of("drifting", crossing, seed)
        tell(people, random_phi(InteractionPolicy(crossing.robot)), 50)
        acts.append(people.act(now, luck))
    assert torch.equal(acts[0], acts[1]) and not torch.equal(acts[0], acts[2])


def test_an_unknown_name_is_told_the_choices(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    with pytest.raises(InputError, match=r"people 'orcs' is unknown; choose one of .*orca") as bad:
        make_people("orcs", crossing, policy, np.ones((1, 4)))
    assert "\n" not in str(bad.value)
    with pytest.raises(InputError, match=r"robot 'goto' is unknown; choose one of .*mpc"):
        make_robot("goto", crossing)
