"""What only the rigid body can get wrong: shoved at a wall, or held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import FloorPlan, Scenario

pybullet = pytest.importorskip("pybullet")

from bisirl_sim import bullet  # noqa: E402
from bisirl_sim.bullet import BulletWorld  # noqa: E402


def shove(world: BulletWorld, velocity: tuple[float, float, float]) -> None:
    """Overwrite the robot's velocity [m/s], whatever it was told."""
    pybullet.resetBaseVelocity(
        world._robot, velocity, (0.0, 0.0, 0.0), physicsClientId=world._client
    )


@pytest.mark.parametrize(("without", "give_m"), [("solids", 0.011), ("rule", 0.03)])
def test_a_shoved_robot_is_stopped_by_solid_walls_and_by_the_rule_alone(
    gap: Scenario, monkeypatch: pytest.MonkeyPatch, without: str, give_m: float
) -> None:
    if without == "rule":
        monkeypatch.setattr(BulletWorld, "_keep_out", lambda *_: None)
    else:
        whole: Any = bullet.build_solids
        monkeypatch.setattr(
            bullet,
            "build_solids",
            lambda client, scenario: whole(client, replace(scenario, floor=FloorPlan())),
        )
    world, radius_m = BulletWorld(gap), gap.robot.radius_m
    far = np.array([[3.0, 3.0, 0.0, 0.0], [-3.0, 3.0, 0.0, 0.0]])
    for place, velocity in (
        ((-0.5, -2.0), (2.0, 0.0, 0.0)),
        ((0.5, 2.0), (-2.0, 0.5, 0.0)),
        ((1.6, -0.8), (0.0, -2.0, 0.0)),
    ):
        world.reset(np.array([*place, 0.0, 0.0, 0.0, 0.0]), far)
        gaps = []
        for _ in range(60):
            shove(world, velocity)
            world.step()
            here = gap.room.walls.new_tensor(world.robot_state()[:2])
            gaps.append(float(gap.room.clearance(here)))
        assert min(gaps) == pytest.approx(radius_m, abs=give_m), "it came there, and no further"
        outwards = np.sign(place[0]) * world.robot_state()[0]
        assert outwards > 0.0, "it is still on its side"
    world.close()


def test_wheels_that_were_held_start_gently(open_room: Scenario) -> None:
    world = BulletWorld(open_room)
    here = world.robot_state()[:2]
    held = pybullet.createConstraint(
        world._robot,
        -1,
        -1,
        -1,
        pybullet.JOINT_FIXED,
        (0, 0, 0),
        (0, 0, 0),
        (*here, 0.08),
        physicsClientId=world._client,
    )
    world.command_robot(1.0, 0.0, 0.0)
    for _ in range(100):
        world.step()
    assert abs(world.robot_state()[3]) < 0.1
    pybullet.removeConstraint(held, physicsClientId=world._client)
    speeds = []
    for _ in range(200):
        world.step()
        speeds.append(world.robot_state()[3])
    assert speeds[20] < 0.7
    assert speeds[-1] == pytest.approx(1.0, abs=0.02)
    world.close()
