"""Ranks of what policies show, quickly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from bisirl_ros.theory.identifiability import EXPECTED, EXPERIMENT, spectrum
from bisirl_ros.theory.random_games import random_game
from bisirl_ros.verify.experiment import Outcome, Setup


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True), lambda line: None)


def test_each_policy_shows_sixteen_more_until_shaping_is_left(outcome: Outcome) -> None:
    assert outcome.holds
    assert outcome.figures["rank"] == EXPECTED
    assert outcome.figures["largest_unidentified"] < 1e-13
    assert outcome.figures["least_identified"] > 1e-8
    assert outcome.figures["reported_agrees"] > 0.8


def test_another_shape_has_another_rank() -> None:
    """S (A_e - 1) a policy, up to S A_l A_e - S."""
    rng = np.random.default_rng(0)
    known = random_game(rng, n_states=4, n_actions=(2, 3))
    found = spectrum(known, [known.random_phi(rng) for _ in range(4)])
    assert found["rank"] == [8, 16, 20, 20]
    assert found["reported"] == found["rank"]


def test_policies_that_differ_in_one_state_only_show_less() -> None:
    rng = np.random.default_rng(0)
    known = random_game(rng)
    first = known.random_phi(rng)
    second = first.clone()
    second[:3] += torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64)
    assert spectrum(known, [first, second])["rank"][1] < EXPECTED[1]


def test_it_can_be_drawn(outcome: Outcome) -> None:
    ax = Figure().add_subplot()
    EXPERIMENT.draw(outcome, ax)
    assert ax.get_yscale() == "log"
    assert len(ax.get_legend_handles_labels()[1]) == len(EXPECTED) + 1
