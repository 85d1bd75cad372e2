"""All single faults, by name."""

from __future__ import annotations

from bisirl_ros.verify.robot import (
    injected_clock,
    injected_learner,
    injected_robot,
    injected_tracker,
)
from bisirl_ros.verify.robot.injected import Kind

KINDS: dict[str, Kind] = {
    **injected_tracker.KINDS,
    **injected_robot.KINDS,
    **injected_learner.KINDS,
    **injected_clock.KINDS,
}
