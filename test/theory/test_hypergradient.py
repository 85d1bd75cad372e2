"""The estimates of the hypergradient, quickly."""

from __future__ import annotations

import pytest
import torch
from matplotlib.figure import Figure

from bisirl_ros.theory.hypergradient import EXPERIMENT
from bisirl_ros.verify.experiment import Outcome, Setup

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True), lambda line: None)


def test_the_estimates_agree_with_their_referees(outcome: Outcome) -> None:
    assert outcome.holds
    assert len(outcome.figures["games"]) == 4 * len(outcome.seeds)
    assert 0.0 < outcome.figures["implicit_worst"] < 1e-7
    assert 1.0 < outcome.figures["condition_worst"] < 1e4


def test_what_is_left_out_is_missed(outcome: Outcome) -> None:
    """The second term matters where the model is wrong; the two frozen pieces always do."""
    right, wrong = (outcome.figures[f"median_when_{which}"] for which in ("right", "wrong"))
    assert right["first_order"] < 0.05 < wrong["first_order"]
    for medians in (right, wrong):
        assert medians["frozen_batch"] > 0.1
        assert medians["frozen_expert"] > 0.1
        assert medians["cg"][0] > medians["cg"][1] > medians["cg"][2]
        assert medians["neumann"][0] > medians["neumann"][1] > medians["neumann"][2]


def test_eight_steps_do_not_solve_an_ill_conditioned_system_and_a_hundred_do(
    outcome: Outcome,
) -> None:
    worst = max(outcome.figures["unequal_features"], key=lambda found: found["condition"])
    assert worst["condition"] > 1e4
    assert worst["cg_8"] > 1e-4
    assert worst["cg_100"] < 1e-8


def test_it_can_be_drawn(outcome: Outcome) -> None:
    ax = Figure().add_subplot()
    EXPERIMENT.draw(outcome, ax)
    assert len(ax.get_xticklabels()) == 13
