"""r_l = r_task + kappa * sum_p r_e^p, piece by piece."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.reward import learner_reward, others
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task_terms import task_reward

from .conftest import situation

ROBOT = (-1.0, 0.1, 0.2, 0.7, 0.0, 0.1)
FIRST, SECOND = (0.2, -0.8, 0.1, 0.9), (0.6, -0.5, -0.5, -0.3)
THETA = torch.tensor([[1.5, -3.0, -0.5, -0.4, -1.0], [0.7, 1.0, -0.2, -0.1, 2.0]]).double()


def with_kappa(kappa: float) -> Scenario:
    scenario = load_scenario("crowd", people=2)
    return replace(scenario, task=replace(scenario.task, kappa=kappa))


def earned(scenario: Scenario, before: Situation, theta: Tensor = THETA) -> float:
    robot, people = before.robot + 0.1, before.people + 0.2
    goal = before.aims.likeliest
    return float(learner_reward(scenario, before, robot, people, goal, theta[: before.count]))


def r_e(scenario: Scenario, before: Situation, p: int, rest: list[int]) -> float:
    """One person's own reward of the same step."""
    people = before.people[0] + 0.2
    seen = Step(
        before.people[0, p],
        people[p],
        before.robot[0, :2] + 0.1,
        people[rest, :2],
        before.aims.likeliest[0, p],
        before.room,
        scenario.decision_period_s,
    )
    return float(psi(seen, scenario.person) @ THETA[p])


@pytest.mark.parametrize("kappa", [1.0, 0.3, -0.5, 0.0])
def test_it_is_the_task_and_kappa_times_everybody(kappa: float) -> None:
    scenario, before = with_kappa(kappa), situation(ROBOT, [FIRST, SECOND])
    own = float(task_reward(scenario, before, before.robot + 0.1, before.people + 0.2))
    everybody = r_e(scenario, before, 0, [1]) + r_e(scenario, before, 1, [0])
    assert earned(scenario, before) == pytest.approx(own + kappa * everybody)
    assert abs(everybody) > 0.1


def test_who_is_absent_or_has_arrived_earns_nothing() -> None:
    scenario, alone = with_kappa(1.0), situation(ROBOT, [FIRST])
    both = situation(ROBOT, [FIRST, SECOND])
    gone = replace(both, present=torch.tensor([[True, False]]))
    assert earned(scenario, gone) == pytest.approx(earned(scenario, alone))
    there = situation(ROBOT, [FIRST, (5.0, 5.0, 0.0, 0.0)], goals=[[0.0, 3.6], [5.0, 5.1]])
    assert earned(scenario, there) == pytest.approx(earned(scenario, alone), abs=1e-9)
    nobody = situation(ROBOT)
    own = float(task_reward(scenario, nobody, nobody.robot + 0.1, nobody.people))
    assert earned(scenario, nobody) == own


def test_others_are_everybody_else() -> None:
    assert others(3) == [[1, 2], [0, 2], [0, 1]]
    assert others(1) == [[]] and others(0) == []
