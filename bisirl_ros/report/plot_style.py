"""How every picture of a run looks: colours, panels, titles, legend; matplotlib without pyplot."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bisirl_ros.report.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people tell apart.
ROBOT, PERSON, ALARM, GOOD = "#0072B2", "#E69F00", "#D55E00", "#009E73"
PEOPLE = (PERSON, "#CC79A7", "#009E73", "#56B4E9", "#8C6D31", "#7A5195")
MOST_NAMED = 6
"""People whom a legend names one by one."""
INK, GREY, PALE = "#222222", "#666666", "#D9D9D9"

# Margins around and gaps between the panels [inch].
LEFT, RIGHT, TOP, BOTTOM, GAP_X, GAP_Y = 0.75, 0.25, 1.2, 1.0, 0.8, 1.0


def panels(
    run: RunRecord, about: str, rows: int, columns: int, size_in: tuple[float, float]
) -> tuple[Figure, list[Axes]]:
    """A figure of a run with its heading and rows x columns panels of size_in [inch]."""
    count = len(run.episodes)
    told = f"{count} episode{'' if count == 1 else 's'}, seed {run.seed}"
    told += ", stopped early" if run.interrupted else ""
    return grid(f"{run.scenario.name}: {about}", told, rows, columns, size_in)


def grid(
    heading: str, told: str, rows: int, columns: int, size_in: tuple[float, float]
) -> tuple[Figure, list[Axes]]:
    """A figure with a heading, a line under it and panels of size_in (width, height) [inch]."""
    from matplotlib.figure import Figure

    width = LEFT + columns * size_in[0] + (columns - 1) * GAP_X + RIGHT
    height = TOP + rows * size_in[1] + (rows - 1) * GAP_Y + BOTTOM
    figure = Figure(figsize=(width, height), dpi=150, facecolor="white")
    axes = []
    for i in range(rows * columns):
        left = LEFT + (i % columns) * (size_in[0] + GAP_X)
        bottom = height - TOP - (i // columns) * (size_in[1] + GAP_Y) - size_in[1]
        box = (left / width, bottom / height, size_in[0] / width, size_in[1] / height)
        axes.append(figure.add_axes(box))
    x = LEFT / width
    figure.text(x, 1 - 0.2 / height, heading, fontsize=12.5, va="top", color=INK)
    figure.text(x, 1 - 0.43 / height, told, fontsize=9, va="top", color=GREY)
    return figure, axes


def titles(ax: Axes, title: str, note: str) -> None:
    """A bold title above a panel, and a grey note under it."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    look: dict[str, Any] = {"fontsize": 10.5, "fontweight": "bold", "color": INK}
    ax.annotate(title, (0, 1), (0, 20), **place, **look)
    ax.annotate(note, (0, 1), (0, 7), **place, fontsize=8.5, color=GREY)


def label_axes(ax: Axes, x: str, y: str) -> None:
    """Axis labels with their units, light grid, no box."""
    ax.set_xlabel(x, fontsize=9, color=INK)
    ax.set_ylabel(y, fontsize=9, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8.5, colors=INK)
    ax.grid(True, color="#EEEEEE", lw=0.8)
    ax.set_axisbelow(True)


def person_colour(run: RunRecord, identity: str) -> str:
    """Of one person, the same in every picture of a run; after so many they come again."""
    names = run.names
    return PEOPLE[names.index(identity) % len(PEOPLE)] if identity in names else GREY


def episodes_axis(ax: Axes, run: RunRecord, y: str) -> None:
    """The episodes on the x axis, whole numbers only; y: label of the other axis."""
    from matplotlib.ticker import MaxNLocator

    numbers = [e.episode for e in run.episodes] or [1]
    ax.set_xlim(min(numbers) - 0.6, max(numbers) + 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    label_axes(ax, "episode", y)


def legend(figure: Figure, key: Mapping[str, Any]) -> None:
    """One legend under all panels, in one row or two. key: what to draw, by its label."""
    needed_in = sum(0.75 + 0.075 * len(label) for label in key)
    columns = len(key) if needed_in < figure.get_figwidth() else math.ceil(len(key) / 2)
    figure.legend(
        list(key.values()), list(key), loc="lower center", ncol=max(columns, 1), frameon=False,
        fontsize=9, handletextpad=0.6, columnspacing=1.8, labelcolor=INK,
    )  # fmt: skip


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
