"""A picture of a scenario: the robot follows its route and people walk straight for a while.

`python -m bisirl_sim.render --scenario crossing --out picture.png`
"""

from __future__ import annotations

import argparse
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import follow
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.errors import InputError, exit_cleanly
from bisirl_sim.episode import Episode
from bisirl_sim.humans import StraightWalker
from bisirl_sim.kinematic import KinematicWorld
from bisirl_sim.world import make_painter

ROBOT_SPEED_SHARE = 0.8
TURN_GAIN = 1.5
"""Turn rate over the angle to where the robot is going [1/s]."""


def picture(
    scenario: Scenario,
    time_s: float = 2.3,
    width: int = 960,
    height: int = 540,
    camera: str = "oblique",
    seed: int = 0,
) -> Array:
    """The room after `time_s` [s], uint8 RGB, shape (height, width, 3).

    Raises InputError without pybullet, for an unknown camera, an empty picture or a bad time.
    """
    if not 0.0 <= time_s <= 600.0:
        raise InputError(f"time = {time_s}: give a time in [0, 600] s")
    painter = make_painter(scenario)
    try:
        world, walker = KinematicWorld(scenario), StraightWalker(scenario, noise=0.0)
        episode = Episode(scenario, world, np.random.default_rng(seed))
        goal = episode.start.aims.robot_goal[0].numpy()
        for step in range(round(time_s / world.dt_s) + 1):
            if step:
                world.step()
            episode.move_people(walker)
            world.command_robot(*_steer(scenario, episode.situation))
            painter.show(world.robot_state(), world.people_state(), goal)
        return painter.render(width, height, camera)
    finally:
        painter.close()


def _steer(scenario: Scenario, situation: Situation) -> tuple[float, float, float]:
    """Towards where the route leads, nobody minded: vx, vy [m/s], wz [rad/s]."""
    carrot, _ = follow(situation.aims.route, situation.robot[:, :2])
    x, y = (carrot - situation.robot[:, :2])[0].tolist()
    wz = TURN_GAIN * math.remainder(math.atan2(y, x) - float(situation.robot[0, 2]), math.tau)
    return ROBOT_SPEED_SHARE * scenario.robot.max_speed, 0.0, wz


def save_png(image: Array, path: Path) -> None:
    """Write an RGB image, uint8 (h, w, 3), as PNG; raises InputError if it cannot be written."""
    height, width, _ = image.shape
    rows = np.pad(image.reshape(height, width * 3), ((0, 0), (1, 0)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in (
        (b"IHDR", header),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ):
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def main(arguments: list[str] | None = None) -> int:
    """Save the picture that the command line asks for."""
    parser = argparse.ArgumentParser(prog="bisirl_sim.render", description=__doc__)
    parser.add_argument("--scenario", default="crossing", help="a name or the path of a .yaml file")
    parser.add_argument("--out", type=Path, required=True, help="the PNG file to write")
    parser.add_argument("--people", type=int, help="how many take part")
    parser.add_argument("--time", type=float, default=2.3, help="seconds to play first")
    parser.add_argument("--camera", default="oblique", help="oblique or top")
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--height", type=int, default=540)
    args = parser.parse_args(arguments)
    scenario = load_scenario(args.scenario, people=args.people)
    save_png(picture(scenario, args.time, args.width, args.height, args.camera), args.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(exit_cleanly(main))
