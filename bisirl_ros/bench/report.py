"""The report of a folder: tables in Markdown and CSV, plots; every number from its cells."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bisirl_ros.bench.methods import BISIRL, HIGHEST, LOWEST
from bisirl_ros.bench.run import runs_of
from bisirl_ros.bench.table import IDENTITY, RETURN, Arena, Table, read_table
from bisirl_ros.report.run_folder import RunFolder

REPORT, CELLS_CSV, SUMMARY_CSV = "report.md", "cells.csv", "summary.csv"
SHOWN = {
    "success": ("done", "{:.1%}"),
    "collisions": ("touched", "{:.2%}"),
    "min_distance_m": ("nearest [m]", "{:.2f}"),
    "personal_s": ("personal [s]", "{:.2f}"),
    "reward_error": ("reward error", "{:.1%}"),
    "coverage": ("coverage", "{:.0%}"),
    "learning_return": ("while learning", "{:.2f}"),
    "seconds": ("cell [s]", "{:.0f}"),
}
"""Columns of the report beside the return: heading and format."""


def report(folder: Path) -> list[Path]:
    """Write report, CSV files and plots into `folder`; their paths.

    Raises InputError where it holds no cells, or cannot be written to.
    """
    table, runs = read_table(folder), runs_of(folder)
    from bisirl_ros.bench.plots import plots  # matplotlib takes a second to import

    files = {
        CELLS_CSV: _csv(_cells(table)),
        SUMMARY_CSV: _csv(_summary(table)),
        **plots(table),
    }
    files[REPORT] = markdown(table, runs, [name for name in files if name.endswith(".png")])
    run_folder = RunFolder(folder)
    return [run_folder.write(name, data) for name, data in files.items()]


def markdown(table: Table, runs: Sequence[Mapping[str, Any]], pictures: Iterable[str]) -> bytes:
    """The report as a page."""
    blocks = ["# Benchmark", _origin(table, runs)]
    blocks += [f"![{name.removesuffix('.png')}]({name})" for name in pictures]
    blocks += ["## All scenarios", _across(table)]
    for arena in table.arenas:
        blocks += [f"## {arena[0]}, people: {arena[1]}", _arena(table, arena)]
    if table.failed:
        blocks += ["## Failed cells", _grid(
            ["scenario", "people", "method", "seed", "reason"],
            [[*(str(c[name]) for name in IDENTITY), c["failed"]] for c in table.failed],
        )]  # fmt: skip
    return ("\n\n".join(blocks) + "\n").encode()


def _origin(table: Table, runs: Sequence[Mapping[str, Any]]) -> str:
    seeds = sorted({c["seed"] for c in table.cells})
    hours = sum(float(c["seconds"]) for c in table.cells) / 3600.0
    lines = [
        f"- {len(table.cells)} cells, {len(table.failed)} failed; seeds {_ranges(seeds)};"
        f" {hours:.2f} hours of one process",
    ]
    for run in runs:
        versions = ", ".join(f"{k} {v}" for k, v in run["versions"].items())
        grid = run["grid"]
        lines += [
            f"- `{run['command']}`, {run['began']}, {run['jobs']} at a time",
            f"  - {run['machine']}; {versions}; commit {run['commit'] or 'unknown'}",
            f"  - learners live through {grid['episodes']} episodes; size "
            + ", ".join(f"{k} {v}" for k, v in grid["size"].items()),
        ]
    if not runs:
        lines.append("- nothing is on record of the machine and the command")
    lines.append(f"- every cell with its seed and time is a row of `{CELLS_CSV}`")
    return "\n".join(lines)


def _across(table: Table) -> str:
    arenas, bad = table.spanned
    lines = [
        f"Interquartile mean of returns over seeds and {_of_arenas(len(arenas))}, on the span of"
        f" each from {LOWEST} (0) to {HIGHEST} (1); 95 % stratified bootstrap interval."
    ]
    lines += [f"Left out: {a[0]}, {a[1]}: {why}." for a, why in bad.items()]
    found = table.aggregates()
    if found:
        ordered = sorted(found.items(), key=lambda pair: -pair[1].score.mean)
        rows = [
            [name, str(x.seeds), f"{x.score.mean:.3f}", _interval(x.score.interval, 3)]
            for name, x in ordered
        ]
        lines += ["", _grid(["method", "seeds", "IQM", "95 %"], rows)]
    return "\n".join(lines)


def _of_arenas(count: int) -> str:
    return "one scenario" if count == 1 else f"{count} scenarios (times kinds of people)"


def _arena(table: Table, arena: Arena) -> str:
    against = table.against(arena)
    shown = [name for name in SHOWN if any(table.by_seed(arena, m, name) for m in table.methods)]
    rows = []
    for method in table.methods:
        found = table.spread(arena, method)
        if found is None:
            continue
        versus = against.get(method)
        row = [method, str(found.n), f"{found.mean:.2f}", _number(found.sd, "{:.2f}")]
        row += [_interval(found.interval, 2)]
        row += [f"{versus.difference:+.2f}", f"{versus.p_holm:.4f}"] if versus else ["", ""]
        for name in shown:
            other = table.spread(arena, method, name)
            row.append(_number(other.mean, SHOWN[name][1]) if other else "")
        rows.append(row)
    head = ["method", "n", "return", "sd", "95 %", f"{BISIRL} - it", "p (Holm)"]
    told = "" if against else f"\n\n{BISIRL} shares no seed with another method: nothing is tested."
    return _grid([*head, *(SHOWN[name][0] for name in shown)], rows) + told


def _cells(table: Table) -> list[list[Any]]:
    """One row a cell; lists by episode with blanks between."""
    names = dict.fromkeys([*IDENTITY, "seconds", "failed", RETURN])
    names |= dict.fromkeys(name for c in table.cells for name in c)
    rows: list[list[Any]] = [list(names)]
    for c in table.cells:
        values = (c.get(name) for name in names)
        rows.append([" ".join(map(str, v)) if isinstance(v, list) else v for v in values])
    return rows


def _summary(table: Table) -> list[list[Any]]:
    """One row a figure of a method in an arena."""
    head = ["scenario", "people", "method", "figure", "n", "mean", "sd", "low", "high"]
    rows: list[list[Any]] = [[*head, "pairs", "bisirl_minus_it", "p", "p_holm"]]
    for arena in table.arenas:
        against = table.against(arena)
        for method in table.methods:
            for figure in table.figures:
                found = table.spread(arena, method, figure)
                if found is None:
                    continue
                sd = found.sd if math.isfinite(found.sd) else None
                row = [*arena, method, figure, found.n, found.mean, sd, *found.interval]
                versus = against.get(method) if figure == RETURN else None
                if versus:
                    row += [versus.seeds, versus.difference, versus.p, versus.p_holm]
                rows.append(row + [None] * (13 - len(row)))
    return rows


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(x.replace("|", "\\|") for x in row) + " |" for row in lines)


def _interval(ends: tuple[float, float], digits: int) -> str:
    return f"[{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"


def _number(value: float, shape: str) -> str:
    return shape.format(value) if math.isfinite(value) else ""


def _ranges(numbers: Sequence[int]) -> str:
    """0, 1, 2, 5 as 0-2, 5."""
    told: list[str] = []
    begin = numbers[0]
    for i, x in enumerate(numbers):
        if i + 1 == len(numbers) or numbers[i + 1] != x + 1:
            told.append(f"{begin}-{x}" if x > begin else f"{x}")
            begin = numbers[min(i + 1, len(numbers) - 1)]
    return ", ".join(told)
