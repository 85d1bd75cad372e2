"""The picture of how robot and person moved: early and late episodes from above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.report import record
from bisirl_ros.report.plot_style import (
    INK,
    PALE,
    PERSON,
    ROBOT,
    label_axes,
    legend,
    panels,
    titles,
)
from bisirl_ros.report.record import Array, EpisodeRecord, RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 4
"""Episodes drawn on either side."""


def paths(run: RunRecord) -> Figure:
    """Early and late episodes from above, side by side, both bodies at their closest."""
    moved = [e for e in run.episodes if len(e.human_path) or len(e.robot_path)]
    count = min(SHOWN, max(len(moved) // 2, 1))
    sides = [("Early", moved[:count], 0), ("Late", moved[-count:], -1)]
    sides = (
        sides if len(moved) > 1 else [("The only episode" if moved else "No episode yet", moved, 0)]
    )
    low, high = _view(run)
    size_in = (5.0, float(np.clip(5.0 * (high - low)[1] / (high - low)[0], 2.5, 7.5)))
    figure, axes = panels(run, "how robot and person moved", 1, len(sides), size_in)
    for ax, (title, episodes, featured) in zip(axes, sides, strict=True):
        _stage(ax, run)
        for episode in episodes:
            _episode_paths(ax, run, episode, episode is episodes[featured])
        note = ""
        if episodes:
            title += f": {_span(episodes)}" if len(moved) > 1 else ""
            note = _told(episodes[featured], bold=len(episodes) > 1)
        titles(ax, title, note)
        label_axes(ax, "x [m]", "y [m]")
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        ax.set_aspect("equal", adjustable="box", anchor="NW")
    legend(figure, _key())
    return figure


def _view(run: RunRecord) -> tuple[Array, Array]:
    """Lowest and highest x, y (2,) [m] of what there is to see, with a margin."""
    bodies = (run.scenario.robot, run.scenario.human)
    corners = [np.array([body.start[:2], body.goal]) for body in bodies]
    for obstacle in run.scenario.obstacles:
        centre, half = np.array(obstacle.center), np.array(obstacle.size) / 2
        corners += [np.array([centre - half, centre + half])]
    for episode in run.episodes:
        corners += [record.finite_rows(episode.human_path)[:, 1:]]
        corners += [record.finite_rows(episode.robot_path)[:, 1:]]
    seen = np.concatenate(corners)
    return seen.min(axis=0) - 0.4, seen.max(axis=0) + 0.4


def _stage(ax: Axes, run: RunRecord) -> None:
    """The obstacles and the goals."""
    from matplotlib.patches import Ellipse, Patch, Rectangle

    for obstacle in run.scenario.obstacles:
        (x, y), (width, depth) = obstacle.center, obstacle.size
        look: dict[str, Any] = {"fc": PALE, "ec": "#A0A0A0", "zorder": 1}
        patch: Patch = Ellipse((x, y), width, depth, **look)
        if obstacle.shape == "box":
            patch = Rectangle((x - width / 2, y - depth / 2), width, depth, **look)
        ax.add_patch(patch)
    for body, colour in ((run.scenario.robot, ROBOT), (run.scenario.human, PERSON)):
        ax.plot(*body.goal, "*", color=colour, mec=INK, mew=0.8, ms=17, zorder=3)


def _episode_paths(ax: Axes, run: RunRecord, episode: EpisodeRecord, bold: bool) -> None:
    """Both paths; with the seconds along them and the bodies at their closest where `bold`."""
    bodies = (
        (record.finite_rows(episode.robot_path), ROBOT),
        (record.finite_rows(episode.human_path), PERSON),
    )
    start_s = min((path[0, 0] for path, _ in bodies if len(path)), default=0.0)
    for path, colour in bodies:
        ax.plot(path[:, 1], path[:, 2], color=colour, lw=2.4 if bold else 1.1,
                alpha=1.0 if bold else 0.4, solid_capstyle="round", zorder=4)  # fmt: skip
        if bold and len(path):
            _seconds(ax, path, start_s, colour)
    closest = record.closest_approach(episode)
    if bold and closest is not None:
        _, human_m, robot_m = closest
        _circle(ax, robot_m, run.scenario.robot.radius_m, ROBOT)
        _circle(ax, human_m, run.scenario.human.radius_m, PERSON)
        ax.plot(*np.stack([human_m, robot_m]).T, color=INK, lw=1.0, zorder=7)


def _seconds(ax: Axes, path: Array, start_s: float, colour: str) -> None:
    """A numbered dot on the path (N, 3) for every second since start_s [s]."""
    last = math.floor(path[-1, 0] - start_s + 1e-9)
    step = max(1, math.ceil(last / 12))
    for second in range(0, last + 1, step):
        x, y = record.positions(path, np.array([start_s + second]))[0]
        ax.plot(x, y, "o", color=colour, mec="white", mew=0.8, ms=10, zorder=5)
        ink = "white" if colour == ROBOT else INK
        ax.annotate(str(second), (x, y), color=ink, fontsize=6.5, ha="center", va="center",
                    zorder=6, annotation_clip=True)  # fmt: skip


def _circle(ax: Axes, centre_m: Array, radius_m: float, colour: str) -> None:
    from matplotlib.patches import Circle

    centre = (float(centre_m[0]), float(centre_m[1]))
    ax.add_patch(Circle(centre, radius_m, fc=colour, alpha=0.3, lw=0, zorder=3))
    ax.add_patch(Circle(centre, radius_m, fill=False, ec=INK, lw=1.2, zorder=7))


def _key() -> dict[str, Any]:
    """What the legend shows, by its label."""
    from matplotlib.lines import Line2D

    def marker(shape: str, size: float, **look: Any) -> Line2D:
        return Line2D([], [], ls="", marker=shape, ms=size, **look)

    return {
        "robot": Line2D([], [], color=ROBOT, lw=2.4),
        "person": Line2D([], [], color=PERSON, lw=2.4),
        "seconds since the start": marker("$3$", 7, color=INK),
        "goal": marker("*", 13, mfc="white", mec=INK),
        "both bodies at their closest": marker("o", 12, mfc=PALE, mec=INK),
        "obstacle": marker("s", 11, mfc=PALE, mec="#A0A0A0"),
    }


def _span(episodes: list[EpisodeRecord]) -> str:
    a, b = episodes[0].episode, episodes[-1].episode
    return f"episode {a}" if a == b else f"episodes {a} to {b}"


def _told(episode: EpisodeRecord, bold: bool) -> str:
    told = [f"{'bold: ' if bold else ''}episode {episode.episode}", episode.outcome or "cut off"]
    if episode.min_distance_m is not None and math.isfinite(episode.min_distance_m):
        told.append(f"closest {episode.min_distance_m:.2f} m between the centres")
    return ", ".join(told)
