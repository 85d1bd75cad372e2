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


def towards(body: Body, last: Twist, wanted: Twist, most: tuple[float, float]) -> Twist:
    """The twist nearest to `wanted` on the way from `last`, both admissible.

    most: the largest change of vx, vy together [m/s] and of wz [rad/s]
    The admissible set is convex, or for a drive that steers convex forwards and convex backwards,
    and a straight way within a convex set stays in it: neither the drive's limits nor `most` are
    ever exceeded. What may change by itself does; what steers changes along with the speed.
    """
    if body.drive == "ackermann" and last[0] * wanted[0] < 0.0:
        wanted = (0.0, 0.0, 0.0)  # between forwards and backwards it stands
    dx, dy, dw = (w - v for w, v in zip(wanted, last, strict=True))
    along, turning = share(math.hypot(dx, dy), most[0]), share(abs(dw), most[1])
    if body.drive == "ackermann":
        along = turning = min(along, turning)
    return last[0] + along * dx, last[1] + along * dy, last[2] + turning * dw


def share(change: float, most: float) -> float:
    """How much of a change may be made, in [0, 1]."""
    return 1.0 if change <= most else most / change
