"""Solver 5a's cross derivative from recorded batches, against sums and differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.interactions import TabularInteractions, collect
from bisirl_ros.tabular.population import Population
from bisirl_ros.tabular.response import respond
from bisirl_ros.tabular.reward import LinearReward, Reward
from bisirl_ros.tabular.solver import TabularSolver

from .conftest import (
    Small,
    all_trajectories,
    as_batch,
    central,
    small,
    tensor,
)

W = np.array([0.7, -1.3, 0.4])


@dataclass(frozen=True)
class Model:
    """The model at (phi, theta) as tables, and their slopes in phi by central differences.

    cost: (T, S, A_e) is - w . d log pi_e / d theta; slopes have phi's axis first
    """

    cost: Array
    cost_slope: Array
    score_l: Array
    score_e: Array

    @staticmethod
    def of(game: TabularGame, reward: Reward, phi: Array, theta: Array, w: Array) -> Model:
        def log_pi_e(x: Array, at: Array) -> Array:
            pi_l = game.learner_policy(tensor(x))
            return respond(game, pi_l, reward.table(tensor(at))).log_pi.numpy()

        def cost(x: Array) -> Array:
            def at(t: Array) -> Array:
                return log_pi_e(x, theta + t[0] * w)

            near, far = (central(at, np.zeros(1), step)[0] for step in (1e-3, 2e-3))
            return -(4.0 * near - far) / 3.0

        return Model(
            cost(phi),
            central(cost, phi, 1e-4),
            central(lambda x: game.learner_policy(tensor(x)).log().numpy(), phi),
            central(lambda x: log_pi_e(x, theta), phi),
        )

    def estimate(self, batch: TabularInteractions, of_model: float = 1.0) -> Array:
        """Mean over a batch of slope of the cost, and score times what its cost to go exceeds.

        It exceeds the other episodes' mean at that step; of_model: share of the expert's score
        """
        n, steps = batch.state.shape
        last = len(self.cost) - 1
        cost, score = np.zeros((n, steps)), np.zeros((n, steps, len(self.score_l)))
        slope = np.zeros(len(self.score_l))
        for i, h in np.argwhere(batch.state >= 0):
            s, a_l, a_e = batch.state[i, h], batch.learner[i, h], batch.expert[i, h]
            when = min(h, last)
            cost[i, h] = self.cost[when, s, a_e]
            slope += self.cost_slope[:, when, s, a_e] / n
            score[i, h] = self.score_l[:, s, a_l] + of_model * self.score_e[:, when, s, a_e]
        to_go = np.cumsum(cost[:, ::-1], 1)[:, ::-1]
        others = (to_go.sum(0) - to_go) / (n - 1)
        return slope + np.einsum("nh,nhm->m", to_go - others, score) / n


def pulled_back(
    solver: TabularSolver, phi: Tensor, theta: Array, recent: list[TabularInteractions], w: Array
) -> Array:
    """(2, m)."""
    evidence = Evidence.start(solver.n_features, 1.0)
    terms = solver.outer_terms(phi, theta, evidence, recent, np.random.default_rng(0))
    return terms.pull_back(w).numpy()


@pytest.mark.parametrize("horizon", [3, None])
def test_each_half_of_the_episodes_gives_its_own_estimate(horizon: int | None) -> None:
    """Summed over a batch, averaged over batches; episodes may differ in length."""
    setting = small(6, horizon=horizon, discount=0.7)
    game, solver = setting.game, TabularSolver(setting.game, setting.linear)
    pi_e = respond(game, setting.pi_l, setting.linear.table(tensor(setting.theta))).pi
    rng = np.random.default_rng(1)
    recent = [collect(game, setting.pi_l, pi_e, count, rng) for count in (6, 11)]
    theta = setting.theta + 0.5  # what the data do not say
    model = Model.of(game, setting.linear, setting.phi.numpy(), theta, W)
    halves = pulled_back(solver, setting.phi, theta, recent, W)
    for half in range(2):
        parts = [
            TabularInteractions(b.state[half::2], b.learner[half::2], b.expert[half::2])
            for b in recent
        ]
        each = [2 * len(part.state) * model.estimate(part) for part in parts]
        expected = np.mean(each, 0)
        assert halves[half] == pytest.approx(expected, abs=1e-5)


def quarters(setting: Small, horizon: int) -> tuple[TabularGame, Tensor, Array]:
    """A game, phi and expert's law of probabilities in quarters: all trajectories are a batch."""
    rng = np.random.default_rng(7)

    def rows(*shape: int) -> Array:
        p = rng.integers(1, 4, size=shape) / 4.0
        return np.stack([p, 1.0 - p], -1)

    game = TabularGame(
        tensor(rows(2, 2, 2)), tensor(np.array([0.5, 0.5])), 0.9, horizon, setting.game.task
    )
    return game, tensor(np.log(rows(2)).ravel()), rows(horizon, 2)


def every_trajectory(game: TabularGame, phi: Tensor, pi_e: Array) -> TabularInteractions:
    """Each as often as it is likely, 2 * 4^5 in all, in two equal halves taken in turns."""
    listed = []
    for p, steps in all_trajectories(game, game.learner_policy(phi).numpy(), pi_e):
        times = p * 2 * 4**5
        assert times == pytest.approx(round(times), abs=1e-6)
        listed += 2 * round(times) * [steps]
    return as_batch(listed)


