"""What is played has the law that it should have, and is counted right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.tabular.interactions import TabularInteractions, choice_counts, collect
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.response import respond

from .conftest import all_trajectories, small, tensor

EPISODES = 20_000


def assert_frequencies(counts: Array, probability: Array, of: int) -> None:
    """Each count within 5 standard deviations of its binomial; impossible ones never occur."""
    std = np.sqrt(of * probability * (1.0 - probability))
    assert (np.abs(counts - of * probability) <= 5.0 * std + 1e-9).all()


def test_frequencies_are_those_of_all_trajectories() -> None:
    """Where both were, what both did, and which state came after which, at every time."""
    setting = small(1, horizon=3)
    game, pi_l = setting.game, setting.pi_l
    pi_e = torch.from_numpy(np.random.default_rng(0).dirichlet(np.ones(2), size=(3, 3)))
    batch = collect(game, pi_l, pi_e, EPISODES, np.random.default_rng(1))
    assert batch.state.shape == batch.learner.shape == batch.expert.shape == (EPISODES, 3)
    assert len(batch) == 3 * EPISODES
    law, pairs = np.zeros((3, 3, 2, 2)), np.zeros((2, 3, 2, 2, 3))
    for p, steps in all_trajectories(game, pi_l.numpy(), pi_e.numpy()):
        for h, step in enumerate(steps):
            law[(h, *step)] += p
            if h < 2:
                pairs[(h, *step, steps[h + 1][0])] += p
    seen, seen_pairs = np.zeros_like(law), np.zeros_like(pairs)
    for h in range(3):
        now = batch.state[:, h], batch.learner[:, h], batch.expert[:, h]
        np.add.at(seen[h], now, 1)
        if h < 2:
            np.add.at(seen_pairs[h], (*now, batch.state[:, h + 1]), 1)
    assert_frequencies(seen, law, EPISODES)
    assert_frequencies(seen_pairs, pairs, EPISODES)
    counts = choice_counts(game, batch)
    assert counts.shape == (1, 3, 3, 2)
    assert counts[0].numpy() == pytest.approx(seen.sum(2))


def test_without_a_horizon_episodes_go_on_with_probability_gamma() -> None:
    setting = small(2, horizon=None, discount=0.8)
    pi_e = respond(setting.game, setting.pi_l, setting.linear.table(tensor(setting.theta))).pi
    batch = collect(setting.game, setting.pi_l, pi_e, EPISODES, np.random.default_rng(2))
    there = batch.state >= 0
    length = there.sum(1)
    assert length.min() == 1
    assert (there == (np.arange(there.shape[1]) < length[:, None])).all()
    for record in (batch.learner, batch.expert):
        assert ((record >= 0) == there).all() and record[~there].max(initial=-1) == -1
    for h in range(1, 12):
        assert_frequencies(np.array((length > h).sum()), np.array(0.8**h), EPISODES)
    counts = choice_counts(setting.game, batch)
    assert counts.shape == (1, 1, 3, 2)
    assert float(counts.sum()) == len(batch) == length.sum()
    expected = visits(setting.game, setting.pi_l, pi_e)[0]
    per_episode = np.stack([(batch.state == s).sum(1) for s in range(3)], 1)
    spread = per_episode.std(0) / np.sqrt(EPISODES)
    assert (np.abs(per_episode.mean(0) - expected.numpy()) < 5.0 * spread).all()


def test_what_has_no_probability_never_happens() -> None:
    setting = small(3, horizon=4)
    transition = torch.zeros(3, 2, 2, 3, dtype=torch.float64)
    for s in range(3):
        transition[s, ..., (s + 1) % 3] = 1.0
    game = replace(setting.game, transition=transition, initial=torch.tensor([0.0, 1.0, 0.0]))
    pi_l = torch.tensor([[0.0, 1.0]] * 3, dtype=torch.float64)
    pi_e = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]] * 4, dtype=torch.float64)
    batch = collect(game, pi_l, pi_e, 500, np.random.default_rng(3))
    assert (batch.state == [1, 2, 0, 1]).all()
    assert (batch.learner == 1).all()
    assert (batch.expert[:, [0, 3]] == 1).all() and (batch.expert[:, 2] == 0).all()
    assert 150 < batch.expert[:, 1].sum() < 350


def test_counts_are_counts() -> None:
    game = small(0, horizon=3).game
    batch = TabularInteractions(
        state=np.array([[0, 1, 2], [0, 0, -1]]),
        learner=np.array([[1, 1, 0], [0, 0, -1]]),
        expert=np.array([[1, 0, 1], [1, 0, -1]]),
    )
    assert len(batch) == 5
    expected = np.zeros((1, 3, 3, 2))
    for h, s, a_e in ((0, 0, 1), (1, 1, 0), (2, 2, 1), (0, 0, 1), (1, 0, 0)):
        expected[0, h, s, a_e] += 1
    assert (choice_counts(game, batch).numpy() == expected).all()
    pooled = choice_counts(replace(game, horizon=None), batch).numpy()
    assert (pooled == expected.sum(1, keepdims=True)).all()


@pytest.mark.parametrize("horizon", [4, None])
def test_the_same_generator_state_is_the_same_luck(horizon: int | None) -> None:
    """Equal policies play equal games; a policy nearby differs in few of them."""
    setting = small(4, horizon=horizon, n_states=4)
    r_e = setting.linear.table(tensor(setting.theta))

    def play(phi: torch.Tensor, seed: int) -> TabularInteractions:
        pi_l = setting.game.learner_policy(phi)
        pi_e = respond(setting.game, pi_l, r_e).pi
        return collect(setting.game, pi_l, pi_e, 400, np.random.default_rng(seed))

    first, again = play(setting.phi, 5), play(setting.phi, 5)
    near, other = play(setting.phi + 1e-3, 5), play(setting.phi, 6)
    nudged = play(setting.phi + 0.01 * torch.eye(8, dtype=torch.float64)[0], 5)
    for name in ("state", "learner", "expert"):
        assert (getattr(first, name) == getattr(again, name)).all()
        assert (getattr(first, name) == getattr(near, name)).all()  # the same policy
    assert first.state.shape == nudged.state.shape
    assert (first.state != nudged.state).any(1).mean() < 0.05
    assert (
        first.state.shape != other.state.shape or (first.state != other.state).any(1).mean() > 0.5
    )
