"""Pictures of a benchmark: returns by method, all scenarios together, and as learners learn."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.bench.methods import BISIRL
from bisirl_ros.bench.table import Arena, Table
from bisirl_ros.core.arrays import Array
from bisirl_ros.report.plot_style import (
    ALARM,
    GREY,
    INK,
    PEOPLE,
    ROBOT,
    grid,
    label_axes,
    legend,
    png,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
ROW_IN, WIDTH_IN, NAMES_IN = 0.26, 3.4, 1.5
SIZE_IN = (4.6, 2.8)


def plots(table: Table) -> dict[str, bytes]:
    """PNG files by name; those of which there is something to show."""
    found = {"returns.png": _returns(table)}
    if table.aggregates():
        found["across.png"] = _across(table)
    if any(_curves(table, arena) for arena in table.arenas):
        found["learning.png"] = _learning(table)
    return found


def _returns(table: Table) -> bytes:
    """Every seed a dot; mean and interval on top."""
    arenas = table.arenas
    columns = min(COLUMNS, len(arenas))
    rows = -(-len(arenas) // columns)
    size = (WIDTH_IN + NAMES_IN, ROW_IN * len(table.methods) + 0.4)
    told = "every seed a dot; mean and 95 % bootstrap interval"
    figure, axes = grid("Return of the finished policy", told, rows, columns, size)
    for ax, arena in zip(axes, arenas, strict=False):
        for y, method in enumerate(table.methods):
            values, found = table.by_seed(arena, method), table.spread(arena, method)
            if found:
                ax.plot(list(values.values()), [y] * len(values), "o", color=GREY, ms=3, alpha=0.5)
                _bar(ax, y, found.mean, found.interval, method)
        _named(ax, table.methods)
        titles(ax, arena[0], f"people: {arena[1]}")
        label_axes(ax, "return", "")
    for ax in axes[len(arenas) :]:
        ax.set_axis_off()
    return png(figure)


def _across(table: Table) -> bytes:
    """Interquartile means, the best on top."""
    found = sorted(table.aggregates().items(), key=lambda pair: -pair[1].score.mean)
    size = (WIDTH_IN + NAMES_IN, ROW_IN * len(found) + 0.4)
    told = f"{len(table.spanned[0])} scenarios and kinds of people; 95 % stratified bootstrap"
    figure, (ax,) = grid("Share of the span from go_to_goal to oracle", told, 1, 1, size)
    for y, (method, x) in enumerate(found):
        _bar(ax, y, x.score.mean, x.score.interval, method)
    _named(ax, [method for method, _ in found])
    for at in (0.0, 1.0):
        ax.axvline(at, color=INK, lw=0.8, ls=":")
    label_axes(ax, "interquartile mean of normalised returns", "")
    return png(figure)


def _learning(table: Table) -> bytes:
    """Mean return of each episode as it was lived."""
    from matplotlib.ticker import MaxNLocator

    arenas = [arena for arena in table.arenas if _curves(table, arena)]
    columns = min(COLUMNS, len(arenas))
    rows = -(-len(arenas) // columns)
    told = "return of each episode as it was lived, mean over seeds"
    figure, axes = grid("While learning", told, rows, columns, SIZE_IN)
    curves = {arena: _curves(table, arena) for arena in arenas}
    learners = [m for m in table.methods if any(m in of for of in curves.values()) and m != BISIRL]
    colours = dict(zip(learners, itertools.cycle(PEOPLE), strict=False)) | {BISIRL: ROBOT}
    key = {}
    for ax, arena in zip(axes, arenas, strict=False):
        for method, curve in curves[arena].items():
            episodes = np.arange(1, len(curve) + 1)
            (key[method],) = ax.plot(episodes, curve, lw=1.4, color=colours[method])
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        titles(ax, arena[0], f"people: {arena[1]}")
        label_axes(ax, "episode", "return")
    for ax in axes[len(arenas) :]:
        ax.set_axis_off()
    legend(figure, key)
    return png(figure)


def _curves(table: Table, arena: Arena) -> dict[str, Array]:
    """Mean return by episode, of the methods that learn."""
    found: dict[str, list[list[float]]] = {}
    for cell in table.cells:
        if (cell["scenario"], cell["people"]) == arena and cell.get("returns"):
            found.setdefault(cell["method"], []).append(cell["returns"])
    return {method: np.mean(np.array(rows, float), 0) for method, rows in found.items()}


def _bar(ax: Axes, y: int, mean: float, interval: tuple[float, float], method: str) -> None:
    colour = ROBOT if method == BISIRL else ALARM
    ax.plot(interval, [y, y], "-", color=colour, lw=2.4, solid_capstyle="butt")
    ax.plot([mean], [y], "o", color=colour, ms=5)


def _named(ax: Axes, methods: list[str]) -> None:
    """Methods down the y axis, which leaves room for their names."""
    box = ax.get_position()
    share = NAMES_IN / (WIDTH_IN + NAMES_IN) * box.width
    ax.set_position((box.x0 + share, box.y0, box.width - share, box.height))
    ax.set_yticks(range(len(methods)), methods)
    ax.set_ylim(len(methods) - 0.4, -0.6)
