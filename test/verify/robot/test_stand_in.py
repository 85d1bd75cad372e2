"""What the stand-in for a learner sends is what it was asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import pack_snapshot, unpack_snapshot
from bisirl_ros.verify.robot.stand_in import GOOD, MOST, NOT_FINITE, OTHER, snapshot

CROSSING = load_scenario("crossing")


def test_a_good_one_is_a_learners_first_and_passes_the_pipe() -> None:
    sent = snapshot(GOOD, CROSSING, 3, 0)
    phi = InteractionPolicy(CROSSING.robot).initial(torch.Generator().manual_seed(3))
    torch.testing.assert_close(sent.phi, phi)
    assert unpack_snapshot(pack_snapshot(sent), "here").features == CROSSING.feature_names


def test_the_most_is_the_top_speed_and_a_turn() -> None:
    policy = InteractionPolicy(CROSSING.robot)
    situation = CROSSING.sample(1, np.random.default_rng(0))
    (twist,) = policy(snapshot(MOST, CROSSING, 0, 1).phi.double(), situation)
    assert twist[0] > 0.99 * CROSSING.robot.max_speed
    assert twist[2] > 0.99 * CROSSING.robot.max_turn_rate


def test_what_must_not_be_sent_is_not_finite_or_of_another_size() -> None:
    with pytest.raises(InputError, match="not finite"):
        unpack_snapshot(pack_snapshot(snapshot(NOT_FINITE, CROSSING, 0, 1)), "here")
    other = snapshot(OTHER, CROSSING, 0, 1)
    assert other.scenario != CROSSING.name
    assert len(other.phi) != InteractionPolicy(CROSSING.robot).size
