"""What cells say: figures over seeds, paired tests, one number for all scenarios."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.bench.methods import BISIRL, HIGHEST, LOWEST
from bisirl_ros.bench.run import CELLS, runs_of
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.metrics.compare import (
    Interquartile,
    Spread,
    holm,
    interquartile,
    normalised,
    signed_rank_p,
    spread,
)

RETURN = "return"
IDENTITY = ("scenario", "people", "method", "seed")
Arena = tuple[str, str]
"""A scenario and a kind of people."""


@dataclass(frozen=True)
class Compared:
    """BISIRL against another method in one arena, on the seeds that both have.

    seeds: how many; difference: mean of BISIRL's return less the other's
    p: Wilcoxon's; p_holm: corrected for the number of methods in the arena
    """

    seeds: int
    difference: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class Aggregate:
    """A method over all arenas: interquartile mean of its returns, go_to_goal 0 and oracle 1.

    seeds: those that it has in every arena
    """

    seeds: int
    score: Interquartile


@dataclass(frozen=True)
class Table:
    """cells: one row each, in order of arena, method and seed; the failed ones among them."""

    cells: tuple[dict[str, Any], ...]

    @property
    def arenas(self) -> list[Arena]:
        """All, in the order in which they were asked for."""
        return list(dict.fromkeys((c["scenario"], c["people"]) for c in self.cells))

    @property
    def methods(self) -> list[str]:
        """All, in the order in which they were asked for."""
        return list(dict.fromkeys(c["method"] for c in self.cells))

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Cells without a result."""
        return [c for c in self.cells if "failed" in c]

    def by_seed(self, arena: Arena, method: str, figure: str = RETURN) -> dict[int, float]:
        """A figure by seed, of the cells that have it and did not fail."""
        return {
            c["seed"]: float(c[figure])
            for c in self.cells
            if (c["scenario"], c["people"], c["method"]) == (*arena, method)
            and "failed" not in c
            and isinstance(c.get(figure), (int, float))
        }

    @property
    def figures(self) -> list[str]:
        """Names of the numbers that cells have."""
        names = dict.fromkeys(
            name
            for c in self.cells
            for name, value in c.items()
            if isinstance(value, (int, float)) and name not in IDENTITY
        )
        return list(names)

    def spread(self, arena: Arena, method: str, figure: str = RETURN) -> Spread | None:
        """Over seeds; None where no cell has it."""
        found = list(self.by_seed(arena, method, figure).values())
        return spread(found) if found else None

    def against(self, arena: Arena) -> dict[str, Compared]:
        """BISIRL against every other method that shares a seed with it."""
        ours = self.by_seed(arena, BISIRL)
        apart = {}
        for method in self.methods:
            theirs = self.by_seed(arena, method)
            both = sorted(ours.keys() & theirs.keys())
            if method != BISIRL and both:
                apart[method] = np.array([ours[seed] - theirs[seed] for seed in both])
        p = {method: signed_rank_p(difference) for method, difference in apart.items()}
        corrected = dict(zip(p, holm(list(p.values())), strict=True)) if p else {}
        return {
            method: Compared(len(x), float(x.mean()), p[method], corrected[method])
            for method, x in apart.items()
        }

    @property
    def spanned(self) -> tuple[list[Arena], dict[Arena, str]]:
        """Arenas with a span from go_to_goal up to the oracle; of the others, why there is none."""
        good, bad = [], {}
        for arena in self.arenas:
            low, high = (self.spread(arena, name) for name in (LOWEST, HIGHEST))
            if low is None or high is None:
                bad[arena] = f"no {LOWEST if low is None else HIGHEST}"
            elif high.mean <= low.mean:
                bad[arena] = f"{HIGHEST} {high.mean:.3g} is not above {LOWEST} {low.mean:.3g}"
            else:
                good.append(arena)
        return good, bad

    def aggregates(self) -> dict[str, Aggregate]:
        """Every method that has a seed in all arenas with a span."""
        arenas, _ = self.spanned
        ends = [self._means(arenas, name) for name in (LOWEST, HIGHEST)]
        found = {}
        for method in self.methods if arenas else ():
            of = [self.by_seed(arena, method) for arena in arenas]
            seeds = sorted(set.intersection(*(set(x) for x in of)))
            if seeds:
                scores = np.array([[x[seed] for x in of] for seed in seeds])
                score = interquartile(normalised(scores, *ends))
                found[method] = Aggregate(len(seeds), score)
        return found

    def _means(self, arenas: Sequence[Arena], method: str) -> Array:
        return np.array([np.mean(list(self.by_seed(arena, method).values())) for arena in arenas])


def read_table(folder: Path) -> Table:
    """The cells in a folder; a line that was being written when a run died counts as not there.

    Raises InputError where there are none.
    """
    path = folder / CELLS
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); give the folder of a `bisirl bench`"
        ) from error
    lines = whole[: whole.rfind(b"\n") + 1].splitlines()
    try:
        rows = {json.loads(line)["part"]: json.loads(line)["found"] for line in lines[1:]}
        for row in rows.values():
            missing = [name for name in (*IDENTITY, "seconds") if name not in row]
            if missing or not ("failed" in row or math.isfinite(row[RETURN])):
                raise KeyError(*missing or [RETURN])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is not a file of cells ({error!r})") from error
    if not rows:
        raise InputError(f"{path}: holds no cell yet; let `bisirl bench` run")
    return Table(_ordered(list(rows.values()), [run["grid"] for run in runs_of(folder)]))


def _ordered(
    cells: Sequence[dict[str, Any]], grids: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """As the grids list them, in whatever order they were done; the seeds of a method together."""
    ranks = []
    for what, listed in (("scenario", "scenarios"), ("people", "people"), ("method", "methods")):
        asked = (name for grid in grids for name in grid.get(listed, ()))
        names = dict.fromkeys([*asked, *(c[what] for c in cells)])
        ranks.append((what, {name: i for i, name in enumerate(names)}))
    return tuple(sorted(cells, key=lambda c: (*(rank[c[w]] for w, rank in ranks), c["seed"])))
