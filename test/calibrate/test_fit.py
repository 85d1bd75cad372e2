"""Drives that are known, found again; what cannot be told, said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bisirl_ros.calibrate.column import ColumnFit, Figure
from bisirl_ros.calibrate.driving import Driving
from bisirl_ros.calibrate.fit import DriveFit, fit_drive
from bisirl_ros.calibrate.response import NO_LIMIT, Held, Law, response
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.errors import InputError

from .conftest import DEAD_TIME_S, Drive, driven

TRUTHS = {
    "differential": Robot(lag_s=0.2, max_acceleration=1.0, max_turn_acceleration=2.0),
    "omni": Robot(drive="omni", lag_s=0.1, max_acceleration=0.6, max_speed=0.5),
    "ackermann": Robot(
        drive="ackermann", lag_s=0.15, max_acceleration=1.0, max_turn_acceleration=1.5
    ),
    "saturating": Robot(lag_s=0.2, max_acceleration=1.0, max_turn_acceleration=2.0, max_speed=0.3),
    "agile": Robot(lag_s=0.3, max_acceleration=20.0, max_turn_acceleration=50.0),
    "sudden": Robot(lag_s=0.01, max_acceleration=0.7, max_turn_acceleration=2.0),
}


@cache
def drive(name: str, duration_s: float) -> Drive:
    truth = TRUTHS[name]
    return driven(truth, duration_s, replace(truth, max_speed=1.0))


def near(figure: Figure, truth: float, least: float = 0.01) -> bool:
    """Within four standard errors, or within `least` of it as a share."""
    return not figure.bound and abs(figure.value - truth) < max(4.0 * figure.se, least * truth)


def forwards(driving: Driving, base: Robot) -> ColumnFit:
    """The fit of vx alone: as of a robot that was not turned."""
    straight = replace(driving, command=driving.command * [1.0, 0.0, 0.0])
    return fit_drive(straight, base).columns["vx"]


def test_forwards_of_a_short_drive_is_found() -> None:
    truth = TRUTHS["differential"]
    found = forwards(drive("differential", 16.0).heard(30.0, 0.02), Robot())
    assert near(found.lag_s, 0.2) and near(found.limit, 1.0)
    assert near(found.dead_time_s, DEAD_TIME_S)
    assert found.lag_s.se < 0.01 and found.limit.se < 0.02 and found.dead_time_s.se < 0.005
    assert found.top.bound == "at least" and 0.5 < found.top.value < truth.max_speed
    assert found.noise == pytest.approx(0.02, rel=0.2) and found.correlation > 0.99


@pytest.mark.slow
@pytest.mark.parametrize("name", ["differential", "omni", "ackermann"])
@pytest.mark.parametrize("rate_hz", [10.0, 50.0])
def test_every_column_of_a_drive_is_found(name: str, rate_hz: float) -> None:
    truth = TRUTHS[name]
    fit = fit_drive(drive(name, 30.0).heard(rate_hz, 0.02), Robot(drive=truth.drive))
    assert len(fit.columns) == len(truth.columns) and fit.findings == ()
    for column, found in fit.columns.items():
        limit = truth.max_turn_acceleration if column == "wz" else truth.max_acceleration
        assert near(found.lag_s, truth.lag_s) and near(found.limit, limit)
        assert near(found.dead_time_s, DEAD_TIME_S)
    robot = fit.robot(Robot(drive=truth.drive))
    assert robot.lag_s == pytest.approx(truth.lag_s + DEAD_TIME_S, abs=0.03)
    assert robot.max_acceleration == pytest.approx(truth.max_acceleration, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["differential", "ackermann"])
def test_poses_do_as_well_as_velocities(name: str) -> None:
    truth, known = TRUTHS[name], drive(name, 30.0)
    at = np.arange(0.0, known.command_time[-1], 0.02)
    noise = np.random.default_rng(0).normal(0.0, 0.001, (len(at), 3))
    driving = Driving.from_poses(
        known.command_time, known.command, at, known.seen(at)[:, :3] + noise
    )
    for found in fit_drive(driving, truth).columns.values():
        assert near(found.lag_s, truth.lag_s) and near(found.dead_time_s, DEAD_TIME_S)


@pytest.mark.slow
def test_standard_errors_cover() -> None:
    """Of 50 drives with other noise: about two thirds within one, nearly all within two."""
    known, off = drive("differential", 16.0), []
    for seed in range(50):
        fit = fit_drive(known.heard(30.0, 0.02, seed), Robot())
        for column, limit in (("vx", 1.0), ("wz", 2.0)):
            found = fit.columns[column]
            truths = ((found.lag_s, 0.2), (found.dead_time_s, DEAD_TIME_S), (found.limit, limit))
            off += [(f.value - truth) / f.se for f, truth in truths]
    size = np.abs(off)
    assert 0.55 < np.mean(size < 1.0) < 0.85
    assert np.mean(size < 2.0) > 0.9
    assert abs(np.mean(off)) < 0.5


def test_a_top_speed_that_was_asked_for_too_much_is_found() -> None:
    known = drive("saturating", 16.0)
    assert np.abs(known.command[:, 0]).max() > 0.9
    found = forwards(known.heard(30.0, 0.01), Robot())
    assert near(found.top, 0.3) and near(found.lag_s, 0.2) and near(found.limit, 1.0, 0.05)


def test_a_limit_that_was_not_reached_is_at_least() -> None:
    found = forwards(drive("agile", 16.0).heard(30.0, 0.02), Robot())
    steepest = 1.0 / 0.3
    assert found.limit.bound == "at least" and 0.5 * steepest < found.limit.value < steepest
    assert near(found.lag_s, 0.3)
    fit = DriveFit({"vx": found}, ())
    assert fit.robot(Robot(max_acceleration=9.0)).max_acceleration == 9.0
    assert fit.robot(Robot(max_acceleration=1.0)).max_acceleration == found.limit.value
    assert fit.robot(Robot(max_acceleration=9.0), known=False).max_acceleration < steepest


def test_a_lag_too_short_to_see_is_at_most() -> None:
    found = forwards(drive("sudden", 16.0).heard(10.0, 0.05), Robot())
    assert found.lag_s.bound == "at most" and 0.01 < found.lag_s.value < 0.15
    assert near(found.limit, 0.7, 0.05)


def test_gaps_outliers_and_a_clock_that_is_late_do_no_harm() -> None:
    heard = drive("differential", 16.0).heard(30.0, 0.02, late_s=0.4)
    rng = np.random.default_rng(1)
    wild = heard.velocity + (rng.random(heard.velocity.shape) < 0.02) * 1.5
    sent = (rng.random(len(heard.command_time)) > 0.05) & (np.abs(heard.command_time - 2.5) > 0.5)
    got = np.abs(heard.time - 6.5) > 0.5
    driving = Driving.of(heard.command_time[sent], heard.command[sent], heard.time[got], wild[got])
    found = forwards(driving, Robot())
    assert near(found.lag_s, 0.2, 0.1) and near(found.limit, 1.0, 0.05)
    assert near(found.dead_time_s, DEAD_TIME_S + 0.4, 0.04)


def test_a_clock_that_is_early_is_told() -> None:
    fit = fit_drive(drive("differential", 16.0).heard(30.0, 0.02, late_s=-0.4), Robot())
    assert fit.columns["vx"].dead_time_s.value == pytest.approx(DEAD_TIME_S - 0.4, abs=0.02)
    assert "vx: moves 0.3" in fit.findings[0] and "clocks" in fit.findings[0]
    assert fit.robot(Robot()).lag_s == pytest.approx(0.2, abs=0.02)


def test_a_column_that_was_not_commanded_is_told() -> None:
    heard = drive("differential", 16.0).heard(30.0, 0.02)
    straight = replace(heard, command=heard.command * [1.0, 0.0, 0.0])
    fit = fit_drive(straight, Robot(drive="omni"))
    assert set(fit.columns) == {"vx"}
    assert [line[:3] for line in fit.findings] == ["vy:", "wz:"]
    base = Robot(max_turn_rate=0.7, max_turn_acceleration=3.3)
    assert "max_turn_rate" not in fit.measured(base, known=True)
    assert fit.robot(base).max_turn_acceleration == 3.3


def stepped(gain: float) -> Driving:
    """Long steps of vx, and velocities that follow them by a lag, times `gain`, with noise."""
    time = np.arange(0.0, 20.0, 0.05)
    command = np.zeros((len(time), 3))
    command[:, 0] = np.array([0.0, 0.4, -0.4, 0.8, -0.8, 0.4, 0.0, -0.4])[(time / 2.5).astype(int)]
    law = Law(np.full(1, 0.2), np.ones(1), np.full(1, 0.1), np.full(1, NO_LIMIT))
    still = (np.zeros(1), np.zeros(1))
    velocity = np.random.default_rng(0).normal(0.0, 0.01, (len(time), 3))
    velocity[:, 0] += gain * response(Held.of(time, command[:, 0]), law, time, still)[:, 0]
    return Driving.of(time, command, time, velocity)


@pytest.mark.parametrize("gain", [0.0, -1.0])
def test_a_robot_that_does_not_obey_is_refused_in_one_line(gain: float) -> None:
    with pytest.raises(InputError, match="vx: did not do what was commanded") as caught:
        fit_drive(stepped(gain), Robot())
    assert "\n" not in str(caught.value) and "enabled" in str(caught.value)


def test_odometry_of_another_scale_is_told() -> None:
    fit = fit_drive(stepped(0.7), Robot())
    assert fit.columns["vx"].gain == pytest.approx(0.7, abs=0.02)
    assert any(line.startswith("vx: settles at 0.") for line in fit.findings)
    assert not any("settles" in line for line in fit_drive(stepped(1.0), Robot()).findings)


def test_a_robot_that_nobody_drove_is_refused() -> None:
    heard = drive("differential", 16.0).heard(30.0, 0.02)
    for command in (0.0 * heard.command, np.full_like(heard.command, 0.3)):
        with pytest.raises(InputError, match="vx: hardly commanded"):
            fit_drive(replace(heard, command=command), Robot())
    seldom = Driving.of(heard.command_time[::10], heard.command[::10], heard.time, heard.velocity)
    with pytest.raises(InputError, match="too few messages a second"):
        fit_drive(seldom, Robot())
