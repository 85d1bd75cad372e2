"""rho_0: a distribution over situations (FORMULATION section 1), and its one sampler."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.errors import InputError

MOST_TRIES = 200


@dataclass(frozen=True)
class RobotStart:
    """Where the robot starts and goes; each uniform within a half width of its centre."""

    pose: tuple[float, float, float] = setting(doc="x, y, yaw", unit="m, m, rad")
    goal: tuple[float, float] = setting(doc="where it wants to be", unit="m")
    spread: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0), doc="half widths of the pose", unit="m, m, rad", low=0.0
    )
    goal_spread: tuple[float, float] = setting(
        (0.0, 0.0), doc="half widths of the goal", unit="m", low=0.0
    )
    via: tuple[tuple[float, float], ...] = setting(
        (), doc="points of its path before the goal", unit="m"
    )


@dataclass(frozen=True)
class PersonStart:
    """Where somebody starts and may be going; the truth is one of `goals`, drawn evenly."""

    position: tuple[float, float] = setting(doc="x, y", unit="m")
    goals: tuple[tuple[float, float], ...] = setting(doc="where they may be going", unit="m")
    velocity: tuple[float, float] = setting((0.0, 0.0), doc="at the start", unit="m/s")
    spread: tuple[float, float] = setting(
        (0.0, 0.0), doc="half widths of the position", unit="m", low=0.0
    )

    def __post_init__(self) -> None:
        if not self.goals:
            raise InputError("starts: people: goals is empty; give at least one")


@dataclass(frozen=True)
class Starts:
    """Where episodes start: the robot, and as many people as are listed."""

    robot: RobotStart = setting(doc="of the robot")
    people: tuple[PersonStart, ...] = setting((), doc="of each person")

    def sample(
        self, count: int, rng: np.random.Generator, robot: Robot, person: Person, room: Room
    ) -> Situation:
        """`count` situations in which nobody overlaps a wall or somebody else; float64.

        Raises InputError where MOST_TRIES draws of one situation were all in collision.
        """
        poses, places, goals = self._draw(count, rng)
        for _ in range(MOST_TRIES):
            bad = ~self._free(poses, places, goals, robot, person, room)
            if not bad.any():
                break
            again = self._draw(int(bad.sum()), rng)
            poses[bad], places[bad], goals[bad] = again
        else:
            raise InputError("starts: in collision with a wall or somebody; move them apart")
        return self._situation(poses, places, goals, room)

    def _draw(self, count: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        r, people = self.robot, self.people
        luck = rng.uniform(-1.0, 1.0, (count, 5 + 2 * len(people)))
        poses = np.asarray(r.pose) + np.asarray(r.spread) * luck[:, :3]
        goals = np.asarray(r.goal) + np.asarray(r.goal_spread) * luck[:, 3:5]
        around = luck[:, 5:].reshape(count, len(people), 2)
        centre = np.array([p.position for p in people]).reshape(-1, 2)
        places = centre + np.array([p.spread for p in people]).reshape(-1, 2) * around
        return poses, places, goals

    def _free(
        self, poses: Array, places: Array, goals: Array, robot: Robot, person: Person, room: Room
    ) -> NDArray[np.bool_]:
        own, others = torch.from_numpy(poses[:, :2]), torch.from_numpy(places)
        free = room.clearance(own) >= robot.radius_m
        free &= room.clearance(torch.from_numpy(goals)) >= robot.radius_m
        if len(self.people):
            free &= (room.clearance(others) >= person.radius_m).all(-1)
            apart = (others - own[:, None]).norm(dim=-1)
            free &= (apart >= robot.radius_m + person.radius_m).all(-1)
            between = torch.cdist(others, others) + 1e3 * torch.eye(len(self.people))
            free &= (between >= 2.0 * person.radius_m).all(-1).all(-1)
        return np.asarray(free)

    def _situation(self, poses: Array, places: Array, goals: Array, room: Room) -> Situation:
        count, people = len(poses), self.people
        velocity = np.array([p.velocity for p in people]).reshape(-1, 2)
        bodies = np.concatenate([places, np.broadcast_to(velocity, places.shape)], -1)
        via = np.broadcast_to(
            np.array(self.robot.via).reshape(-1, 2), (count, len(self.robot.via), 2)
        )
        route = np.concatenate([via, goals[:, None]], 1)
        if self.robot.via:  # a path begins where the robot is
            route = np.concatenate([poses[:, None, :2], route], 1)
        return Situation(
            torch.from_numpy(np.concatenate([poses, np.zeros((count, 3))], -1)),
            torch.from_numpy(bodies),
            torch.ones((count, len(people)), dtype=torch.bool),
            Aims(torch.from_numpy(route), *self.people_aims(count)),
            room,
        )

    def people_aims(self, count: int) -> tuple[Tensor, Tensor]:
        """Possible goals (B, P, G, 2), padded with their last, and log belief (B, P, G), even."""
        most = max((len(p.goals) for p in self.people), default=1)
        goals = np.zeros((len(self.people), most, 2))
        belief = np.full((len(self.people), most), -np.inf)
        for i, person in enumerate(self.people):
            g = len(person.goals)
            goals[i, :g], goals[i, g:] = person.goals, person.goals[-1]
            belief[i, :g] = -np.log(g)
        batch = (count, len(self.people), most)
        return (
            torch.from_numpy(np.broadcast_to(goals, (*batch, 2)).copy()),
            torch.from_numpy(np.broadcast_to(belief, batch).copy()),
        )
