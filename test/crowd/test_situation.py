"""Situations as values: people absent, no people, parts of a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import AWAY_M

from .conftest import situation

ROBOT = (0.0, 0.0, 0.0, 0.5, 0.0, 0.0)


def test_whoever_is_absent_is_seen_far_away_and_at_rest() -> None:
    now = situation(ROBOT, [[1.0, 1.0, 0.5, 0.5], [2.0, 2.0, 0.5, 0.5]])
    here = replace(now, present=torch.tensor([[True, False]]))
    assert here.seen[0, 0].tolist() == [1.0, 1.0, 0.5, 0.5]
    assert here.seen[0, 1].tolist() == [AWAY_M, AWAY_M, 0.0, 0.0]
    assert here.people[0, 1].tolist() == [2.0, 2.0, 0.5, 0.5]  # nothing is lost


def test_nobody_there_is_a_situation() -> None:
    alone = situation(ROBOT)
    assert alone.count == 0 and len(alone) == 1
    assert alone.seen.shape == (1, 0, 4) and alone.aims.likeliest.shape == (1, 0, 2)
    assert alone.to("cpu", torch.float32).robot.dtype == torch.float32


def test_parts_of_a_batch_keep_everything_together(crossing: Scenario) -> None:
    many = replace(crossing, people=2).sample(6, np.random.default_rng(0))
    some = many.chosen(torch.tensor([4, 1]))
    assert len(some) == 2 and some.count == 2
    assert torch.equal(some.robot[1], many.robot[1])
    assert torch.equal(some.people[0], many.people[4])
    assert torch.equal(some.aims.route[0], many.aims.route[4])
    assert len(many.chosen(slice(0, -1))) == 5


def test_another_precision_changes_all_numbers_and_no_truth_values(crossing: Scenario) -> None:
    single = crossing.sample(3, np.random.default_rng(0)).to("cpu", torch.float32)
    numbers = (single.robot, single.people, single.aims.route, single.aims.goals)
    assert all(v.dtype == torch.float32 for v in (*numbers, single.aims.log_belief))
    assert single.room.walls.dtype == torch.float32 and single.present.dtype == torch.bool
