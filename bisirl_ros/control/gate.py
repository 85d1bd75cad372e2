"""The last thing between a policy and the wheels: what is sent is what the robot may do now."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.config import setting
from bisirl_ros.control.around import Around
from bisirl_ros.control.body import Body, Twist, admissible, share, towards
from bisirl_ros.control.separation import SeparationSettings, speed_left
from bisirl_ros.core.arrays import Array

STOP: Array = np.zeros(3)
STOP.setflags(write=False)
REST: Twist = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class GateSettings:
    """How commands are bounded, beside the robot's own limits."""

    stop_time_s: float = setting(
        0.8, doc="a stop from top speed takes no longer", unit="s", low=0.05, high=10.0
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
    wanted; nor is more speed towards somebody than the protective separation distance leaves; and
    from one command to the next no more changes than the accelerations allow. The last binds
    always: who comes nearer than the robot can brake is the guard's affair.
    """

    def __init__(self, body: Body, settings: GateSettings | None = None) -> None:
        self._body, self.settings = body, settings or GateSettings()
        self._last: Twist = REST
        self._change: Twist = REST
        self.not_finite = 0

    @property
    def braking(self) -> tuple[float, float]:
        """Decelerations of a stop [m/s^2], [rad/s^2]: at rest within stop_time_s."""
        body, stop_s = self._body, self.settings.stop_time_s
        return (
            max(body.max_acceleration, body.max_speed / stop_s),
            max(body.max_turn_acceleration, body.max_turn_rate / stop_s),
        )

    def admit(
        self, twist: Array, dt_s: float, around: Around | None = None, brake: bool = False
    ) -> Admitted:
        """The twist (3,) to publish dt_s [s] after the last one.

        brake: a stop is wanted for a fault, as hard as it goes; around: None where not known
        """
        wish, rule = as_twist(twist), ""
        if not all(map(math.isfinite, wish)):
            self.not_finite += 1
            wish, rule, brake = REST, "not finite", True
        able = admissible(self._body, wish)
        if max(abs(a - b) for a, b in zip(able, wish, strict=True)) > 1e-6:
            rule = "beyond the drive"
        scale, why = (1.0, "") if around is None or brake else self._scale(able, around)
        vx, vy, wz = able
        wanted = (scale * vx, scale * vy, scale * wz)
        ax, aw = self._most(wanted, brake or scale < 1.0)
        after = towards(self._body, self._last, wanted, (ax * dt_s, aw * dt_s))
        if self.settings.max_jerk > 0.0 and not brake and scale == 1.0:
            after = self._onset(after, wanted, dt_s)
        after = admissible(self._body, after)  # what rounding left over
        self._change, self._last = minus(after, self._last), after
        return Admitted(np.array(after), why or rule)

    def continue_from(self, twist: Array) -> None:
        """The robot moves at this finite twist (3,), whatever was commanded: go on from there."""
        self._last, self._change = admissible(self._body, as_twist(twist)), REST

    @property
    def stands(self) -> bool:
        """Whether the last twist was a stop."""
        return max(map(abs, self._last)) < 1e-9

    def _most(self, wanted: Twist, brake: bool) -> tuple[float, float]:
        """How fast vx, vy together and wz may change; only who slows down brakes."""
        hard, last = self.braking, self._last
        slower = math.hypot(*wanted[:2]) <= math.hypot(*last[:2])
        straighter = abs(wanted[2]) <= abs(last[2])
        return (
            hard[0] if brake and slower else self._body.max_acceleration,
            hard[1] if brake and straighter else self._body.max_turn_acceleration,
        )

    def _scale(self, twist: Twist, around: Around) -> tuple[float, str]:
        """How much of a twist the separation leaves, and what for; its way stays the same."""
        of, body = self.settings.separation, self._body
        vx, vy = around.velocity(twist)
        speed = math.hypot(vx, vy)
        if speed < 1e-9:
            return 1.0, ""
        reaction_s, brake = of.reaction_s + body.lag_s, self.braking[0]
        scale, rule = 1.0, ""

        def bound(left: float, of_speed: float, why: str) -> None:
            nonlocal scale, rule
            if left < scale * of_speed:
                scale, rule = left / of_speed, why

        for gap, wx, wy, v_h in around.people_near(body.radius_m):
            v_r = wx * vx + wy * vy
            if v_r > 1e-9:
                bound(speed_left(gap - of.least_m, v_h, reaction_s, brake), v_r, "separation")
            if gap < of.near_m:
                bound(of.near_speed, speed, "near a person")
        for gap, wx, wy in ((around.obstacle_m, *around.obstacle_way), *around.things.tolist()):
            v_r = wx * vx + wy * vy
            if gap < math.inf and v_r > 1e-9:
                left = speed_left(gap - of.robot_uncertainty_m, 0.0, reaction_s, brake)
                bound(left, v_r, "obstacle")
        return scale, rule

    def _onset(self, after: Twist, wanted: Twist, dt_s: float) -> Twist:
        """The way to `after` as far as the acceleration may build up by max_jerk, and ebb away.

        To stop accelerating at once is always allowed: what was begun is not gone on with.
        """
        jerk, change = self.settings.max_jerk, minus(after, self._last)
        far, left = math.hypot(*change[:2]), math.hypot(*minus(wanted, self._last)[:2])
        along = (self._change[0] * change[0] + self._change[1] * change[1]) / max(far, 1e-12)
        most = min(max(along, 0.0) + jerk * dt_s * dt_s, math.sqrt(2.0 * jerk * left) * dt_s)
        some, last = share(far, most), self._last
        return last[0] + some * change[0], last[1] + some * change[1], last[2] + some * change[2]


def as_twist(twist: Array) -> Twist:
    """A twist (3,) as plain numbers."""
    vx, vy, wz = np.asarray(twist, float).tolist()
    return vx, vy, wz


def minus(one: Twist, other: Twist) -> Twist:
    """The difference of two twists."""
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]