def test_in_expectation_it_vanishes_where_the_model_is_right() -> None:
    """All trajectories of a game: frozen data have a slope, which the shift of the data cancels.

    Subtracting the other episodes' mean leaves n / (n - 1) of the shift, n episodes in a half.
    """
    setting = small(8, horizon=2, n_states=2)
    game, phi, pi_e = quarters(setting, 2)
    reward, law, rng = LinearReward.table_of(game), pi_e[[0, 0]], np.random.default_rng(2)
    other = game.learner_policy(phi).numpy()[:, ::-1, None] * rng.normal(size=(2, 1, 2))
    off = other * np.array([1.0, -1.0])[:, None]  # the expert does mind what the learner does,
    theta = (np.log(law[0])[:, None] + off).ravel()  # but on average Q = log pi_e and V = 0
    ours = respond(game, game.learner_policy(phi), reward.table(tensor(theta))).pi.numpy()
    assert ours == pytest.approx(law, abs=1e-12)
    w = rng.normal(size=8)
    batch = every_trajectory(game, phi, law)
    episodes = len(batch.state)
    model = Model.of(game, reward, phi.numpy(), theta, w)
    frozen = sum(
        model.cost_slope[:, h, s, a_e] / episodes
        for states, chosen in zip(batch.state, batch.expert, strict=True)
        for h, (s, a_e) in enumerate(zip(states, chosen, strict=True))
    )
    assert np.linalg.norm(frozen) > 0.01
    halves = pulled_back(TabularSolver(game, reward), phi, theta, [batch], w) / episodes
    for half in halves:
        assert half == pytest.approx(-frozen / (episodes / 2 - 1), abs=1e-8)


def test_where_the_model_is_wrong_the_data_shift_with_the_models_score() -> None:
    """The expert ignores the learner, which the model does not know.

    The exact derivative, from the population, has the score of the expert's own law, here none;
    the estimate has the model's. What they differ by is the covariance of the model's score with
    the cost to go, under the expert's law.
    """
    setting = small(9, horizon=2, n_states=2)
    game, phi, law = quarters(setting, 2)
    solver = TabularSolver(game, setting.linear)
    population = Population(solver, lambda pi_l: tensor(law), 0.1)
    terms, theta = population.outer_terms(phi)
    exact = terms.pull_back(W)[0].numpy()
    batch = every_trajectory(game, phi, law)
    episodes = len(batch.state)
    model = Model.of(game, setting.linear, phi.numpy(), theta, W)
    # All episodes at once, so that n / (n - 1) is nearly 1: the exact derivative up to 1 / n.
    assert model.estimate(batch, of_model=0.0) == pytest.approx(exact, rel=2.0 / episodes, abs=1e-6)
    halves = pulled_back(solver, phi, theta, [batch], W) / episodes
    assert halves[0] == pytest.approx(halves[1], abs=1e-12)
    assert halves[0] == pytest.approx(model.estimate(batch), rel=3.0 / episodes, abs=1e-6)
    assert np.linalg.norm(halves[0] - exact) > 0.05 * np.linalg.norm(exact)


def test_sampled_batches_agree_with_it_on_average() -> None:
    """Without a horizon, from a right model: 0 within five standard errors, which are small."""
    setting = small(10, horizon=None, discount=0.6)
    game, solver = setting.game, TabularSolver(setting.game, setting.linear)
    pi_e = respond(game, setting.pi_l, setting.linear.table(tensor(setting.theta))).pi
    rng = np.random.default_rng(3)
    draws = []
    for _ in range(150):
        batch = collect(game, setting.pi_l, pi_e, 40, rng)
        draws.append(pulled_back(solver, setting.phi, setting.theta, [batch], W).mean(0) / 40)
    mean, error = np.mean(draws, 0), np.std(draws, 0) / np.sqrt(len(draws))
    assert (np.abs(mean) < 5.0 * error).all()
    model = Model.of(game, setting.linear, setting.phi.numpy(), setting.theta, W)
    many = collect(game, setting.pi_l, pi_e, 4000, rng)
    there = many.state >= 0
    frozen = model.cost_slope[:, 0, many.state[there], many.expert[there]].sum(-1) / 4000
    assert (np.abs(frozen) > 10.0 * error).any()


def test_batches_of_one_episode_give_two_estimates_too() -> None:
    setting = small(11, horizon=3)
    pi_e = respond(setting.game, setting.pi_l, setting.linear.table(tensor(setting.theta))).pi
    rng = np.random.default_rng(4)
    recent = [collect(setting.game, setting.pi_l, pi_e, 1, rng) for _ in range(20)]
    solver = TabularSolver(setting.game, setting.linear)
    halves = pulled_back(solver, setting.phi, setting.theta + 0.5, recent, W)
    assert np.linalg.norm(halves, axis=1).min() > 0.0


@pytest.mark.parametrize("episodes", [0, 1])
def test_fewer_than_two_episodes_say_nothing_on_one_side(episodes: int) -> None:
    setting = small(11, horizon=3)
    pi_e = respond(setting.game, setting.pi_l, setting.linear.table(tensor(setting.theta))).pi
    rng = np.random.default_rng(4)
    recent = [collect(setting.game, setting.pi_l, pi_e, 1, rng) for _ in range(episodes)]
    solver = TabularSolver(setting.game, setting.linear)
    halves = pulled_back(solver, setting.phi, setting.theta, recent, W)
    assert np.isfinite(halves).all() and not halves[episodes:].any()


def test_a_policy_without_chance_has_finite_terms() -> None:
    setting = small(12, horizon=3)
    phi = tensor(np.tile([800.0, 0.0], 3))
    pi_l = setting.game.learner_policy(phi)
    pi_e = respond(setting.game, pi_l, setting.linear.table(tensor(setting.theta))).pi
    batch = collect(setting.game, pi_l, pi_e, 6, np.random.default_rng(5))
    solver = TabularSolver(setting.game, setting.linear)
    assert np.isfinite(pulled_back(solver, phi, setting.theta, [batch], W)).all()
