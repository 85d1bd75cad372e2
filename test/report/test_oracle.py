"""The comparison with the oracle: the same luck for all, and worse for who drives worse."""

from __future__ import annotations

import multiprocessing
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.report import oracle
from bisirl_ros.report.oracle import Planner, compare, mean_return

THETA = np.array([[1.5, -3.0, -0.5, -0.4], [1.2, -2.0, -0.5, -0.4]])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As the programs do."""
    torch.set_num_threads(1)


def test_a_policy_that_stands_earns_less_and_the_luck_is_the_same() -> None:
    scenario = replace(load_scenario("crossing", 2), time_limit_s=3.2)
    policy = InteractionPolicy(scenario.robot)
    phi = policy.initial(torch.Generator().manual_seed(0))
    stands = phi.clone()
    stands[-2] = -9.0
    driven = mean_return(scenario, phi, THETA, episodes=16)
    assert driven == mean_return(scenario, phi, THETA, episodes=16)
    assert driven > mean_return(scenario, stands, THETA, episodes=16) + 1.0


def test_without_updates_the_oracle_is_the_first_policy() -> None:
    scenario = replace(load_scenario("crossing", 1), time_limit_s=1.6)
    planner = Planner(scenario, 0, LoopConfig(), 3, "cpu")
    found = compare(planner, THETA[:1], [planner.untrained])
    assert found is not None and found.late_return == found.oracle_return
    assert set(found.others.values()) == {found.late_return}


def test_a_comparison_that_is_stopped_ends_at_once_and_tells_nothing() -> None:
    planner = Planner(load_scenario("crossing", 1), 10_000, LoopConfig(), 3, "cpu")
    asked = iter([True] * 30)
    assert compare(planner, THETA[:1], [planner.untrained], lambda: next(asked, False)) is None
    assert not multiprocessing.active_children()


def test_a_comparison_whose_processes_are_killed_says_so_and_leaves_none() -> None:
    planner = Planner(load_scenario("crossing", 1), 10_000, LoopConfig(), 3, "cpu")
    asked = iter(range(10))

    def go_on() -> bool:
        if next(asked) == 9:
            for worker in multiprocessing.active_children():
                worker.kill()
        return True

    with pytest.raises(BrokenProcessPool):
        compare(planner, THETA[:1], [planner.untrained], go_on)
    assert not multiprocessing.active_children()


def test_a_plan_is_checked_by_no_more_episodes_than_are_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is one that was never checked; the rest is as the learner has it."""
    asked: list[LoopConfig] = []
    monkeypatch.setattr(oracle, "oracle_policy", lambda *given: asked.append(given[2]))
    for checked in (512, 64, 0):
        settings = LoopConfig(checked_episodes=checked)
        planner = Planner(load_scenario("crossing", 1), 8, settings, 3, "cpu")
        planner.plan((THETA[:1], Through.MEAN), lambda: True)
    assert [one.checked_episodes for one in asked] == [oracle.EPISODES, 64, 0]
    assert asked[0] == LoopConfig(checked_episodes=oracle.EPISODES)
