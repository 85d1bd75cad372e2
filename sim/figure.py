"""A walking figure in PyBullet: clothes of its own, and limbs that swing as it walks."""

from __future__ import annotations

import math
import tempfile
import xml.etree.ElementTree as ElementTree
from importlib import resources
from pathlib import Path

import pybullet  # type: ignore[import-not-found]

from bisirl_sim.gait import STRIDE_M, walking_pose
from bisirl_sim.scene import joints_by_name

Rgb = tuple[float, float, float]
TURNING_SPEED = 0.1
"""Below this speed [m/s] somebody keeps their heading."""
GOLDEN = 0.618034
"""Share of a stride by which each is ahead of the one before: a crowd does not march in step."""
SHIRTS: tuple[Rgb, ...] = (
    (0.90, 0.33, 0.10),
    (0.16, 0.58, 0.30),
    (0.58, 0.22, 0.62),
    (0.93, 0.72, 0.12),
    (0.82, 0.13, 0.22),
    (0.10, 0.62, 0.62),
    (0.88, 0.47, 0.62),
    (0.48, 0.34, 0.20),
)
TROUSERS: tuple[Rgb, ...] = ((0.17, 0.20, 0.30), (0.36, 0.33, 0.30), (0.11, 0.12, 0.13))
HAIR: tuple[Rgb, ...] = ((0.24, 0.15, 0.09), (0.62, 0.45, 0.22), (0.09, 0.08, 0.08))
SKIN: tuple[Rgb, ...] = ((0.93, 0.74, 0.60), (0.78, 0.57, 0.42), (0.55, 0.37, 0.26))


def shirt(index: int) -> Rgb:
    """Colour of the shirt of person `index`; darker each time they have to be used again."""
    shade = 0.78 ** (index // len(SHIRTS))
    r, g, b = SHIRTS[index % len(SHIRTS)]
    return shade * r, shade * g, shade * b


class Figure:
    """Person `index` in physics client `client`, for pictures only: nothing runs into it.

    heading: where it looks until it walks [rad].
    """

    def __init__(self, client: int, index: int, heading: float) -> None:
        self._client, self._heading = client, heading
        self._phase = math.tau * math.fmod(GOLDEN * index, 1.0)
        self._place: tuple[float, float] | None = None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "human.urdf"
            path.write_text(_dressed(index), encoding="utf-8")
            self._body = int(
                pybullet.loadURDF(str(path), useFixedBase=True, physicsClientId=client)
            )
        self._limbs = joints_by_name(client, self._body)

    def show(self, x: float, y: float, vx: float, vy: float) -> None:
        """Put it at x, y [m]; its limbs follow the distance walked since the last call."""
        walked_m = math.dist(self._place, (x, y)) if self._place else 0.0
        self._place = (x, y)
        self._phase = (self._phase + math.tau * walked_m / STRIDE_M) % math.tau
        speed = math.hypot(vx, vy)
        if speed > TURNING_SPEED:
            self._heading = math.atan2(vy, vx)
        pose = walking_pose(self._phase, speed)
        turn = (0.0, 0.0, math.sin(0.5 * self._heading), math.cos(0.5 * self._heading))
        pybullet.resetBasePositionAndOrientation(
            self._body, (x, y, pose.hip_height_m), turn, physicsClientId=self._client
        )
        for name, angle in pose.joints.items():
            pybullet.resetJointState(
                self._body, self._limbs[name], angle, 0.0, physicsClientId=self._client
            )


def _dressed(index: int) -> str:
    """`human.urdf` in the clothes of person `index`."""
    asset = resources.files("bisirl_sim") / "assets" / "human.urdf"
    root = ElementTree.fromstring(asset.read_text(encoding="utf-8"))
    r, g, b = shirt(index)
    colours = {
        "shirt": (r, g, b),
        "sleeve": (0.88 * r, 0.85 * g, 0.85 * b),
        "trousers": TROUSERS[index % len(TROUSERS)],
        "hair": HAIR[index % len(HAIR)],
        "skin": SKIN[index // 2 % len(SKIN)],
    }
    for material in root.findall("material"):
        name, colour = material.get("name", ""), material.find("color")
        if name in colours and colour is not None:
            colour.set("rgba", " ".join(f"{value:.3f}" for value in (*colours[name], 1.0)))
    return ElementTree.tostring(root, encoding="unicode")
