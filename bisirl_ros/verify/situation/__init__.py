"""The suite `situation`: several people, goals at run time, walls, drives, noise."""

from __future__ import annotations

from bisirl_ros.verify.situation import (
    as_before,
    drives,
    goals,
    latent_goal,
    noise,
    noise_over_dds,
    people,
    pooled,
    speed,
    walls,
)

EXPERIMENTS = tuple(
    module.EXPERIMENT
    for module in (
        speed,
        walls,
        people,
        pooled,
        noise,
        latent_goal,
        goals,
        drives,
        as_before,
        noise_over_dds,
    )
)
