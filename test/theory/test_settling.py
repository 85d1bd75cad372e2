"""The settling experiment at its small scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory import settling
from bisirl_ros.theory.trials import random_case
from bisirl_ros.verify.experiment import Outcome, Setup

PLAN = settling.Plan(2, 500, 4)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    torch.set_num_threads(1)
    return settling.EXPERIMENT.run(Setup(quick=True), lambda line: None)


def test_a_known_reward_is_recovered(outcome: Outcome) -> None:
    assert outcome.holds, outcome.figures
    for game in outcome.figures["games"]:
        assert game["rank"] == game["weights"]
        assert game["cosine"] > 0.999
        assert 0.2 < game["error_over_limit"] < 2.5
        assert 0.0 < game["held_out_excess"] < 20 * game["held_out_limit"]
        assert all(game[key] >= -1e-6 for key in settling.BARS)
    assert outcome.figures["coverage"][2] > 0.95
    assert 0.5 < outcome.figures["error_over_limit_rms"] < 1.5
    for key, (low, high) in outcome.interval.items():
        assert low <= outcome.figures["mean"][key] <= high


def test_a_wrong_reward_misses_the_bar() -> None:
    case = random_case(1)
    trials = {name: case.trials[name] for name in ("training", "dynamics")}
    case = replace(case, trials=trials)
    learned = settling.learn(case, PLAN)
    right = settling.measured(case, learned, PLAN)
    learned.state.theta = np.roll(case.known.theta, 1)
    wrong = settling.measured(case, learned, PLAN)
    assert wrong["starc"] > 10 * right["starc"]
    assert max(wrong[name] for name in trials) > 0.02
    assert wrong["held_out_excess"] > 100 * right["held_out_excess"]


def test_it_can_be_drawn_from_the_outcome_alone(outcome: Outcome) -> None:
    figure, (ax,) = grid("settling", "", 1, 1, (8.0, 3.6))
    settling.EXPERIMENT.draw(replace(outcome, holds=None), ax)
    assert len(png(figure)) > 10_000
    assert len(ax.get_xticks()) == len(settling.BARS)
