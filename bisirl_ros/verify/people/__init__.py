"""The suite `people`: recordings, and what is learned of the people in them."""

from __future__ import annotations

from bisirl_ros.verify.people import (
    bags,
    compliant,
    constant_velocity,
    coverage,
    crowds,
    determinism,
    page,
    prediction,
    recorder,
    speed,
)

EXPERIMENTS = tuple(
    module.EXPERIMENT
    for module in (
        bags,
        determinism,
        recorder,
        speed,
        constant_velocity,
        prediction,
        crowds,
        compliant,
        coverage,
        page,
    )
)
