"""Cells of the benchmark as parts of an experiment: as `bisirl bench` measures them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bisirl_ros.bench.grid import Grid
from bisirl_ros.bench.run import measured
from bisirl_ros.errors import InputError
from bisirl_ros.verify.experiment import Say, Setup

Rows = dict[tuple[str, str, str], list[dict[str, Any]]]
"""One row a seed, by scenario, people and method."""


def cells(
    setup: Setup,
    say: Say,
    scenarios: Sequence[str],
    people: Sequence[str],
    methods: Sequence[str],
    seeds: Sequence[int],
) -> Rows:
    """All of them; raises InputError where one failed."""
    grid = Grid().quick() if setup.quick else Grid()
    every = [(s, p, m) for s in scenarios for p in people for m in methods]
    wanted = {
        f"{s}, {p}, {m}, seed {seed}": (s, p, m, seed, asdict(grid.size), grid.episodes)
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
