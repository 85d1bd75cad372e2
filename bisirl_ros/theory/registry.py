"""All experiments of `bisirl theory`, in the order in which they are run."""

from __future__ import annotations

from bisirl_ros.theory import (
    active,
    convergence,
    coverage,
    drift,
    efficiency,
    evidence,
    hypergradient,
    identifiability,
    negative,
    rust1987,
    settling,
    speed,
)

EXPERIMENTS = tuple(
    module.EXPERIMENT
    for module in (
        hypergradient,
        convergence,
        settling,
        identifiability,
        efficiency,
        coverage,
        evidence,
        active,
        drift,
        rust1987,
        negative,
        speed,
    )
)
