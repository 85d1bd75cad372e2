"""Which pose a command rests on is read off its turn, whatever the phases are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.verify.robot.latency import HEADS_RAD, judged, missed, quantiles, took_s


def played(
    period_s: float, own_s: float, seed: int, count: int = 200
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]], np.ndarray]:
    """Commands at a fixed rate of a robot that turns against its heading, no faster than it may.

    own_s: from a tick to its command, and from a pose to where it can be used [s]
    Returns times, turn rates, headings, and how long each pose really took.
    """
    rng = np.random.default_rng(seed)
    sent = np.cumsum(rng.uniform(0.03, 0.07, count))
    told = [(float(t), HEADS_RAD * (-1.0) ** i) for i, t in enumerate(sent)]
    ticks = np.arange(rng.uniform(0.0, period_s), sent[-1], period_s)
    turn, turns, used = 0.0, [], []
    for tick in ticks:
        newest = int(np.searchsorted(sent + own_s, tick, side="right")) - 1
        wish = 0.0 if newest < 0 else -0.57 * np.sign(told[newest][1])
        turn += float(np.clip(wish - turn, -4.0 * period_s, 4.0 * period_s))
        turns.append(turn)
        used.append(newest)
    times = ticks + own_s
    first = np.searchsorted(np.array(used), np.arange(count))
    seen = (first < len(times)) & (first > 1)
    return times, np.array(turns), told, times[first[seen]] - sent[seen]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([0.02, 0.05]), st.floats(0.0005, 0.01), st.integers(0, 2**31))
def test_each_pose_is_found_to_take_as_long_as_it_does(
    period_s: float, own_s: float, seed: int
) -> None:
    times, turns, told, truth = played(period_s, own_s, seed)
    found = took_s(times, turns, told)
    assert len(found) > 100
    np.testing.assert_allclose(found[-100:], truth[-100:], atol=1e-9)


def test_what_is_beyond_the_wait_is_the_nodes_own() -> None:
    """A pose's time is the wait for a tick, which is even, and what the node takes."""
    period_s, own_s = 0.05, 0.003
    took = np.concatenate([took_s(*played(period_s, own_s, seed, 600)[:3]) for seed in range(4)])
    beyond = quantiles(took)["p99"] - 0.99 * period_s
    assert beyond == pytest.approx(2.0 * own_s, abs=0.0015)


def row(**more: object) -> dict[str, object]:
    """A cell in which all is well."""
    well = {"p50": 0.0, "p99": 0.05, "max": 0.1}
    of = {"rate_hz": 20.0, "training": True, "busy": 0.8, "poses": 10, "beyond_ms": well}
    return {**of, "period_error": well, **more}


def test_a_cell_misses_by_its_period_its_latency_or_an_idle_learner() -> None:
    late = {"p50": 0.0, "p99": 0.15, "max": 0.2}
    assert missed(row()) == []
    assert "period error p99 15%" in missed(row(period_error=late))[0]
    assert missed(row(period_error=late, rate_hz=50.0)) == []
    assert "beyond the wait" in missed(row(beyond_ms={"p99": 12.0}))[0]
    assert "trained for 10%" in missed(row(busy=0.1))[0]
    assert missed(row(busy=0.1, training=False)) == []
    assert not judged({"a": row(), "b": row(busy=0.1)}, 0, quick=False).holds
    assert judged({"b": row(busy=0.1)}, 0, quick=True).holds
    broken = {"rate_hz": 20.0, "training": True, "failed": "the robot does not drive"}
    assert judged({"a": broken}, 0, quick=True).holds is False
