"""Pictures of what was found of recorded people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.crowd.person import Person
from bisirl_ros.real_people.answer import by_distance
from bisirl_ros.real_people.fit import Fit
from bisirl_ros.real_people.futures import Futures
from bisirl_ros.report.plot_style import (
    ALARM,
    GOOD,
    GREY,
    INK,
    PERSON,
    ROBOT,
    grid,
    label_axes,
    png,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_IN = (3.6, 2.9)
FANS = 3


def answers(person: Person, groups: Mapping[str, Fit]) -> bytes:
    """What a robot at a distance adds to people's reward, with 95 % bands, by group; and a map."""
    figure, (curve, field) = grid(
        "What people make of the robot", "reward of one decision, bands: 95 %", 1, 2, SIZE_IN
    )
    distance = np.linspace(0.0, 5.0, 101)
    at = by_distance(person, distance)
    for (name, fit), look in zip(groups.items(), (INK, GOOD, ALARM), strict=False):
        mean = at @ fit.theta
        wide = NORMAL_95 * np.sqrt(np.einsum("dn,nm,dm->d", at, fit.covariance, at))
        curve.plot(distance, mean, color=look, lw=1.6, label=name)
        curve.fill_between(distance, mean - wide, mean + wide, color=look, alpha=0.15)
    curve.axhline(0.0, color=GREY, lw=0.8)
    curve.legend(fontsize=8, frameon=False)
    titles(curve, "by distance", "what the features of distance add up to")
    label_axes(curve, "distance to the robot [m]", "reward of one decision")
    _field(field, person, next(iter(groups.values())).theta)
    return png(figure)


def _field(ax: Axes, person: Person, theta: Array) -> None:
    """Around a robot at the origin."""
    side = np.linspace(-4.0, 4.0, 81)
    apart = np.hypot(*np.meshgrid(side, side))
    reward = (by_distance(person, apart.reshape(-1)) @ theta).reshape(apart.shape)
    most = max(float(np.abs(reward).max()), 1e-9)
    shown = ax.pcolormesh(side, side, reward, cmap="PuOr", vmin=-most, vmax=most)
    ax.plot(0.0, 0.0, "o", color=ROBOT, ms=6)
    ax.set_aspect("equal")
    ax.figure.colorbar(shown, ax=ax, shrink=0.8)
    titles(ax, "around the robot", "orange: kept away from, purple: sought")
    label_axes(ax, "x [m]", "y [m]")


def weights(found: Mapping[str, Any]) -> bytes:
    """Everybody's weights, and every person's, feature by feature."""
    names = found["features"]
    figure, (ax,) = grid(
        "What people want", "orange: each person; black: everybody, 95 %", 1, 1, (7.6, 3.6)
    )
    rng = np.random.default_rng(0)
    for place, name in enumerate(names):
        each = [one["weights"][name][0] for one in found["people"].values()]
        ax.plot(place + 0.25 * (rng.random(len(each)) - 0.5), each, ".", color=PERSON, ms=3)
        mean, std = found["everybody"][name]
        ax.errorbar(place, mean, NORMAL_95 * std, fmt="o", color=INK, ms=4, capsize=3)
    ax.axhline(0.0, color=GREY, lw=0.8)
    ax.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names])
    titles(ax, "weights", "in units of the temperature")
    label_axes(ax, "", "weight")
    ax.tick_params(axis="x", labelsize=7)
    return png(figure)


def fans(examples: Mapping[str, Futures]) -> bytes:
    """Futures that were drawn, against what was walked; and how often the real end lay inside."""
    shown = [(scene, one) for scene, one in examples.items() if len(one.real)][:FANS]
    figure, axes = grid(
        "Where people were thought to go", "of scenes that were held out", 1, FANS + 1, SIZE_IN
    )
    for ax, (scene, one) in zip(axes, shown, strict=False):
        ends = np.linalg.norm(one.real[:, -1] - one.straight[:, -1], axis=-1)
        window = int(np.argsort(ends)[len(ends) * 3 // 4])
        for path in one.drawn[window]:
            ax.plot(*path.T, color=PERSON, lw=0.6, alpha=0.35)
        ax.plot(*one.straight[window].T, ":", color=GREY, lw=1.2, label="constant velocity")
        ax.plot(*one.robot[window].T, color=ROBOT, lw=1.6, label="robot")
        ax.plot(*one.real[window].T, "o-", color=INK, ms=2.5, lw=1.2, label="walked")
        ax.set_aspect("equal", adjustable="datalim")
        ax.legend(fontsize=7, frameon=False)
        titles(ax, f"scene {scene}", "4.8 s from here, orange: drawn")
        label_axes(ax, "x [m]", "y [m]")
    for ax in axes[len(shown) : FANS]:
        ax.set_axis_off()
    ranks = np.sort(np.concatenate([np.zeros(0), *(one.rank() for _, one in shown)]))
    axes[-1].plot(ranks, np.linspace(0.0, 1.0, len(ranks)), color=INK, lw=1.6)
    axes[-1].plot([0, 1], [0, 1], ":", color=GREY)
    titles(axes[-1], "calibration", "how often the real end lay inside")
    label_axes(axes[-1], "share of what was drawn", "share of windows")
    return png(figure)
