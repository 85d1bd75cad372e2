"""The robot's interaction policy pi_phi: a goal seeker with a small learned correction.

A deterministic policy (the limit of a narrow Gaussian): people predict it as such, and the whole of
FORMULATION section 1 holds with E over a_l dropped. `phi` is one flat vector, so that every
hypergradient estimator sees the same thing. Goal, path, walls and any number of people are inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Course
from bisirl_ros.crowd.drives.limits import constant
from bisirl_ros.crowd.plane import as_complex, bodies, repeated
from bisirl_ros.crowd.robot import Motion, Robot, ones
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import Situation

NEAR_OF_A_METRE = math.exp(-1.0 / 2.5)
"""People matter by this to the power of their distance [m]."""
BRAKING_M = 0.5
WALL_M = 0.6
SEEN, WALL = 4, 2
CRUISE = math.atanh(0.6)
"""tanh of this is 0.6: (1 + 0.6) / 2 = 0.8 of the top speed where the goal lies ahead."""

STARTS_APART = 1000
"""Between the seeds of two starts."""


@dataclass(frozen=True)
class Weights:
    """phi, cut into the layers of the network."""

    people: Tensor
    near: Tensor
    own: Tensor
    wall: Tensor
    bias: Tensor
    out: Tensor
    out_bias: Tensor


@dataclass(frozen=True)
class Outlook:
    """What R robots see before they look at people.

    turn: (R,) complex, from the fixed frame into the robot's; ahead: (R, 2) unit vector to where it
    steers; slow: (R, 1) brakes at the goal; base: (R, h) input of the hidden units
    """

    turn: Tensor
    ahead: Tensor
    slow: Tensor
    base: Tensor

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All of it."""
        return (self.turn, self.ahead, self.slow, self.base)


