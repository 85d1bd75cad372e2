"""Cells of the benchmark as parts of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bisirl_ros.bench.cell import Size
from bisirl_ros.bench.run import measured
from bisirl_ros.errors import InputError
from bisirl_ros.verify.experiment import Say, Setup

Rows = dict[tuple[str, str, str], list[dict[str, Any]]]
"""One row a seed, by scenario, people and method."""

FULL, QUICK = Size(60, 2, 2, 512), Size(3, 1, 1, 32)
EPISODES, QUICK_EPISODES = 24, 2
"""That a learner lives through."""


def cells(
    setup: Setup,
    say: Say,
    scenarios: Sequence[str],
    people: Sequence[str],
    methods: Sequence[str],
    seeds: Sequence[int],
) -> Rows:
    """All of them; raises InputError where one failed."""
    size = asdict(QUICK if setup.quick else FULL)
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    every = [(s, p, m) for s in scenarios for p in people for m in methods]
    wanted = {
        f"{s}, {p}, {m}, seed {seed}": (s, p, m, seed, size, episodes)
        for s, p, m in every
        for seed in seeds
    }
    found = setup.parts.measure(measured, wanted, say)
    for name, row in found.items():
        if "failed" in row:
            raise InputError(f"{name}: {row['failed']}")
    return {
        (s, p, m): [found[f"{s}, {p}, {m}, seed {seed}"] for seed in seeds] for s, p, m in every
    }
