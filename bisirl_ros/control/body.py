"""What a robot can do, in numbers: its drive's admissible set, and how fast commands may change."""

from __future__ import annotations

import math
from typing import Protocol

Twist = tuple[float, float, float]
"""vx, vy [m/s], wz [rad/s] in the robot's frame: plain numbers, which cost a tenth of arrays."""


class Body(Protocol):
    """The numbers of a robot that the gate knows; `bisirl_ros.crowd.robot.Robot` has them.

    drive: differential, omni or ackermann; radius_m: footprint [m]; lag_s: of the drive [s]
    max_speed [m/s], max_turn_rate [rad/s], turning_radius_m [m], max_acceleration [m/s^2],
    max_turn_acceleration [rad/s^2]
    """

    @property
    def drive(self) -> str: ...
    @property
    def radius_m(self) -> float: ...
    @property
    def lag_s(self) -> float: ...
    @property
    def max_speed(self) -> float: ...
    @property
    def max_turn_rate(self) -> float: ...
    @property
    def turning_radius_m(self) -> float: ...
    @property
    def max_acceleration(self) -> float: ...
    @property
    def max_turn_acceleration(self) -> float: ...


def admissible(body: Body, twist: Twist) -> Twist:
    """The twist that the drive can do, nearest to a finite one.

    The same set as `bisirl_ros.crowd.drives`, which the policy is imagined within.
    """
    vx, vy, wz = twist
    turn = min(max(wz, -body.max_turn_rate), body.max_turn_rate)
    if body.drive == "omni":
        shorter = min(1.0, body.max_speed / max(math.hypot(vx, vy), 1e-12))
        return shorter * vx, shorter * vy, turn
    forward = min(max(vx, -body.max_speed), body.max_speed)
    if body.drive == "ackermann":
        tightest = abs(forward) / body.turning_radius_m
        turn = min(max(turn, -tightest), tightest)
    return forward, 0.0, turn


def deceleration(body: Body) -> float:
    """How fast every speed can be taken away [m/s^2]; a car must not leave its circle meanwhile."""
    if body.drive == "ackermann":
        return min(body.max_acceleration, body.max_turn_acceleration * body.turning_radius_m)
    return body.max_acceleration


def towards(body: Body, last: Twist, wanted: Twist, dt_s: float) -> Twist:
    """The twist nearest to `wanted` that can be had dt_s [s] after `last`, both admissible.

    vx, vy go straight to what is wanted, and a straight way within a convex set stays in it. A car
    changes its speed first, stands between forwards and backwards, and turns as far as its circle
    then lets it, which is never a larger change than the turn's own limit.
    """
    vx, vy, wz = last
    forward = wanted[0]
    if body.drive == "ackermann" and vx * forward < 0.0:
        forward = 0.0
    dx, dy, dw = forward - vx, wanted[1] - vy, wanted[2] - wz
    along = share(math.hypot(dx, dy), deceleration(body) * dt_s)
    turning = share(abs(dw), body.max_turn_acceleration * dt_s)
    return admissible(body, (vx + along * dx, vy + along * dy, wz + turning * dw))


def share(change: float, most: float) -> float:
    """How much of a change may be made, in [0, 1]."""
    return 1.0 if change <= most else most / change
