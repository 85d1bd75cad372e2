"""Clocks that differ are measured from stamps, and told from messages that are late by chance."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.session.clock import Now
from bisirl_ros.session.lateness import KEPT, Lateness
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.state_input import StateInput
from bisirl_ros.session.tracks import Tracks


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [(0.0, ""), (0.1, ""), (0.3, "0.30 s old or more"), (-0.2, "ahead"), (3600.0, "3600.0")],
)
def test_a_clock_that_differs_is_said_and_delay_is_not(offset_s: float, words: str) -> None:
    rng, lateness = np.random.default_rng(0), Lateness()
    delays = 0.002 + rng.exponential(0.02, 3 * KEPT)
    said = [lateness.hear(s, s - offset_s - d) for s, d in enumerate(delays, start=10)]
    told = {line for line in said if line}
    assert bool(told) == bool(words), told
    assert all(words in line for line in told)
    assert lateness.least_s == pytest.approx(offset_s, abs=0.004)
    assert lateness.median_s == pytest.approx(offset_s + 0.016, abs=0.01)


def test_without_time_or_after_a_jump_nothing_is_known() -> None:
    lateness = Lateness()
    assert not any(lateness.hear(0.0, 5.0) for _ in range(KEPT))
    assert lateness.least_s == np.inf
    for _ in range(KEPT):
        lateness.hear(10.0, 5.0)
    lateness.forget()
    assert lateness.median_s == np.inf


def test_inputs_say_so_even_where_they_refuse_all_of_it() -> None:
    said: list[str] = []
    robot = StateInput("odom", "odom", 0.5, lambda _, line: said.append(line))
    people = Tracks(1.6, 0.5, lambda _, line: said.append(line))
    for i in range(KEPT):
        now = Now(100.0 + 0.1 * i, 5.0 + 0.1 * i)
        assert not robot.accept(np.zeros(6), "odom", now.ros_s - 2.0, now.ros_s, now.steady_s)
        assert (
            people.hear(PersonReport("ann", now.ros_s - 2.0, np.zeros(2), None, None, None), now)
            is None
        )
    for name in ("odom", "people"):
        assert [line for line in said if line.startswith(f"{name}: its stamps are 2.00 s old")]
