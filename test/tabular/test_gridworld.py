"""The grid with two agents: its dynamics and what the person feels about them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.errors import InputError
from bisirl_ros.tabular.gridworld import ACTIONS, FEATURE_NAMES, PERSON, two_agent_gridworld
from bisirl_ros.tabular.solver import TabularSolver

STAY, NORTH, EAST, SOUTH, WEST = range(5)


def feature(name: str, robot: int, person: int, a_l: int, a_e: int, size: int = 4) -> float:
    """Of a step without slips."""
    _, reward = two_agent_gridworld(size, slip=0.0)
    return float(reward.psi[robot * size**2 + person, a_l, a_e, FEATURE_NAMES.index(name)])


def test_sizes_and_names() -> None:
    game, reward = two_agent_gridworld()
    assert tuple(game.transition.shape) == (256, 5, 5, 256)
    assert len(ACTIONS) == game.n_expert_actions == game.n_learner_actions
    assert reward.n_features == len(FEATURE_NAMES) == len(PERSON)
    assert game.transition.dtype == torch.float64


def test_moves_slip_sideways_and_stop_at_walls() -> None:
    game, _ = two_agent_gridworld(4, slip=0.2)
    robot, person = 5, 15
    of_robot = game.transition[robot * 16 + person, :, STAY].view(5, 16, 16)[:, :, person]
    north = {9: 0.8, 4: 0.1, 6: 0.1}
    assert {i: round(float(p), 12) for i, p in enumerate(of_robot[NORTH]) if p > 0} == north
    assert {i: float(p) for i, p in enumerate(of_robot[STAY]) if p > 0} == {5: 1.0}
    of_person = game.transition[robot * 16 + person, STAY].view(5, 16, 16)[:, robot]
    at_the_wall = {15: pytest.approx(0.9), 14: pytest.approx(0.1)}
    assert {i: float(p) for i, p in enumerate(of_person[NORTH]) if p > 0} == at_the_wall


@pytest.mark.parametrize(
    ("robot", "person", "a_l", "a_e", "collides"),
    [
        (0, 1, EAST, WEST, 1.0),  # places swapped
        (0, 2, EAST, WEST, 1.0),  # into the same cell
        (0, 1, STAY, WEST, 1.0),
        (0, 1, EAST, EAST, 0.0),  # one behind the other
        (0, 1, EAST, NORTH, 0.0),
        (3, 3, STAY, STAY, 1.0),
    ],
)
def test_collisions(robot: int, person: int, a_l: int, a_e: int, collides: float) -> None:
    assert feature("collision", robot, person, a_l, a_e) == collides


def test_what_the_person_feels() -> None:
    goal = 12  # the north-west corner
    assert feature("progress", 0, 3, STAY, NORTH) == 1.0
    assert feature("progress", 0, 3, STAY, EAST) == 0.0
    assert feature("progress", 0, goal, STAY, SOUTH) == -1.0
    assert feature("at_goal", 0, goal, STAY, STAY) == feature("at_goal", 0, 8, STAY, NORTH) == 1.0
    assert feature("near_robot", 0, 1, STAY, STAY) == 1.0
    assert feature("near_robot", 0, 1, STAY, EAST) == feature("near_robot", 0, 5, STAY, STAY) == 0.0
    assert feature("effort", 0, 9, STAY, EAST) == 1.0
    assert feature("effort", 0, 9, EAST, STAY) == 0.0
    assert feature("giving_way", 0, 1, EAST, STAY) == 1.0
    assert (
        feature("giving_way", 0, 1, EAST, NORTH) == feature("giving_way", 0, 2, EAST, STAY) == 0.0
    )
    assert feature("giving_way", 8, goal, EAST, STAY) == 0.0


def test_features_are_expected_over_the_slips() -> None:
    """Those of where the step ends: by the transition table, from those of standing there."""
    game, reward = two_agent_gridworld(3, slip=0.3)
    for name in ("at_goal", "near_robot"):
        i = FEATURE_NAMES.index(name)
        standing = reward.psi[:, STAY, STAY, i]
        torch.testing.assert_close(reward.psi[..., i], game.transition @ standing)


def test_all_weights_show_even_when_the_robot_moves_at_random() -> None:
    game, reward = two_agent_gridworld(2, horizon=6)
    information = TabularSolver(game, reward).fisher(
        torch.zeros(16 * 5, dtype=torch.float64), torch.from_numpy(PERSON)
    )
    assert float(torch.linalg.eigvalsh(information)[0]) > 1e-3


def test_starts() -> None:
    initial = two_agent_gridworld(3)[0].initial.view(9, 9)
    assert float(initial.diagonal().sum()) == 0.0
    assert np.unique(initial[~torch.eye(9, dtype=torch.bool)].numpy()).size == 1
    assert float(two_agent_gridworld(3, start=(0, 2))[0].initial.view(9, 9)[0, 2]) == 1.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 1}, "size = 1"),
        ({"slip": 1.5}, "slip = 1.5"),
        ({"start": (0, 16)}, "numbered from 0 to 15"),
    ],
)
def test_refusals(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        two_agent_gridworld(**settings)  # type: ignore[arg-type]
