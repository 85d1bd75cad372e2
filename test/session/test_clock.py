"""The time between commands, as the limits on their change count it."""

from __future__ import annotations

import pytest

from bisirl_ros.session.clock import LONGEST_PERIOD_S, Now, Pace


def test_no_more_time_is_counted_than_has_passed() -> None:
    """A command that comes early, after a late one, may change by less."""
    pace = Pace(0.05, 2.0)
    times = [0.0, 0.05, 0.13, 0.15, 0.151, 0.151, 9.0]
    counted = [pace.since_last(Now(0.0, s)) for s in times]
    passed = [0.05, 0.05, 0.08, 0.02, 0.001, 0.0, LONGEST_PERIOD_S]
    assert counted == pytest.approx([2.0 * s for s in passed])
