"""The world in PyBullet: a wheel-driven robot and a walking figure."""

from __future__ import annotations

import math

import numpy as np
import pybullet  # type: ignore[import-not-found]

from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.camera import take_picture
from bisirl_sim.drive import Drive, clip
from bisirl_sim.gait import STRIDE_M, walking_pose
from bisirl_sim.obstacles import Obstacles
from bisirl_sim.scene import build_scene, floor_extent, load_asset
from bisirl_sim.walker import Walker

MODEL_RADIUS_M, WHEEL_RADIUS_M, HALF_TRACK_M = 0.25, 0.08, 0.20
"""Measures of `robot.urdf`, which is scaled to the scenario's radius."""
WHEEL_TORQUE_NM = 20.0
WINDUP = (0.25, 1.0)
"""How far set points may run ahead of a robot that is held up [m/s, rad/s]."""
TURNING_SPEED = 0.1
"""Below this speed [m/s] the person keeps their heading."""


class BulletWorld:
    """`World` in PyBullet, in a physics client of its own; also takes pictures.

    The robot is driven by its wheel motors; the person is moved along the motion of `Walker`.
    The two do not push each other: contact is a matter of footprints, see `Task.outcome`.
    """

    backend = "bullet"

    def __init__(self, scenario: Scenario, gui: bool = False, dt_s: float = 0.01) -> None:
        self.dt_s = dt_s
        self._scenario = scenario
        self._steps = 0
        self._drive = Drive(scenario.robot, dt_s)
        self._walker = Walker(scenario.human, Obstacles(scenario.obstacles), dt_s)
        self._client = int(pybullet.connect(pybullet.GUI if gui else pybullet.DIRECT))
        self._scale = scenario.robot.radius_m / MODEL_RADIUS_M
        self._build()
        human = scenario.human
        self.reset(scenario.robot.start, (*human.start, *human.start_velocity))

    @property
    def time_s(self) -> float:
        """See `World.time_s`."""
        return self._steps * self.dt_s

    def reset(
        self, robot: tuple[float, float, float], human: tuple[float, float, float, float]
    ) -> None:
        """See `World.reset`."""
        pybullet.restoreState(self._pristine, physicsClientId=self._client)
        self._drive.reset()
        self._walker.reset(human)
        self._phase = 0.0
        goal, start = self._scenario.human.goal, self._scenario.human.start
        self._heading = math.atan2(goal[1] - start[1], goal[0] - start[0])
        self._advance_gait(0.0)
        self._place_robot(*robot)
        self._drive_wheels()
        self._pose_human()

    def show(self, robot_state: np.ndarray, human_state: np.ndarray) -> None:
        """Put both bodies where another backend, or a recording, has them, for a picture.

        robot_state: shape (5,); human_state: shape (4,). Limbs follow the distance walked since
        the last call.
        """
        before = (self._walker.x, self._walker.y)
        x, y, vx, vy = (float(value) for value in human_state)
        self._walker.reset((x, y, vx, vy))
        self._advance_gait(math.dist(before, (x, y)))
        self._place_robot(*(float(value) for value in robot_state[:3]))
        self._pose_human()

    def command_robot(self, speed: float, turn_rate: float) -> None:
        """See `World.command_robot`."""
        self._drive.command(speed, turn_rate)

    def command_human(self, vx: float, vy: float) -> None:
        """See `World.command_human`."""
        self._walker.command(vx, vy)

    def step(self) -> None:
        """See `World.step`."""
        self._drive.step()
        self._drive_wheels()
        before = (self._walker.x, self._walker.y)
        self._walker.step()
        self._advance_gait(math.dist(before, (self._walker.x, self._walker.y)))
        self._pose_human()
        pybullet.stepSimulation(physicsClientId=self._client)
        self._limit_windup()
        self._steps += 1

    def robot_state(self) -> np.ndarray:
        """See `World.robot_state`; measured from the rigid body."""
        (x, y, _), turn = pybullet.getBasePositionAndOrientation(
            self._robot, physicsClientId=self._client
        )
        (vx, vy, _), (_, _, turn_rate) = pybullet.getBaseVelocity(
            self._robot, physicsClientId=self._client
        )
        qx, qy, qz, qw = turn
        yaw = math.atan2(2.0 * (qw * qz + qx * qy), 1.0 - 2.0 * (qy * qy + qz * qz))
        return np.array((x, y, yaw, vx * math.cos(yaw) + vy * math.sin(yaw), turn_rate))

    def human_state(self) -> np.ndarray:
        """See `World.human_state`."""
        return self._walker.state()

    def render(
        self, width: int = 960, height: int = 540, camera: str = "oblique", supersample: int = 2
    ) -> np.ndarray:
        """Picture of the room from the software renderer, uint8 RGB, shape (height, width, 3).

        camera: "oblique" or "top"; supersample: 1 is fast, 2 has smooth edges.
        Raises InputError for another camera or an empty picture.
        """
        low, high = floor_extent(self._scenario)
        return take_picture(self._client, low, high, width, height, camera, supersample)

    def close(self) -> None:
        """See `World.close`."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1

    def _build(self) -> None:
        client = self._client
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=self.dt_s, deterministicOverlappingPairs=1, physicsClientId=client
        )
        pybullet.setGravity(0.0, 0.0, -9.81, physicsClientId=client)
        build_scene(client, self._scenario)
        flags = pybullet.URDF_USE_INERTIA_FROM_FILE
        self._robot = load_asset(client, "robot.urdf", globalScaling=self._scale, flags=flags)
        joints = _joints_by_name(client, self._robot)
        self._wheels = (joints["left_wheel_joint"], joints["right_wheel_joint"])
        pybullet.changeDynamics(self._robot, -1, lateralFriction=0.1, physicsClientId=client)
        self._human = load_asset(client, "human.urdf", useFixedBase=True, flags=flags)
        self._limbs = _joints_by_name(client, self._human)
        for link in range(-1, pybullet.getNumJoints(self._robot, physicsClientId=client)):
            pybullet.setCollisionFilterPair(
                self._robot, self._human, link, -1, 0, physicsClientId=client
            )
        self._pristine = pybullet.saveState(physicsClientId=client)

    def _place_robot(self, x: float, y: float, yaw: float) -> None:
        """Stand the robot, at rest, on its wheels."""
        turn = (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))
        axle = (x, y, WHEEL_RADIUS_M * self._scale)
        pybullet.resetBasePositionAndOrientation(
            self._robot, axle, turn, physicsClientId=self._client
        )
        pybullet.resetBaseVelocity(
            self._robot, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), physicsClientId=self._client
        )
        for wheel in self._wheels:
            pybullet.resetJointState(self._robot, wheel, 0.0, 0.0, physicsClientId=self._client)

    def _drive_wheels(self) -> None:
        """Give the wheel motors the drive's speed and turn rate."""
        rolling = self._drive.turn_rate * HALF_TRACK_M * self._scale
        radius_m = WHEEL_RADIUS_M * self._scale
        pybullet.setJointMotorControlArray(
            self._robot,
            self._wheels,
            pybullet.VELOCITY_CONTROL,
            targetVelocities=(
                (self._drive.speed - rolling) / radius_m,
                (self._drive.speed + rolling) / radius_m,
            ),
            forces=(WHEEL_TORQUE_NM, WHEEL_TORQUE_NM),
            physicsClientId=self._client,
        )

    def _limit_windup(self) -> None:
        """Keep the set points near what the body does, for when an obstacle lets it go."""
        _, _, _, speed, turn_rate = self.robot_state()
        self._drive.speed = speed + clip(self._drive.speed - speed, WINDUP[0])
        self._drive.turn_rate = turn_rate + clip(self._drive.turn_rate - turn_rate, WINDUP[1])

    def _advance_gait(self, walked_m: float) -> None:
        self._phase = (self._phase + math.tau * walked_m / STRIDE_M) % math.tau
        if math.hypot(self._walker.vx, self._walker.vy) > TURNING_SPEED:
            self._heading = math.atan2(self._walker.vy, self._walker.vx)

    def _pose_human(self) -> None:
        """Put the figure where the person is, with limbs at the gait's phase."""
        pose = walking_pose(self._phase, math.hypot(self._walker.vx, self._walker.vy))
        pybullet.resetBasePositionAndOrientation(
            self._human,
            (self._walker.x, self._walker.y, pose.hip_height_m),
            (0.0, 0.0, math.sin(0.5 * self._heading), math.cos(0.5 * self._heading)),
            physicsClientId=self._client,
        )
        for name, angle in pose.joints.items():
            pybullet.resetJointState(
                self._human, self._limbs[name], angle, 0.0, physicsClientId=self._client
            )


def _joints_by_name(client: int, body: int) -> dict[str, int]:
    count = pybullet.getNumJoints(body, physicsClientId=client)
    infos = (pybullet.getJointInfo(body, i, physicsClientId=client) for i in range(count))
    return {info[1].decode(): info[0] for info in infos}
