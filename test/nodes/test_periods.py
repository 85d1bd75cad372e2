"""When a control callback is due, and when it is the last one's again."""

import pytest

from bisirl_ros.nodes.periods import Periods


@pytest.fixture
def periods():
    return Periods(0.05)


def test_nothing_is_due_before_the_first_callback_or_after_a_pause(periods):
    assert not periods.due(10.0)
    periods.tick(10.0)
    periods.pause()
    assert not periods.due(20.0) and not periods.again(20.0)


def test_one_is_due_once_a_period_has_passed(periods):
    periods.tick(10.0)
    assert not periods.due(10.049)
    assert periods.due(10.0501)


def test_one_that_comes_at_once_after_another_is_that_one_again(periods):
    periods.tick(10.0)
    assert periods.again(10.02)
    assert not periods.again(10.03)
