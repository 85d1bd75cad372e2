"""The last thing between a policy and the wheels: what is sent is what the robot may do now."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.config import setting
from bisirl_ros.control.around import Around
from bisirl_ros.control.body import Body, Twist, admissible, deceleration, share, towards
from bisirl_ros.control.separation import SeparationSettings, speed_left
from bisirl_ros.core.arrays import Array

STOP: Array = np.zeros(3)
STOP.setflags(write=False)
REST: Twist = (0.0, 0.0, 0.0)
SMOOTH, TAIL = 4.0, 1.5
"""A first-order lag that follows gap / (SMOOTH lag) is critically damped; what is left of a ramp
has died away TAIL lags after it."""


@dataclass(frozen=True)
class GateSettings:
    """How commands are bounded, beside the robot's own limits."""

    stop_time_s: float = setting(
        1.0,
        doc="a stop takes no longer: who cannot brake so hard drives slower",
        unit="s",
        low=0.05,
        high=10.0,
    )
    max_jerk: float = setting(
        0.0,
        doc="how fast an acceleration builds up that is no braking; 0: at once",
        unit="m/s^3",
        low=0.0,
        high=1000.0,
    )
    separation: SeparationSettings = setting(SeparationSettings(), doc="kept to people")


@dataclass(frozen=True)
class Admitted:
    """twist: (3,) vx, vy [m/s], wz [rad/s] to publish; rule: what held it back, "" where nothing"""

    twist: Array
    rule: str = ""


class SafetyGate:
    """Turns wanted twists into twists that may be published.

    In this order: a wish that is not finite is a wish to stop; what the drive cannot do is not
    wanted; nor is more speed than can be braked within stop_time_s, or than the protective
    separation distance leaves towards somebody; and from one command to the next no more changes
    than the accelerations allow. The last binds always, and the distance counts on no harder
    braking: who comes nearer all the same is the guard's affair.

    period_s: until the next twist, as a rule; a twist holds for no less than that [s]
    """

    def __init__(
        self, body: Body, settings: GateSettings | None = None, period_s: float = 0.0
    ) -> None:
        self._body, self.settings = body, settings or GateSettings()
        self._period_s = period_s
        self._last: Twist = REST
        self._acceleration = (0.0, 0.0)
        self.not_finite = 0

    @property
    def top_speed(self) -> float:
        """What may be driven at: rest is reached within stop_time_s from it [m/s]."""
        return min(self._body.max_speed, deceleration(self._body) * self.settings.stop_time_s)

    def admit(
        self, twist: Array, dt_s: float, around: Around | None = None, brake: bool = False
    ) -> Admitted:
        """The twist (3,) to publish dt_s [s] after the last one.

        brake: a stop is wanted for a fault; around: None where not known
        """
        wish, rule = as_twist(twist), ""
        if not all(map(math.isfinite, wish)):
            self.not_finite += 1
            wish, rule, brake = REST, "not finite", True
        able = admissible(self._body, wish)
        if max(abs(a - b) for a, b in zip(able, wish, strict=True)) > 1e-6:
            rule = "beyond the drive"
        scale, why = 1.0, ""
        if not brake:
            scale, why = self._scale(able, around, dt_s)
        vx, vy, wz = able
        wanted = (scale * vx, scale * vy, scale * wz)
        after = towards(self._body, self._last, wanted, dt_s)
        if self.settings.max_jerk > 0.0 and math.hypot(*after[:2]) > math.hypot(*self._last[:2]):
            after = self._onset(after, wanted, dt_s)
        rate = 1.0 / dt_s if dt_s > 0.0 else 0.0
        change = minus(after, self._last)
        self._acceleration = (change[0] * rate, change[1] * rate)
        self._last = after
        return Admitted(np.array(after), why or rule)

    def continue_from(self, twist: Array) -> None:
        """The robot moves at this finite twist (3,), whatever was commanded: go on from there."""
        self._last, self._acceleration = admissible(self._body, as_twist(twist)), (0.0, 0.0)

    @property
    def stands(self) -> bool:
        """Whether the last twist was a stop."""
        return max(map(abs, self._last)) < 1e-9

    def _scale(self, twist: Twist, around: Around | None, dt_s: float) -> tuple[float, str]:
        """How much of a twist the separation leaves, and what for; its way stays the same."""
        of, body = self.settings.separation, self._body
        vx, vy = twist[:2] if around is None else around.velocity(twist)
        speed = math.hypot(vx, vy)
        if speed < 1e-9:
            return 1.0, ""
        follow_s = max(body.lag_s + max(dt_s, self._period_s), 1e-6)
        reaction_s, brake = of.reaction_s + follow_s, deceleration(body)
        least, rule = speed, ""

        def bound(left: float, why: str) -> None:
            nonlocal least, rule
            if left < least:
                least, rule = left, why

        def towards_it(gap: float, v_h: float, cos: float) -> float:
            """Also so slow that a drive with a lag, which follows the gap, does not overshoot."""
            smooth = max(gap - v_h * reaction_s, 0.0) / (cos * SMOOTH * follow_s)
            return min(speed_left(gap, v_h, reaction_s, brake, cos), smooth)

        bound(self.top_speed, "stopping time")
        if around is None:
            return least / speed, rule
        for gap, wx, wy, v_h in around.people_near(body.radius_m):
            cos = (wx * vx + wy * vy) / speed
            if cos > 1e-6:
                tail_m = TAIL * v_h * body.lag_s  # a lag dies away, and a person walks on meanwhile
                bound(towards_it(gap - of.least_m - tail_m, v_h, cos), "separation")
            if gap < of.near_m:
                bound(of.near_speed, "near a person")
        for gap, wx, wy in around.things.tolist():
            cos = (wx * vx + wy * vy) / speed
            if cos > 1e-6:
                bound(towards_it(gap - of.robot_uncertainty_m, 0.0, cos), "obstacle")
        return least / speed, rule

    def _onset(self, after: Twist, wanted: Twist, dt_s: float) -> Twist:
        """The way to `after` as far as the acceleration may build up by max_jerk, and ebb away.

        Only of who gets faster: to stop accelerating, and to brake, is always allowed at once.
        """
        jerk, change = self.settings.max_jerk, minus(after, self._last)
        far, left = math.hypot(*change[:2]), math.hypot(*minus(wanted, self._last)[:2])
        ax, ay = self._acceleration
        along = (ax * change[0] + ay * change[1]) / max(far, 1e-12)
        most = min(max(along, 0.0) + jerk * dt_s, math.sqrt(2.0 * jerk * left)) * dt_s
        some, last = share(far, most), self._last
        vx, vy = last[0] + some * change[0], last[1] + some * change[1]
        return admissible(self._body, (vx, vy, after[2]))


def as_twist(twist: Array) -> Twist:
    """A twist (3,) as plain numbers."""
    vx, vy, wz = np.asarray(twist, float).tolist()
    return vx, vy, wz


def minus(one: Twist, other: Twist) -> Twist:
    """The difference of two twists."""
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]
