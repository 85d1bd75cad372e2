"""The robot's body: its limits, and how it follows a command; one model for every use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.drives.limits import Limits, constant
from bisirl_ros.crowd.plane import as_complex, repeated
from bisirl_ros.crowd.room import Room, without_inwards


@dataclass(frozen=True)
class Motion:
    """The state of many robots, as the model moves them.

    place: (R,) complex, x + iy [m]; yaw: (R,) [rad]
    velocity: (R, c) in the body's frame, the columns of vx, vy, wz that the drive controls
    """

    place: Tensor
    yaw: Tensor
    velocity: Tensor

    def repeated(self, times: int) -> Motion:
        """Each robot `times` times in a row: R times more."""
        if times == 1:
            return self
        return Motion(*(repeated(v, times) for v in (self.place, self.yaw, self.velocity)))

    def packed(self) -> Tensor:
        """All of it as reals: (R, 3 + c)."""
        return torch.cat([torch.view_as_real(self.place), self.yaw[:, None], self.velocity], -1)

    @staticmethod
    def unpacked(state: Tensor) -> Motion:
        """The inverse of `packed`."""
        return Motion(torch.complex(state[:, 0], state[:, 1]), state[:, 2], state[:, 3:])


@dataclass(frozen=True)
class Robot:
    """What the robot can do; where it starts and goes is the situation's."""

    drive: str = setting("differential", doc="what it can do", choices=tuple(DRIVES))
    radius_m: float = setting(0.25, doc="footprint", unit="m", low=0.01)
    max_speed: float = setting(1.0, doc="speed limit", unit="m/s", low=0.05, high=5.0)
    max_turn_rate: float = setting(1.2, doc="turn rate limit", unit="rad/s", low=0.01, high=10.0)
    max_acceleration: float = setting(1.5, doc="limit", unit="m/s^2", low=0.05, high=20.0)
    max_turn_acceleration: float = setting(4.0, doc="limit", unit="rad/s^2", low=0.05, high=50.0)
    turning_radius_m: float = setting(
        0.5, doc="tightest circle of a drive that steers", unit="m", low=0.01, high=50.0
    )
    lag_s: float = setting(0.2, doc="first-order lag of the drive", unit="s", low=0.01, high=5.0)
    goal_tolerance_m: float = setting(0.4, doc="arrived within", unit="m", low=0.01)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Which of vx, vy, wz the drive controls."""
        return tuple(DRIVES[self.drive].COLUMNS)

    @property
    def sideways(self) -> bool:
        """Whether it can move without turning."""
        return len(self.columns) == 3

    @cached_property
    def limits(self) -> Limits:
        """Of the drive."""
        return Limits(self.max_speed, self.max_turn_rate, self.turning_radius_m)

    def admissible(self, twist: Tensor) -> Tensor:
        """The twist (..., 3) nearest to the wanted one that the drive can do."""
        return self.as_twist(self.able(twist[..., list(self.columns)]))

    def able(self, velocity: Tensor) -> Tensor:
        """`admissible` of the columns (..., c) that the drive controls."""
        able: Tensor = DRIVES[self.drive].admissible(velocity, self.limits)
        return able

    def as_twist(self, velocity: Tensor) -> Tensor:
        """vx, vy, wz (..., 3) of the columns (..., c) that the drive controls."""
        if len(self.columns) == 3:
            return velocity
        forward, turn = torch.split(velocity, 1, -1)
        return torch.cat([forward, torch.zeros_like(forward), turn], -1)

    def step(self, state: Tensor, command: Tensor, dt_s: float, room: Room) -> Tensor:
        """State (..., 6) after `command` (..., 3) = vx, vy [m/s], wz [rad/s] for dt_s: (..., 6)."""
        flat = state.reshape(-1, 6)
        velocity = command.expand(*state.shape[:-1], 3).reshape(-1, 3)[:, list(self.columns)]
        after = self.advance(self.motion(flat), self.able(velocity), dt_s, room)
        return self.state(after).reshape(state.shape)

    def motion(self, state: Tensor) -> Motion:
        """State (R, 6) as the model moves it."""
        x, y, yaw, *twist = state.unbind(-1)
        return Motion(torch.complex(x, y), yaw, torch.stack([twist[c] for c in self.columns], -1))

    def state(self, motion: Motion) -> Tensor:
        """The state (R, 6) of a motion."""
        place = torch.view_as_real(motion.place)
        return torch.cat([place, motion.yaw[:, None], self.as_twist(motion.velocity)], -1)

    def advance(self, motion: Motion, command: Tensor, dt_s: float, room: Room) -> Motion:
        """The motion after an admissible `command` (R, c) for dt_s.

        The velocity follows the command by a first-order lag within the acceleration
        limits; the pose moves with the mean of the velocities before and after, at the heading half
        way; walls hold it up. In a room with walls dt_s is cut so that none is jumped over.
        """
        parts = room.parts(self.max_speed * dt_s, self.radius_m)
        for _ in range(parts):
            motion = self._part(motion, command, dt_s / parts, room)
        return motion

    def _part(self, motion: Motion, command: Tensor, dt_s: float, room: Room) -> Motion:
        velocity, blend = motion.velocity, 1.0 - math.exp(-dt_s / self.lag_s)
        a, w = (v * dt_s / blend for v in (self.max_acceleration, self.max_turn_acceleration))
        every = tuple((a, a, w)[c] for c in self.columns)
        most = constant(every, velocity.dtype, velocity.device)
        least = constant(tuple(-v for v in every), velocity.dtype, velocity.device)
        after = torch.add(velocity, (command - velocity).clamp(least, most), alpha=blend)
        if self.drive == "ackermann":  # within the limits, but maybe no longer on the circle
            after = self.able(after)
        *along, turn = torch.lerp(velocity, after, 0.5).unbind(-1)
        heading = torch.add(motion.yaw, turn, alpha=0.5 * dt_s)
        if len(along) == 1:
            way = torch.polar(along[0], heading)
        else:
            way = torch.complex(*along) * torch.polar(ones(heading), heading)
        place = torch.add(motion.place, way, alpha=dt_s)
        if not room.empty:
            place, after = self._held_up(motion.place, place, heading, after, room)
        return Motion(place, torch.add(motion.yaw, turn, alpha=dt_s), after)

    def _held_up(
        self, before: Tensor, place: Tensor, heading: Tensor, velocity: Tensor, room: Room
    ) -> tuple[Tensor, Tensor]:
        """Place and velocity once walls had their say."""
        real = torch.view_as_real
        free, held = room.admit(real(before), real(place), self.radius_m)
        way = torch.polar(ones(heading), heading)
        *along, turn = velocity.unbind(-1)
        sideways = along[1] if len(along) == 2 else torch.zeros_like(turn)
        slowed = without_inwards(real(torch.complex(along[0], sideways) * way), held)
        ahead = real(as_complex(slowed) * way.conj())
        kept = torch.cat([ahead[:, : len(along)], turn[:, None]], -1)
        return as_complex(free), self.able(kept)


def ones(like: Tensor) -> Tensor:
    """The absolute value of unit complex numbers, for torch.polar: (1,)."""
    return constant((1.0,), like.dtype, like.device)
