"""Solver 5a: its objective, information and slopes, against sums and differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.reward import LinearReward
from bisirl_ros.tabular.solver import TabularSolver

from .conftest import (
    all_trajectories,
    as_batch,
    central,
    looped_response,
    small,
    tensor,
)

W = np.array([0.7, -1.3, 0.4])


@pytest.mark.parametrize("family", ["linear", "network"])
def test_the_objective_is_the_mean_over_all_trajectories(family: str) -> None:
    """Return and entropy of the learner's policy, each decision discounted."""
    setting = small(0, horizon=3, discount=0.8, kappa=-0.6)
    game, (reward, theta) = setting.game, setting.family(family)
    pi_l, r_e = setting.pi_l.numpy(), reward.table(tensor(theta)).numpy()
    pi_e = looped_response(game, pi_l, r_e)[2]
    assert game.task is not None
    value = 0.0
    for p, steps in all_trajectories(game, pi_l, pi_e):
        for h, step in enumerate(steps):
            entropy = -sum(pi_l[step[0]] * np.log(pi_l[step[0]]))
            value += p * 0.8**h * (float(game.task[step]) - 0.6 * r_e[step] + 0.3 * entropy)
    solver = TabularSolver(game, reward, beta_h=0.3)
    assert float(solver.objective(setting.phi, tensor(theta))) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("horizon", [3, None])
def test_policies_together_are_policies_one_by_one(horizon: int | None) -> None:
    setting = small(1, horizon=horizon)
    solver = TabularSolver(setting.game, setting.linear)
    phis = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 6)))
    together = solver.objective(phis, tensor(setting.theta))
    for value, phi in zip(together, phis, strict=True):
        alone = solver.objective(phi, tensor(setting.theta))
        assert float(value) == pytest.approx(float(alone), abs=1e-12)


def test_information_is_that_of_one_episode() -> None:
    """E s s' over all trajectories, s the score of the expert's choices."""
    setting = small(2, horizon=3)
    game, pi_l, theta = setting.game, setting.pi_l.numpy(), setting.theta

    def log_pi(at: Array) -> Array:
        r_e = setting.linear.table(tensor(at)).numpy()
        return np.log(looped_response(game, pi_l, r_e)[2])

    slope, pi_e = central(log_pi, theta), np.exp(log_pi(theta))
    spread = np.zeros((3, 3))
    for p, steps in all_trajectories(game, pi_l, pi_e):
        score = sum(slope[:, h, s, a_e] for h, (s, _, a_e) in enumerate(steps))
        spread += p * np.outer(score, score)
    fisher = TabularSolver(game, setting.linear).fisher(setting.phi, tensor(theta))
    assert fisher.numpy() == pytest.approx(spread, abs=1e-8)


@pytest.mark.parametrize("beta_i", [0.0, 0.5])
@pytest.mark.parametrize("horizon", [3, None])
def test_the_terms_are_the_value_and_its_slopes(horizon: int | None, beta_i: float) -> None:
    setting = small(3, horizon=horizon)
    solver = TabularSolver(setting.game, setting.network, beta_h=0.1)
    theta, rng = setting.theta_network, np.random.default_rng(0)
    evidence = Evidence.start(len(theta), 0.5)

    def terms(phi: Array, at: Array):
        return solver.outer_terms(tensor(phi), at, evidence, [], rng, beta_i)

    phi = setting.phi.numpy()
    ours = terms(phi, theta)
    by_phi = central(lambda x: terms(x, theta).value, phi)
    by_theta = central(lambda x: terms(phi, x).value, theta)
    assert ours.d_phi.numpy() == pytest.approx(by_phi, abs=1e-8)
    assert ours.d_theta == pytest.approx(by_theta, abs=1e-8)


def test_the_likelihood_is_that_of_every_choice_on_record() -> None:
    setting = small(4, horizon=3, discount=0.5)
    batch = as_batch([[(0, 1, 1), (2, 0, 0), (1, 1, 0)], [(0, 0, 1), (0, 0, 0), (2, 1, 1)]])
    r_e = setting.linear.table(tensor(setting.theta)).numpy()
    log_pi = np.log(looped_response(setting.game, setting.pi_l.numpy(), r_e)[2])
    value = sum(
        -log_pi[h, s, a_e]
        for states, chosen in zip(batch.state, batch.expert, strict=True)
        for h, (s, a_e) in enumerate(zip(states, chosen, strict=True))
    )
    likelihood = TabularSolver(setting.game, setting.linear).likelihood(batch, setting.phi)
    assert likelihood.value(setting.theta) == pytest.approx(value, abs=1e-12)


def test_a_reward_of_another_shape_is_refused() -> None:
    setting = small(5, n_states=4, n_actions=(2, 3))
    with pytest.raises(InputError, match=r"^reward: shape \(4, 3, 2\); give \(4, 2, 3\)$"):
        TabularSolver(setting.game, LinearReward(setting.linear.psi.transpose(1, 2)))
