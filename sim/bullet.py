"""The world in PyBullet: a rigid-body robot among walls, and people who walk around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pybullet  # type: ignore[import-not-found]
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.room import without_inwards
from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.commands import Commands, checked_bodies, nominal_bodies
from bisirl_sim.scene import build_solids, joints_by_name, load_robot

if TYPE_CHECKING:
    from bisirl_sim.painter import Painter

WHEEL_RADIUS_M, HALF_TRACK_M = 0.08, 0.20
"""Measures of `robot.urdf`, which is scaled to the scenario's radius."""
WHEEL_TORQUE_NM = 20.0
WINDUP = (0.25, 0.25, 1.0)
"""How far set points may run ahead of a robot that is held up [m/s, m/s, rad/s]."""
SLACK_M = 0.01
"""How far rigid bodies may sink into a wall before the footprint's rule is applied."""


class BulletWorld:
    """`World` in PyBullet, in a physics client of its own.

    The set point of the robot's twist follows `Robot.step`. Two driven wheels are turned by their
    motors; a drive that bullet has no wheels for is given the base velocity, on wheels that
    slide. People are moved by `Person.step`. They and the robot do not push each other: contact
    is a matter of footprints, see `crowd.outcome`.
    """

    backend = "bullet"

    def __init__(self, scenario: Scenario, gui: bool = False, dt_s: float = 0.01) -> None:
        self.dt_s = dt_s
        self._scenario = scenario
        self._commands = Commands(scenario)
        self._steps = 0
        self._by_wheels = scenario.robot.drive == "differential"
        self._client = int(pybullet.connect(pybullet.DIRECT))
        self._build()
        self._window: Painter | None = None
        if gui:
            from bisirl_sim.painter import Painter

            self._window = Painter(scenario, gui=True)
        self.reset(*nominal_bodies(scenario))

    @property
    def time_s(self) -> float:
        """See `World.time_s`."""
        return self._steps * self.dt_s

    def reset(self, robot: Array, people: Array) -> None:
        """See `World.reset`."""
        body, self._people = checked_bodies(self._scenario, robot, people)
        self._commands.clear()
        pybullet.restoreState(self._pristine, physicsClientId=self._client)
        self._twist = body[3:]
        self._stand(body)
        self._drive(body)
        self._show()

    def command_robot(self, vx: float, vy: float, wz: float) -> None:
        """See `World.command_robot`."""
        self._commands.to_robot(vx, vy, wz)

    def command_person(self, index: int, vx: float, vy: float) -> None:
        """See `World.command_person`."""
        self._commands.to_person(index, vx, vy)

    def step(self) -> None:
        """See `World.step`."""
        scenario, wanted = self._scenario, self._commands
        before = self._measured()
        state = torch.cat([before[:3], self._twist])
        state = scenario.robot.step(state, wanted.robot, self.dt_s, scenario.room)
        self._twist = state[3:]
        self._drive(before)
        pybullet.stepSimulation(physicsClientId=self._client)
        self._keep_out(before)
        self._limit_windup()
        self._people = scenario.person.step(self._people, wanted.people, self.dt_s, scenario.room)
        self._steps += 1
        self._show()

    def robot_state(self) -> Array:
        """See `World.robot_state`; measured from the rigid body."""
        return self._measured().numpy()

    def people_state(self) -> Array:
        """See `World.people_state`."""
        return self._people.numpy().copy()

    def close(self) -> None:
        """See `World.close`."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1
        if self._window is not None:
            self._window.close()

    def _build(self) -> None:
        client = self._client
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=self.dt_s, deterministicOverlappingPairs=1, physicsClientId=client
        )
        pybullet.setGravity(0.0, 0.0, -9.81, physicsClientId=client)
        build_solids(client, self._scenario)
        self._robot, self._scale = load_robot(client, self._scenario)
        joints = joints_by_name(client, self._robot)
        self._wheels = (joints["left_wheel_joint"], joints["right_wheel_joint"])
        pybullet.changeDynamics(self._robot, -1, lateralFriction=0.1, physicsClientId=client)
        if not self._by_wheels:
            self._let_slide()
        self._pristine = pybullet.saveState(physicsClientId=client)

    def _let_slide(self) -> None:
        """Wheels without grip or motors, for a base that is moved by its velocity."""
        for wheel in self._wheels:
            pybullet.changeDynamics(
                self._robot, wheel, lateralFriction=0.0, physicsClientId=self._client
            )
            pybullet.setJointMotorControl2(
                self._robot,
                wheel,
                pybullet.VELOCITY_CONTROL,
                targetVelocity=0.0,
                force=0.0,
                physicsClientId=self._client,
            )

    def _measured(self) -> Tensor:
        """The rigid body's x, y, yaw, and twist in its own frame: (6,)."""
        place, turn = pybullet.getBasePositionAndOrientation(
            self._robot, physicsClientId=self._client
        )
        velocity, spin = pybullet.getBaseVelocity(self._robot, physicsClientId=self._client)
        qx, qy, qz, qw = turn
        yaw = math.atan2(2.0 * (qw * qz + qx * qy), 1.0 - 2.0 * (qy * qy + qz * qz))
        cos, sin = math.cos(yaw), math.sin(yaw)
        ahead, left = velocity[0] * cos + velocity[1] * sin, velocity[1] * cos - velocity[0] * sin
        return torch.tensor((*place[:2], yaw, ahead, left, spin[2]), dtype=torch.float64)

    def _stand(self, body: Tensor) -> None:
        """Put the robot, state (6,), on its wheels and let it move as it does."""
        x, y, yaw = (float(value) for value in body[:3])
        pybullet.resetBasePositionAndOrientation(
            self._robot,
            (x, y, WHEEL_RADIUS_M * self._scale),
            (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)),
            physicsClientId=self._client,
        )
        velocity = _turned(body[3:5], yaw).tolist()
        pybullet.resetBaseVelocity(
            self._robot, (*velocity, 0.0), (0.0, 0.0, float(body[5])), physicsClientId=self._client
        )
        for wheel, speed in zip(self._wheels, self._wheel_speeds(), strict=True):
            pybullet.resetJointState(self._robot, wheel, 0.0, speed, physicsClientId=self._client)

    def _wheel_speeds(self) -> tuple[float, float]:
        """Left and right [rad/s] for the set point."""
        ahead, _, turn = self._twist.tolist()
        rolling, radius_m = turn * HALF_TRACK_M * self._scale, WHEEL_RADIUS_M * self._scale
        return (ahead - rolling) / radius_m, (ahead + rolling) / radius_m

    def _drive(self, measured: Tensor) -> None:
        """Make the body, now in state `measured` (6,), follow the set point."""
        if self._by_wheels:
            pybullet.setJointMotorControlArray(
                self._robot,
                self._wheels,
                pybullet.VELOCITY_CONTROL,
                targetVelocities=self._wheel_speeds(),
                forces=(WHEEL_TORQUE_NM, WHEEL_TORQUE_NM),
                physicsClientId=self._client,
            )
            return
        turn = float(self._twist[2])
        heading = float(measured[2]) + 0.5 * self.dt_s * turn
        self._set_velocity(_turned(self._twist[:2], heading), turn)

    def _set_velocity(self, velocity: Tensor, turn: float | None = None) -> None:
        """Overwrite the base's velocity (2,) in the fixed frame, and its turn rate if given."""
        (_, _, vz), (wx, wy, wz) = pybullet.getBaseVelocity(
            self._robot, physicsClientId=self._client
        )
        pybullet.resetBaseVelocity(
            self._robot,
            (*velocity.tolist(), vz),
            (wx, wy, wz if turn is None else turn),
            physicsClientId=self._client,
        )

    def _keep_out(self, before: Tensor) -> None:
        """Put the robot back where it has sunk into a wall; before: (6,), a step ago."""
        room, radius_m = self._scenario.room, self._scenario.robot.radius_m
        if room.empty:
            return
        after = self._measured()
        if float(room.clearance(after[:2])) >= radius_m - SLACK_M:
            return
        place, held = room.admit(before[:2], after[:2], radius_m)
        (_, _, z), turn = pybullet.getBasePositionAndOrientation(
            self._robot, physicsClientId=self._client
        )
        pybullet.resetBasePositionAndOrientation(
            self._robot, (*place.tolist(), z), turn, physicsClientId=self._client
        )
        self._set_velocity(without_inwards(_turned(after[3:5], float(after[2])), held))

    def _limit_windup(self) -> None:
        """Keep the set point near what the body does, for when a wall lets it go."""
        does = self._measured()[3:]
        most = torch.tensor(WINDUP, dtype=torch.float64)
        ahead = torch.maximum(torch.minimum(self._twist - does, most), -most)
        self._twist = self._scenario.robot.admissible(does + ahead)

    def _show(self) -> None:
        if self._window is not None:
            self._window.show(self.robot_state(), self.people_state())


def _turned(vector: Tensor, angle: float) -> Tensor:
    """vector (2,) turned by angle [rad]: (2,)."""
    (x, y), cos, sin = vector.tolist(), math.cos(angle), math.sin(angle)
    return torch.tensor((x * cos - y * sin, x * sin + y * cos), dtype=torch.float64)
