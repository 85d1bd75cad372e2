"""The picture of how robot and people moved: early and late episodes from above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.report.closest import Closest, closest_approach, finite_rows, positions
from bisirl_ros.report.plot_style import (
    GREY,
    INK,
    MOST_NAMED,
    PALE,
    ROBOT,
    label_axes,
    legend,
    panels,
    person_colour,
    titles,
)
from bisirl_ros.report.record import Array, EpisodeRecord, RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WALL = GREY
SHOWN = 4
"""Episodes drawn on either side."""


def paths(run: RunRecord) -> Figure:
    """Early and late episodes from above, side by side, the robot and whoever came closest."""
    moved = [e for e in run.episodes if e.people_paths or len(e.robot_path)]
    count = min(SHOWN, max(len(moved) // 2, 1))
    sides = [("Early", moved[:count], 0), ("Late", moved[-count:], -1)]
    sides = (
        sides if len(moved) > 1 else [("The only episode" if moved else "No episode yet", moved, 0)]
    )
    low, high = _view(run)
    size_in = (5.0, float(np.clip(5.0 * (high - low)[1] / (high - low)[0], 2.5, 7.5)))
    who = "person" if run.scenario.people == 1 else "people"
    figure, axes = panels(run, f"how robot and {who} moved", 1, len(sides), size_in)
    for ax, (title, episodes, featured) in zip(axes, sides, strict=True):
        _stage(ax, run, episodes[featured] if episodes else None)
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
    legend(figure, _key(run))
    return figure


def _view(run: RunRecord) -> tuple[Array, Array]:
    """Lowest and highest x, y (2,) [m] of what there is to see, with a margin."""
    floor, starts = run.scenario.floor, run.scenario.starts
    people = starts.people[: run.scenario.people]
    corners = [np.array([starts.robot.pose[:2], starts.robot.goal])]
    corners += [np.array([p.position, *p.goals]) for p in people]
    corners += [np.reshape(floor.walls, (-1, 2))]
    for x, y, radius in floor.discs:
        corners += [np.array([(x - radius, y - radius), (x + radius, y + radius)])]
    for episode in run.episodes:
        for path in (episode.robot_path, *episode.people_paths.values()):
            corners += [finite_rows(path)[:, 1:]]
    seen = np.concatenate(corners)
    return seen.min(axis=0) - 0.4, seen.max(axis=0) + 0.4


def _stage(ax: Axes, run: RunRecord, episode: EpisodeRecord | None) -> None:
    """Walls and pillars, and where all are going: as told of an episode, else as the scenario has.

    Of several possible goals of a person each is drawn, hollow.
    """
    from matplotlib.patches import Circle

    for x1, y1, x2, y2 in run.scenario.floor.walls:
        ax.plot([x1, x2], [y1, y2], color=WALL, lw=3.0, solid_capstyle="round", zorder=2)
    for x, y, radius in run.scenario.floor.discs:
        ax.add_patch(Circle((x, y), radius, fc=PALE, ec=WALL, zorder=2))
    starts = run.scenario.starts
    goals: dict[str, Any] = {
        name: start.goals
        for name, start in zip(run.scenario.identities, starts.people, strict=False)
    }
    goals |= {} if episode is None else episode.goals
    for name, some in goals.items():
        colour = person_colour(run, name)
        face = colour if len(some) == 1 else "white"
        for x, y in some:
            ax.plot(x, y, "*", color=face, mec=INK if len(some) == 1 else colour, mew=0.8, ms=15,
                    zorder=3)  # fmt: skip
    route = [starts.robot.goal] if episode is None or episode.route is None else episode.route
    if len(route) > 1:
        ax.plot(*np.asarray(route).T, color=ROBOT, lw=1.0, ls=":", zorder=2)
    ax.plot(*route[-1], "*", color=ROBOT, mec=INK, mew=0.8, ms=17, zorder=3)


def _episode_paths(ax: Axes, run: RunRecord, episode: EpisodeRecord, bold: bool) -> None:
    """All paths; with the seconds along them and the bodies at their closest where `bold`."""
    bodies = [(finite_rows(episode.robot_path), ROBOT)]
    bodies += [
        (finite_rows(path), person_colour(run, name)) for name, path in episode.people_paths.items()
    ]
    start_s = min((path[0, 0] for path, _ in bodies if len(path)), default=0.0)
    for path, colour in bodies:
        ax.plot(path[:, 1], path[:, 2], color=colour, lw=2.4 if bold else 1.1,
                alpha=1.0 if bold else 0.35, solid_capstyle="round", zorder=4)  # fmt: skip
        if bold and len(path):
            _seconds(ax, path, start_s, colour)
    closest = closest_approach(episode)
    if bold and closest is not None:
        _bodies(ax, run, closest)


def _bodies(ax: Axes, run: RunRecord, closest: Closest) -> None:
    """The robot and whoever it came closest to, at that moment."""
    colour = person_colour(run, closest.identity)
    _circle(ax, closest.robot_m, run.scenario.robot.radius_m, ROBOT)
    _circle(ax, closest.person_m, run.scenario.person.radius_m, colour)
    ax.plot(*np.stack([closest.person_m, closest.robot_m]).T, color=INK, lw=1.0, zorder=7)


def _seconds(ax: Axes, path: Array, start_s: float, colour: str) -> None:
    """A numbered dot on the path (N, 3) for every second since start_s [s]."""
    last = math.floor(path[-1, 0] - start_s + 1e-9)
    step = max(1, math.ceil(last / 12))
    for second in range(0, last + 1, step):
        x, y = positions(path, np.array([start_s + second]))[0]
        ax.plot(x, y, "o", color=colour, mec="white", mew=0.8, ms=10, zorder=5)
        ink = "white" if colour == ROBOT else INK
        ax.annotate(str(second), (x, y), color=ink, fontsize=6.5, ha="center", va="center",
                    zorder=6, annotation_clip=True)  # fmt: skip


def _circle(ax: Axes, centre_m: Array, radius_m: float, colour: str) -> None:
    from matplotlib.patches import Circle

    centre = (float(centre_m[0]), float(centre_m[1]))
    ax.add_patch(Circle(centre, radius_m, fc=colour, alpha=0.3, lw=0, zorder=3))
    ax.add_patch(Circle(centre, radius_m, fill=False, ec=INK, lw=1.2, zorder=7))


def _key(run: RunRecord) -> dict[str, Any]:
    """What the legend shows, by its label."""
    from matplotlib.lines import Line2D

    def marker(shape: str, size: float, **look: Any) -> Line2D:
        return Line2D([], [], ls="", marker=shape, ms=size, **look)

    key = {"robot": Line2D([], [], color=ROBOT, lw=2.4)}
    names = run.names
    for name in names[:MOST_NAMED]:
        label = "person" if len(names) == 1 else name
        key[label] = Line2D([], [], color=person_colour(run, name), lw=2.4)
    key["seconds since the start"] = marker("$3$", 7, color=INK)
    key["goal"] = marker("*", 13, mfc="white", mec=INK)
    if names:
        key["both bodies at their closest"] = marker("o", 12, mfc=PALE, mec=INK)
    if run.scenario.floor.walls:
        key["wall"] = Line2D([], [], color=WALL, lw=3.0)
    if run.scenario.floor.discs:
        key["pillar"] = marker("o", 11, mfc=PALE, mec=WALL)
    return key


def _span(episodes: list[EpisodeRecord]) -> str:
    a, b = episodes[0].episode, episodes[-1].episode
    return f"episode {a}" if a == b else f"episodes {a} to {b}"


def _told(episode: EpisodeRecord, bold: bool) -> str:
    told = [f"{'bold: ' if bold else ''}episode {episode.episode}", episode.outcome or "cut off"]
    if episode.min_distance_m is not None and math.isfinite(episode.min_distance_m):
        told.append(f"closest {episode.min_distance_m:.2f} m between the centres")
    return ", ".join(told)
