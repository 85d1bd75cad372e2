"""A belief over goals sharpens on the true one, and only by what was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.session.clock import Now
from bisirl_ros.session.goals import GoalFilter

from .conftest import Stage, snapshot_of

GOALS = np.array([[-2.6, 3.2], [0.0, 3.6], [2.6, 3.2]])
THETA = np.array([1.5, -3.0, -0.5, -0.4])


@pytest.mark.parametrize("truth", [0, 1, 2])
def test_whoever_walks_to_a_goal_is_believed_to(crossing: Scenario, truth: int) -> None:
    s = Stage(crossing)
    known = replace(
        snapshot_of(crossing),
        identities=("person_0",),
        theta=THETA[None],
        covariance=np.eye(4)[None],
    )
    found = GoalFilter(crossing, InteractionPolicy(crossing.robot))
    found.begin({"person_0": GOALS})
    _, before = found.of(("person_0",))
    np.testing.assert_allclose(before, np.log(1.0 / 3.0))
    way = (GOALS[truth] - s.person[:2]) / np.linalg.norm(GOALS[truth] - s.person[:2])
    s.session.goals = found
    for k in range(8):
        place = np.array([0.0, -3.4]) + 0.48 * k * way
        now = Now(10.0 + 0.4 * k, 10.0 + 0.4 * k)
        s.session.hear_robot(np.array([-2.5, 0, 0, 0, 0, 0.0]), now.ros_s, now)
        s.session.people.forget()
        s.session.hear_person(s.report(position=place, velocity=1.2 * way, stamp_s=now.ros_s), now)
        situation = s.session.situation(now)
        assert situation is not None
        found.watch(situation[0], situation[1], now, known)
    _, belief = found.of(("person_0",))
    assert np.exp(belief[0]).sum() == pytest.approx(1.0)
    assert np.exp(belief[0, truth]) > 0.6


def test_nobody_told_has_the_scenarios_goals(crossing: Scenario) -> None:
    found = GoalFilter(crossing, InteractionPolicy(crossing.robot))
    goals, belief = found.of(("somebody",))
    np.testing.assert_allclose(goals, [[[0.0, 3.6]]])
    np.testing.assert_allclose(belief, [[0.0]])
    goals, belief = found.of(())
    assert goals.shape == (0, 1, 2) and belief.shape == (0, 1)
