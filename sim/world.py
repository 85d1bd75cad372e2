"""The world in which a robot and a person move, and the choice of who computes it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

if TYPE_CHECKING:
    from bisirl_sim.bullet import BulletWorld

BACKENDS = ("auto", "bullet", "kinematic")


class World(Protocol):
    """A robot, a person and static obstacles in frame odom, advanced in fixed time steps.

    backend: "bullet" or "kinematic".
    dt_s: length of a step [s].
    """

    backend: str
    dt_s: float

    @property
    def time_s(self) -> float:
        """Simulated time since construction [s]; it never goes back, not even on reset."""

    def reset(
        self, robot: tuple[float, float, float], human: tuple[float, float, float, float]
    ) -> None:
        """Put the robot at (x, y, yaw), at rest, and the person at (x, y, vx, vy).

        [m, m, rad] and [m, m, m/s, m/s]. Both commands become zero.
        """

    def command_robot(self, speed: float, turn_rate: float) -> None:
        """Set the wanted forward speed [m/s] and turn rate [rad/s], clipped to the limits.

        Raises InputError for a value that is not finite.
        """

    def command_human(self, vx: float, vy: float) -> None:
        """Set the person's target velocity in frame odom [m/s], clipped to their top speed.

        Raises InputError for a value that is not finite.
        """

    def step(self) -> None:
        """Advance by `dt_s`."""

    def robot_state(self) -> np.ndarray:
        """x, y, yaw, forward speed, turn rate: shape (5,) [m, m, rad, m/s, rad/s]."""

    def human_state(self) -> np.ndarray:
        """x, y, vx, vy: shape (4,) [m, m, m/s, m/s]."""

    def close(self) -> None:
        """Free what the world holds; calling it again does nothing."""


def make_world(
    scenario: Scenario, backend: str = "auto", gui: bool = False, dt_s: float = 0.01
) -> World:
    """Build the world of `scenario`, at its nominal start.

    backend: "bullet" (rigid-body physics), "kinematic" (numpy), or "auto": bullet where it is
        installed, else kinematic.
    gui: show a window (bullet only).
    dt_s: length of a step [s].

    Raises InputError for an unknown backend, a step that is not positive, or bullet (or a
    window) without pybullet.
    """
    if backend not in BACKENDS:
        raise InputError(f"backend '{backend}' is unknown; choose one of {', '.join(BACKENDS)}")
    if not 0.0 < dt_s <= 0.1:
        raise InputError(f"dt_s = {dt_s}: give a step in (0, 0.1] s")
    if gui and backend == "kinematic":
        raise InputError("the kinematic backend has no window; choose bullet or set gui to false")
    if gui or backend == "bullet" or (backend == "auto" and _pybullet_imports()):
        return make_bullet_world(scenario, gui, dt_s)
    from bisirl_sim.kinematic import KinematicWorld

    return KinematicWorld(scenario, dt_s=dt_s)


def make_bullet_world(scenario: Scenario, gui: bool = False, dt_s: float = 0.01) -> BulletWorld:
    """The bullet backend, which also takes pictures; raises InputError without pybullet."""
    if not _pybullet_imports():
        raise InputError(
            "backend 'bullet' needs pybullet, which does not import: pip install pybullet,"
            " or choose the kinematic backend"
        )
    from bisirl_sim.bullet import BulletWorld

    return BulletWorld(scenario, gui=gui, dt_s=dt_s)


def _pybullet_imports() -> bool:
    try:
        importlib.import_module("pybullet")
    except ImportError:
        return False
    return True
