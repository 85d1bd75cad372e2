"""An expert of another rationality, before the same solver."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.tabular.population import soft_expert
from bisirl_ros.tabular.rationality import with_rationality

from .conftest import known_game, tensor


def test_another_rationality_changes_the_expert_and_not_what_the_robot_wants() -> None:
    known, solver = known_game(5)
    other, phi, theta = (
        with_rationality(solver, 2.0),
        known.random_phi(np.random.default_rng(0)),
        tensor(known.theta),
    )
    pi_l, response = other.response(phi, theta)
    torch.testing.assert_close(response.pi, soft_expert(known.game, known.table, 2.0)(pi_l))
    torch.testing.assert_close(
        other.game.learner_reward(other.reward.table(theta)),
        known.game.learner_reward(known.table),
    )
