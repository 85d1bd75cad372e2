"""How noisy a tracker is, told or not."""

from __future__ import annotations

import collections
import math

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.person import lagged
from bisirl_ros.tracking.noise import WhiteNoise, third_difference, told

FINE_S = 0.01


def walk(rng: np.random.Generator, decisions: int) -> np.ndarray:
    """States every FINE_S of somebody who changes their mind every 0.4 s."""
    state = torch.tensor([0.0, 0.0, 0.0, 1.0]).double()
    states = []
    for _ in range(decisions):
        angle, speed = rng.normal(0.0, 0.3), rng.normal(1.2, 0.2)
        target = speed * torch.tensor([math.sin(angle), math.cos(angle)]).double()
        for _ in range(40):
            states.append(state.numpy())
            state = lagged(state, target, 0.3, FINE_S)
    return np.array(states)


def estimated(rate: float, std: float, columns: slice, *, jitter: bool = False) -> float:
    rng = np.random.default_rng(3)
    noise = WhiteNoise()
    for episode in range(5):
        states = walk(rng, round(400 / rate / 5 / 0.4 + 1))
        for tick in range(0, len(states), round(1.0 / rate / FINE_S)):
            if jitter and rng.random() < 0.2:
                continue
            if jitter:
                tick = min(max(tick + int(rng.integers(-1, 2)), 0), len(states) - 1)
            value = states[tick, columns] + rng.normal(0.0, std, 2)
            noise.push("a", 100.0 * episode + tick * FINE_S, value)
    assert noise.std is not None
    return noise.std


@pytest.mark.parametrize("rate", [10.0, 25.0])
@pytest.mark.parametrize("std", [0.01, 0.03, 0.05])
def test_positions(rate: float, std: float) -> None:
    assert estimated(rate, std, slice(0, 2)) == pytest.approx(std, rel=0.15)


@pytest.mark.parametrize("rate", [10.0, 25.0])
@pytest.mark.parametrize("std", [0.05, 0.1, 0.2])
def test_velocities(rate: float, std: float) -> None:
    assert estimated(rate, std, slice(2, 4)) == pytest.approx(std, rel=0.15)


@pytest.mark.parametrize("rate", [10.0, 25.0])
def test_exact_positions_show_no_noise(rate: float) -> None:
    assert estimated(rate, 0.0, slice(0, 2)) < 2e-3


def test_gaps_and_jitter_do_no_harm() -> None:
    assert estimated(25.0, 0.02, slice(0, 2), jitter=True) == pytest.approx(0.02, rel=0.15)


def test_third_differences_pass_no_quadratic() -> None:
    times = np.array([0.0, 0.1, 0.13, 0.3])
    weights = third_difference(times)
    assert weights @ np.stack([times**0, times, times**2], -1) == pytest.approx(0.0, abs=1e-12)
    assert np.square(weights).sum() == pytest.approx(1.0)
    even = third_difference(0.04 * np.arange(4.0))
    assert np.abs(even) * math.sqrt(20.0) == pytest.approx([1.0, 3.0, 3.0, 1.0])


def test_too_little_says_nothing_and_time_may_go_back() -> None:
    noise = WhiteNoise()
    for t in (0.0, 0.1, 0.1, 0.05, 0.2, 0.3):
        noise.push("a", t, np.array([t, 0.0]))
    assert noise.std is None
    for i in range(200):
        noise.push("a", -50.0 + 0.1 * i, np.array([i % 2, i % 3], float))
    assert noise.std is not None
    for i in range(200):
        noise.push(f"passer-by {i}", 0.0, np.zeros(2))


def test_only_a_covariance_that_can_be_is_taken() -> None:
    unusable: collections.Counter[str] = collections.Counter()
    good = np.array([[0.04, 0.01], [0.01, 0.09]])
    assert told(good, unusable) == pytest.approx(good)
    assert not unusable
    for kind, value in (
        ("none", None),
        ("not_finite", np.array([[np.nan, 0.0], [0.0, 1.0]])),
        ("negative", -np.eye(2)),
        ("negative", np.array([[-1.0, 0.0], [0.0, 0.0]])),
        ("negative", np.array([[1.0, 2.0], [2.0, 1.0]])),
        ("asymmetric", np.array([[1.0, 0.5], [0.0, 1.0]])),
        ("zero", np.zeros((2, 2))),
        ("shape", np.eye(3)),
    ):
        unusable.clear()
        assert told(value, unusable) is None
        assert unusable == {kind: 1}
    assert told(np.zeros((2, 2)), unusable, zero_is_exact=True) is not None
