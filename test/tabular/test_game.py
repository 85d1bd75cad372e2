"""A game's tables are what they claim to be, or nothing is built of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame

from .conftest import small

GAME = small(0, n_states=4, n_actions=(2, 3)).game


def changed(table: torch.Tensor, where: tuple[int, ...], value: float) -> torch.Tensor:
    table = table.clone()
    table[where] = value
    return table


def negative_row() -> torch.Tensor:
    """A row that sums to one, with a negative entry."""
    row = torch.tensor([1.5, 0.0, 0.0, -0.5], dtype=torch.float64)
    table = GAME.transition.clone()
    table[1, 0, 2] = row
    return table


BAD: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"transition": GAME.transition[..., :3]}, ("transition", "(4, 2, 3, 3)", "(S, A_l, A_e, S)")),
    ({"transition": GAME.transition[0]}, ("transition", "(2, 3, 4)", "(S, A_l, A_e, S)")),
    ({"transition": GAME.transition[:, :, :0]}, ("transition", "(4, 2, 0, 4)")),
    ({"transition": 0.5 * GAME.transition}, ("transition", "(4, 2, 3, 4)", "sum to 1")),
    (
        {"transition": changed(GAME.transition, (1, 0, 2, 3), 9.0)},
        ("transition", "row (1, 0, 2)", "(4, 2, 3, 4)", "sum to 1"),
    ),
    ({"transition": negative_row()}, ("transition", "(1, 0, 2, 3)", "(4, 2, 3, 4)", "negative")),
    (
        {"transition": changed(GAME.transition, (3, 1, 0, 2), float("nan"))},
        ("transition", "(3, 1, 0, 2)", "(4, 2, 3, 4)", "finite"),
    ),
    ({"initial": torch.full((3,), 1 / 3).double()}, ("initial", "(3,)", "(4,)")),
    ({"initial": torch.full((4, 1), 0.25)}, ("initial", "(4, 1)", "(4,)")),
    ({"initial": torch.full((4,), 0.3)}, ("initial", "(4,)", "sum to 1")),
    ({"initial": torch.tensor([1.5, -0.5, 0.0, 0.0])}, ("initial", "(1,)", "(4,)", "negative")),
    ({"initial": torch.tensor([float("nan"), 0.5, 0.5, 0.0])}, ("initial", "(4,)", "finite")),
    ({"task": torch.zeros(4, 3, 2)}, ("task", "(4, 3, 2)", "(4, 2, 3)")),
    ({"task": torch.full((4, 2, 3), float("inf"))}, ("task", "(4, 2, 3)", "finite")),
    ({"discount": 0.0}, ("discount", "0", "(0, 1]")),
    ({"discount": -0.5}, ("discount", "-0.5", "(0, 1]")),
    ({"discount": 1.01}, ("discount", "1.01", "(0, 1]")),
    ({"discount": float("nan")}, ("discount", "nan", "(0, 1]")),
    ({"discount": 1.0, "horizon": None}, ("discount", "horizon")),
    ({"horizon": 0}, ("horizon", "0", "at least 1")),
    ({"horizon": -3}, ("horizon", "-3", "at least 1")),
    ({"kappa": float("nan")}, ("kappa", "nan", "finite")),
]


@pytest.mark.parametrize(("change", "told"), BAD)
def test_bad_tables_are_refused_in_one_line(change: dict[str, Any], told: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as refused:
        replace(GAME, **change)
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith(told[0])
    assert all(part in message for part in told)


def test_what_is_right_passes_in_any_form() -> None:
    """Lists and whole numbers are tables too, and all of them become float64."""
    game = TabularGame([[[[0, 1]]], [[[1, 0]]]], [0.5, 0.5], 1.0, 3)  # type: ignore[arg-type]
    assert game.transition.dtype == game.initial.dtype == torch.float64
    assert game.task is None
    assert (game.n_states, game.n_learner_actions, game.n_expert_actions) == (2, 1, 1)
    assert replace(GAME, discount=1.0, horizon=1).steps == 1


def test_sizes_are_those_of_the_axes() -> None:
    assert (GAME.n_states, GAME.n_learner_actions, GAME.n_expert_actions) == (4, 2, 3)
    assert GAME.steps == 3
    assert replace(GAME, horizon=None).steps == 1


def test_the_policy_is_a_softmax_per_state() -> None:
    phi = np.random.default_rng(1).normal(size=(5, 8))
    pi_l = GAME.learner_policy(torch.from_numpy(phi))
    assert pi_l.shape == (5, 4, 2)
    for b, s, a in np.ndindex(5, 4, 2):
        own, other = phi[b, 2 * s + a], phi[b, 2 * s + 1 - a]
        assert float(pi_l[b, s, a]) == pytest.approx(1.0 / (1.0 + np.exp(other - own)), rel=1e-12)


@pytest.mark.parametrize("kappa", [1.0, 0.0, -0.5])
def test_the_learners_reward_is_its_task_and_a_share_of_the_experts(kappa: float) -> None:
    r_e = torch.from_numpy(np.random.default_rng(2).normal(size=(4, 2, 3)))
    game = replace(GAME, kappa=kappa)
    assert game.task is not None
    assert torch.equal(game.learner_reward(r_e), game.task + kappa * r_e)
    assert torch.equal(replace(game, task=None).learner_reward(r_e), kappa * r_e)


def test_probabilities_in_single_precision_are_accepted() -> None:
    game = TabularGame(GAME.transition.float(), GAME.initial.float(), 0.9, 2)
    assert float((game.transition.sum(-1) - 1.0).abs().max()) < 1e-15
