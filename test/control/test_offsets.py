"""The nearest of what stands around, in all and in each direction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bisirl_ros.control.offsets import SECTORS, clear_of, each_way, nearest, none
from bisirl_ros.core.arrays import Array

places = hnp.arrays(
    float, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-5.0, 5.0, width=32)
)


def test_of_nothing() -> None:
    assert nearest(none()) == (math.inf, (0.0, 0.0))
    assert each_way(none()).shape == (0, 3)
    assert clear_of(none(), np.zeros((2, 2)), 1.0).shape == (0, 2)


def test_by_hand() -> None:
    seen = np.array([[3.0, 4.0], [0.0, -2.0], [1.0, 0.0], [2.0, 0.0]])
    assert nearest(seen) == (1.0, (1.0, 0.0))
    np.testing.assert_allclose(each_way(seen), [[1, 1, 0], [2, 0, -1], [5, 0.6, 0.8]], atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(places)
def test_each_direction_tells_of_its_nearest_and_of_nothing_else(seen: Array) -> None:
    seen = seen[np.hypot(*seen.T) > 1e-3]
    rows = each_way(seen)
    assert len(rows) <= min(SECTORS, len(seen))
    assert (np.diff(rows[:, 0]) >= 0.0).all()
    np.testing.assert_allclose(np.hypot(rows[:, 1], rows[:, 2]), 1.0, atol=1e-9)
    if len(seen):
        assert nearest(seen)[0] == pytest.approx(rows[0, 0])
    far = np.hypot(*seen.T)
    beside = seen @ rows[:, 1:].T >= far[:, None] * math.cos(math.tau / SECTORS) - 1e-9
    assert (beside & (rows[:, 0] <= far[:, None] + 1e-9)).any(1).all()
    told = rows[:, None, :1] * rows[:, None, 1:]
    assert (np.hypot(*(told - seen).transpose(2, 0, 1)) < 1e-9).any(1).all()


@given(places, places)
def test_clear_of_others(seen: Array, others: Array) -> None:
    kept = clear_of(seen, others, 1.5)
    apart = np.hypot(*(seen[:, None] - others).transpose(2, 0, 1)).min(1)
    sure = np.abs(apart - 1.5) > 1e-9
    assert {tuple(p) for p in seen[sure & (apart > 1.5)]} <= {tuple(p) for p in kept}
    assert {tuple(p) for p in kept} <= {tuple(p) for p in seen[~sure | (apart > 1.5)]}
    np.testing.assert_array_equal(clear_of(seen, np.zeros((0, 2)), 1.5), seen)