@dataclass(frozen=True)
class InteractionPolicy:
    """pi_phi(a_l | s) for one robot; holds no parameters, only the architecture.

    robot: limits and drive; hidden: width of the one hidden layer, whose units sum over people
    """

    robot: Robot
    hidden: int = 16

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of the parts of phi, in order."""
        h, c = self.hidden, len(self.robot.columns)
        return ((SEEN, h), (h,), (3 + c, h), (WALL, h), (h,), (h, c), (c,))

    @property
    def size(self) -> int:
        """Number of parameters, m = dim phi."""
        return sum(math.prod(shape) for shape in self.shapes)

    def initial(self, generator: torch.Generator) -> Tensor:
        """phi of a goal seeker that does not look at people or walls: (m,)."""
        parts = [torch.zeros(shape) for shape in self.shapes]
        inputs = SEEN + 3 + len(self.robot.columns)
        for i in (0, 2, 3):
            parts[i] = torch.randn(self.shapes[i], generator=generator) / math.sqrt(inputs)
        if not self.robot.sideways:
            parts[6][0] = CRUISE - 1.0  # the goal ahead adds 1, see _seek
        return torch.cat([part.flatten() for part in parts])

    def starts(self, seed: int, count: int) -> list[Tensor]:
        """So many goal seekers, phi (m,) each, whose networks differ; the first is the seed's."""
        seeds = [seed + STARTS_APART * i for i in range(count)]
        return [self.initial(torch.Generator().manual_seed(one)) for one in seeds]

    def weights(self, phi: Tensor) -> Weights:
        """The layers of phi (m,), ready for `velocity`."""
        parts = torch.split(phi, [math.prod(shape) for shape in self.shapes])
        return Weights(*(p.view(s) for p, s in zip(parts, self.shapes, strict=True)))

    def __call__(self, phi: Tensor, situation: Situation) -> Tensor:
        """Commands (B, 3) = vx, vy [m/s], wz [rad/s] that the drive can do; phi: (m,)."""
        motion, course = self.robot.motion(situation.robot), Course.of(situation.aims.route)
        place, velocity = bodies(situation.seen)
        weights = self.weights(phi)
        return self.robot.as_twist(
            self.velocity(weights, motion, place, velocity, course, situation.room)
        )

    def velocity(
        self,
        weights: Weights,
        motion: Motion,
        people: Tensor,
        people_velocity: Tensor,
        course: Course,
        room: Room,
    ) -> Tensor:
        """What the drive's columns shall do: (R, c) [m/s, rad/s].

        people, people_velocity: (R, Q) complex, the absent far away
        """
        outlook = self.outlook(weights, motion, course, room)
        if people.shape[1] == 1:
            one, its = people[:, 0], people_velocity[:, 0]
            hidden = self.beside_one(weights, outlook, motion.place, one, its)
        else:
            units = self.units(weights, outlook, motion.place, people, people_velocity)
            hidden = torch.tanh(outlook.base) + units.sum(1)
        return self.command(weights, outlook, hidden)

    def outlook(self, weights: Weights, motion: Motion, course: Course, room: Room) -> Outlook:
        """The way ahead and what the hidden units make of it, of R robots.

        Everything is seen from the robot: turned by its heading. Complex numbers keep it to few
        operations, which is what an imagined episode costs.
        """
        turn = torch.polar(ones(motion.yaw), -motion.yaw)
        carrot, to_go = course.steer(motion.place)
        way = (carrot - motion.place) * turn
        ahead = torch.view_as_real(torch.sgn(way))
        left = way.abs() if to_go is None else to_go
        slow = torch.tanh(left * (1.0 / BRAKING_M))[:, None]
        base = torch.addmm(weights.bias, torch.cat([ahead, slow, motion.velocity], 1), weights.own)
        if not room.empty:
            base = torch.addmm(base, self._walls(motion.place, turn, room), weights.wall)
        return Outlook(turn, ahead, slow, base)

    def beside_one(
        self, weights: Weights, outlook: Outlook, place: Tensor, person: Tensor, velocity: Tensor
    ) -> Tensor:
        """Hidden units (R, h) of robots at `place` beside one person each; all (R,) complex."""
        apart = (person - place) * outlook.turn
        near = torch.pow(NEAR_OF_A_METRE, apart.abs())
        seen = torch.view_as_real(torch.stack([apart, velocity * outlook.turn], -1)).view(-1, SEEN)
        felt = torch.addmm(weights.near, seen, weights.people)
        return torch.tanh(torch.addcmul(outlook.base, near[:, None], felt))

    def units(
        self, weights: Weights, outlook: Outlook, place: Tensor, people: Tensor, velocity: Tensor
    ) -> Tensor:
        """What each of Q people (R, Q) complex changes in the hidden units: (R, Q, h)."""
        rows, count = people.shape
        many = Outlook(*(repeated(v, count) for v in outlook.parts))
        beside = self.beside_one(
            weights, many, repeated(place, count), people.flatten(), velocity.flatten()
        )
        return beside.view(rows, count, self.hidden) - torch.tanh(outlook.base)[:, None]

    def command(self, weights: Weights, outlook: Outlook, hidden: Tensor) -> Tensor:
        """The admissible velocity (R, c) that hidden units (R, h) ask for."""
        correction = torch.addmm(weights.out_bias, hidden, weights.out)
        gain, offset, seek = self._seek(outlook.ahead)
        wanted = torch.tanh(torch.addmm(correction, outlook.ahead, seek))
        velocity = torch.addcmul(offset, wanted, gain) * outlook.slow
        # a differential drive can do whatever comes out: 0 to the top speed, and any turn
        return velocity if self.robot.drive == "differential" else self.robot.able(velocity)

    def _walls(self, place: Tensor, turn: Tensor, room: Room) -> Tensor:
        """The way from the nearest wall, seen from the robot, the longer the nearer: (R, 2)."""
        gap, away = room.nearest(torch.view_as_real(place))
        seen = torch.view_as_real(as_complex(away) * turn)
        return seen * torch.exp(-gap / WALL_M)[:, None]

    def _seek(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gain and offset (c,) of the wanted columns, and what the goal's direction adds (2, c)."""
        v, w = self.robot.max_speed, self.robot.max_turn_rate
        seek: tuple[tuple[float, ...], ...]
        gain: tuple[float, ...]
        offset: tuple[float, ...]
        if self.robot.sideways:
            seek = ((1.1, 0.0, 0.0), (0.0, 1.1, 1.0))
            gain, offset = (v, v, w), (0.0, 0.0, 0.0)
        else:
            seek, gain, offset = ((1.0, 0.0), (0.0, 1.5)), (0.5 * v, w), (0.5 * v, 0.0)
        made = [constant(row, like.dtype, like.device) for row in (gain, offset, seek)]
        return made[0], made[1], made[2]
