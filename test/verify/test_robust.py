"""Intervals where no model is right: what they hold is found by other means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.tabular.population import Population
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.misfit import robust
from bisirl_ros.verify.misfit.encounters import encounters
from bisirl_ros.verify.misfit.experts import AT_RANDOM, EXPERTS, RIGHT, SHORT
from bisirl_ros.verify.misfit.kinds import KINDS
from bisirl_ros.verify.parts import Parts


def a_game() -> tuple[KnownGame, torch.Tensor]:
    known = random_game(np.random.default_rng(0), horizon=5)
    return known, known.game.learner_policy(known.random_phi(np.random.default_rng(1)))


def by(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the model plays, and what an expert of that name does: (T, S, A_e)."""
    known, pi_l = a_game()
    other = EXPERTS[name](known, np.random.default_rng(2))
    return known.expert(pi_l), other.expert(pi_l)


def test_a_short_sighted_expert_cares_for_what_comes_next_alone() -> None:
    right, near = by(SHORT)
    assert near.shape == right.shape
    assert torch.allclose(near[0], right[-2])  # two decisions to go
    assert torch.allclose(near[0], near[-1]) and not torch.allclose(near[0], right[0])


@pytest.mark.parametrize("name", [name for name in EXPERTS if name != RIGHT])
def test_every_other_expert_plays_something_else(name: str) -> None:
    right, other = by(name)
    assert torch.allclose(other.sum(-1), torch.ones(()).double())
    assert (right - other).abs().mean() > 0.01


def test_one_action_in_ten_is_drawn_at_random() -> None:
    right, other = by("one action in ten at random")
    assert float(other.min()) >= AT_RANDOM / 3
    assert torch.allclose(other - AT_RANDOM / 3, (1.0 - AT_RANDOM) * right)


def test_whoever_believes_in_another_robot_does_not_answer_this_one() -> None:
    known, pi_l = a_game()
    other = EXPERTS["believes in another robot"](known, np.random.default_rng(2))
    assert torch.allclose(other.expert(pi_l), other.expert(pi_l.flip(-1)))
    assert not torch.allclose(known.expert(pi_l), known.expert(pi_l.flip(-1)))


def test_the_sum_over_policies_is_that_of_each() -> None:
    known, _ = a_game()
    population = Population(TabularSolver(known.game, known.reward), known.expert, 1e-9)
    rng = np.random.default_rng(3)
    phis, theta = torch.stack([known.random_phi(rng) for _ in range(3)]), rng.normal(size=8)
    each = sum(population.objective(phi).value(theta) for phi in phis)
    assert population.objective(phis).value(theta) == pytest.approx(each, rel=1e-6)


def test_of_the_model_the_best_weights_are_the_true_ones() -> None:
    found = robust.of_game(RIGHT, 4, 1)
    truth = random_game(np.random.default_rng(4), horizon=5).theta
    assert found["best"]["theta"] == pytest.approx(truth.tolist(), abs=1e-3)
    assert max(found["best"]["robust"]) < 1e-3
    other = robust.of_game("weighs a feature left out", 4, 1)["best"]
    assert max(other["robust"]) > 1e-3, "which weights are best depends on the policies met"


def test_the_same_person_is_met_in_other_ways() -> None:
    one, other = (encounters("ORCA", seed, 2, 1, who=0) for seed in (0, 1))
    assert (one.theta == other.theta).all()
    assert not torch.equal(one.lived[0][1], other.lived[0][1])
    assert not torch.equal(one.lived[0][1], one.lived[1][1]), "a policy for each episode"
    assert (encounters("ORCA", 1, 2, 1).theta != one.theta).any()


def test_a_share_is_of_intervals_that_hold_the_best_weights() -> None:
    rows = [
        {"theta": [0.0, 0.0], "robust": [1.0, 1.0], "laplace": [0.1, 0.1]},
        {"theta": [2.5, 0.0], "robust": [1.0, 1.0], "laplace": [0.1, 0.1]},
    ]
    found = robust.coverage(rows, {"theta": [0.5, 0.0], "robust": [0.2, 0.1]})
    assert found.pop("held") == [1.0, 0.5]
    assert found == {"robust": 0.75, "laplace": 0.5, "own": pytest.approx(0.2)}


class Given(Parts):
    """Intervals of a kind that hold nothing, of all others everything."""

    def __init__(self, missed: str) -> None:
        self._missed = missed

    def measure(self, run: Any, wanted: Any, say: Any) -> dict[str, Any]:
        off = {name: 9.0 * name.startswith(self._missed + ",") for name in wanted}
        of = {name: {"theta": [by], "robust": [1.0], "laplace": [0.5]} for name, by in off.items()}
        if run is robust.of_many:
            return {name: row | {"theta": [0.0]} for name, row in of.items()}
        best = {"theta": [0.0], "robust": [0.0]}
        game = run is robust.of_game
        return {n: {"rows": [row], "best": best} if game else row for n, row in of.items()}


@pytest.mark.parametrize("missed", ["nobody", *KINDS, *EXPERTS])
def test_intervals_have_to_hold_in_every_row(missed: str) -> None:
    found = robust.measure(Setup(parts=Given(missed)), lambda line: None)
    rows = [key for key in (missed, f"game: {missed}") if key in found.figures["kinds"]]
    assert found.figures["missed"] == rows and found.holds is (missed == "nobody")
