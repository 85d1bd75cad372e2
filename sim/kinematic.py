"""The world without physics: the core's step of every body, and nothing else."""

from __future__ import annotations

import math

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.commands import Commands, checked_bodies, nominal_bodies


class KinematicWorld:
    """`World` by `Robot.step` and `Person.step` in the scenario's room, float64."""

    backend = "kinematic"

    def __init__(self, scenario: Scenario, dt_s: float = 0.01) -> None:
        self.dt_s = dt_s
        self._scenario = scenario
        self._commands = Commands(scenario)
        self._steps = 0
        self.reset(*nominal_bodies(scenario))

    @property
    def time_s(self) -> float:
        """See `World.time_s`."""
        return self._steps * self.dt_s

    def reset(self, robot: Array, people: Array) -> None:
        """See `World.reset`."""
        self._robot, self._people = checked_bodies(self._scenario, robot, people)
        self._commands.clear()

    def command_robot(self, vx: float, vy: float, wz: float) -> None:
        """See `World.command_robot`."""
        self._commands.to_robot(vx, vy, wz)

    def command_person(self, index: int, vx: float, vy: float) -> None:
        """See `World.command_person`."""
        self._commands.to_person(index, vx, vy)

    def step(self) -> None:
        """See `World.step`."""
        scenario, wanted = self._scenario, self._commands
        self._robot = scenario.robot.step(self._robot, wanted.robot, self.dt_s, scenario.room)
        self._people = scenario.person.step(self._people, wanted.people, self.dt_s, scenario.room)
        self._steps += 1

    def robot_state(self) -> Array:
        """See `World.robot_state`."""
        state = self._robot.numpy().copy()
        state[2] = math.remainder(state[2], math.tau)
        return state

    def people_state(self) -> Array:
        """See `World.people_state`."""
        return self._people.numpy().copy()

    def close(self) -> None:
        """See `World.close`."""
