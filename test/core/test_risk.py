"""What a policy is judged by: on average, or by its worst episodes."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.risk import CVAR, ESTIMATE, MEAN, WORST, worth


def worst(returns: np.ndarray) -> float:
    return float(np.sort(returns)[: round(WORST * len(returns))].mean())


def test_the_average_is_of_all_episodes() -> None:
    returns = np.arange(8.0)
    for risk in (ESTIMATE, MEAN):
        assert worth(returns, returns[::-1], risk) is returns


def test_the_rival_has_the_mean_of_its_worst_quarter_and_others_no_more_than_theirs() -> None:
    rng = np.random.default_rng(0)
    rival, other = rng.normal(size=4000), rng.normal(0.3, 2.0, 4000)
    assert worth(rival, rival, CVAR).mean() == pytest.approx(worst(rival), abs=2e-3)
    assert worth(other, rival, CVAR).mean() <= worst(other) + 1e-9
    assert worth(other, rival, MEAN).mean() > rival.mean()
    assert worth(other, rival, CVAR).mean() < worst(rival), "better on average, worse at worst"
