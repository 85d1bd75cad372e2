"""The suite `robot`: what has to hold before a robot may drive near people."""

from __future__ import annotations

from bisirl_ros.verify.robot import (
    cycles,
    gate,
    latency,
    pairs,
    single,
    soak,
    together,
    tracking,
)

EXPERIMENTS = tuple(
    module.EXPERIMENT for module in (gate, pairs, single, together, latency, tracking, cycles, soak)
)
