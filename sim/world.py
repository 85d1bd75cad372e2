"""The world in which a robot and people move, and the choice of who computes it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

if TYPE_CHECKING:
    from bisirl_sim.painter import Painter

BACKENDS = ("auto", "bullet", "kinematic")
LONGEST_STEP_S = 0.1


class World(Protocol):
    """A robot and P people in a room, in a fixed frame, advanced in fixed time steps.

    backend: "bullet" or "kinematic".
    dt_s: length of a step [s].
    """

    backend: str
    dt_s: float

    @property
    def time_s(self) -> float:
        """Simulated time since construction [s]; it never goes back, not even on reset."""

    def reset(self, robot: Array, people: Array) -> None:
        """Put everybody where they are told; all commands become zero.

        robot: (6,) x, y [m], yaw [rad], vx, vy [m/s], wz [rad/s], the twist in the body's frame
        people: (P, 4) x, y [m], vx, vy [m/s]
        Raises InputError for another shape or a value that is not finite.
        """

    def command_robot(self, vx: float, vy: float, wz: float) -> None:
        """Set the wanted twist [m/s, m/s, rad/s]; the drive does the nearest that it can.

        Raises InputError for a value that is not finite.
        """

    def command_person(self, index: int, vx: float, vy: float) -> None:
        """Set somebody's target velocity [m/s], shortened to their top speed.

        Raises InputError for an unknown index or a value that is not finite.
        """

    def step(self) -> None:
        """Advance by `dt_s`."""

    def robot_state(self) -> Array:
        """x, y, yaw in [-pi, pi], vx, vy, wz: (6,) [m, m, rad, m/s, m/s, rad/s]."""

    def people_state(self) -> Array:
        """x, y, vx, vy of everybody: (P, 4) [m, m, m/s, m/s]."""

    def close(self) -> None:
        """Free what the world holds; calling it again does nothing."""


def make_world(
    scenario: Scenario, backend: str = "auto", gui: bool = False, dt_s: float = 0.01
) -> World:
    """Build the world of `scenario`, everybody at the centre of where they may start.

    backend: "bullet" (rigid-body physics), "kinematic" (the core's step), or "auto": bullet where
        it is installed, else kinematic.
    gui: show a window (bullet only).
    dt_s: length of a step [s].

    Raises InputError for an unknown backend, a step outside (0, 0.1] s, or bullet (or a window)
    without pybullet.
    """
    if backend not in BACKENDS:
        raise InputError(f"backend '{backend}' is unknown; choose one of {', '.join(BACKENDS)}")
    if not 0.0 < dt_s <= LONGEST_STEP_S:
        raise InputError(f"dt_s = {dt_s}: give a step in (0, {LONGEST_STEP_S}] s")
    if gui and backend == "kinematic":
        raise InputError("the kinematic backend has no window; choose bullet or set gui to false")
    if gui or backend == "bullet" or (backend == "auto" and _pybullet_imports()):
        _need_pybullet("backend 'bullet'")
        from bisirl_sim.bullet import BulletWorld

        return BulletWorld(scenario, gui=gui, dt_s=dt_s)
    from bisirl_sim.kinematic import KinematicWorld

    return KinematicWorld(scenario, dt_s=dt_s)


def make_painter(scenario: Scenario) -> Painter:
    """Who takes pictures of a scenario's room; raises InputError without pybullet."""
    _need_pybullet("a picture")
    from bisirl_sim.painter import Painter

    return Painter(scenario)


def _need_pybullet(who: str) -> None:
    if not _pybullet_imports():
        raise InputError(
            f"{who} needs pybullet, which does not import: pip install pybullet,"
            " or choose the kinematic backend without pictures"
        )


def _pybullet_imports() -> bool:
    try:
        importlib.import_module("pybullet")
    except ImportError:
        return False
    return True
