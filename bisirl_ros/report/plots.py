"""Three pictures of a run: what was learned of the person, how both moved, how well it went."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.errors import InputError
from bisirl_ros.report import record
from bisirl_ros.report.plot_paths import paths
from bisirl_ros.report.plot_style import (
    ALARM,
    GOOD,
    INK,
    PALE,
    ROBOT,
    episodes_axis,
    legend,
    panels,
    png,
    titles,
)
from bisirl_ros.report.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {
    "progress": "How much the person wants to get ahead",
    "proximity": "How much the person minds the robot being close",
    "velocity_change": "How much the person minds changing velocity",
    "speed_deviation": "How much the person minds leaving their usual pace",
}
MINUS = "\N{MINUS SIGN}"
TREND = 5
"""Episodes in the running mean."""


def draw(run: RunRecord) -> dict[str, bytes]:
    """PNG files by name; raises InputError where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"plots: matplotlib cannot be imported ({error}); install python3-matplotlib"
        ) from error
    figures = {"weights.png": weights, "paths.png": paths, "returns.png": returns}
    return {name: png(figure(run)) for name, figure in figures.items()}


def weights(run: RunRecord) -> Figure:
    """One panel per weight: the estimate, its 95 % interval and the truth over the episodes."""
    names = run.scenario.feature_names
    columns = 2 if len(names) > 1 else 1
    rows = math.ceil(len(names) / columns)
    about = "what the robot learned of the person"
    figure, axes = panels(run, about, rows, columns, (4.9, 2.2))
    inside = record.covered(run) or [None] * len(names)
    for spare in axes[len(names) :]:
        spare.remove()
    for i, (ax, name) in enumerate(zip(axes, names, strict=False)):
        true = None if run.theta_true is None else run.theta_true[i]
        _weight_panel(ax, run, i, true)
        notes = [name, "no estimate yet"]
        if run.estimated is not None and run.estimated.theta is not None:
            std = (run.estimated.theta_std or [math.nan] * len(names))[i]
            half = record.INTERVAL_STDS * std
            notes[1] = f"estimate {run.estimated.theta[i]:.2f}"
            notes[1] += f" ± {half:.2f} (95 %)" if math.isfinite(half) else ""
        if true is not None:
            notes.append(f"true {true:.2f}")
        if inside[i] is not None:
            notes.append("inside" if inside[i] else "outside")
        note = ", ".join(notes).replace("-", MINUS)
        titles(ax, TITLES.get(name, "How much the person values this"), note)
    legend(figure, _key(*axes[:1]))
    return figure


def _weight_panel(ax: Axes, run: RunRecord, i: int, true: float | None) -> None:
    known = [(e.episode, e.theta, e.theta_std) for e in run.episodes if e.theta is not None]
    k = [episode for episode, _, _ in known]
    hat = np.array([theta[i] for _, theta, _ in known])
    half = record.INTERVAL_STDS * np.array([s[i] if s else math.nan for _, _, s in known])
    ax.axhline(0.0, color=PALE, lw=1.0, zorder=0)
    ax.fill_between(k, hat - half, hat + half, color=ROBOT, alpha=0.2, lw=0, label="95 % interval")
    known_half = np.pad(np.isfinite(half), 1)
    for j in np.flatnonzero(known_half[1:-1] & ~known_half[:-2] & ~known_half[2:]):
        ax.vlines(k[j], hat[j] - half[j], hat[j] + half[j], color=ROBOT, alpha=0.2, lw=7)
    ax.plot(k, hat, "-o", color=ROBOT, ms=3.5, lw=1.8, label="estimate")
    if true is not None:
        ax.axhline(true, color=INK, lw=1.5, ls=(0, (5, 3)), label="truth (simulated person)")
    late = slice(len(k) // 3, None)  # the first intervals are wide: they may leave the panel
    shown = np.concatenate([[0.0, true or 0.0], hat, (hat - half)[late], (hat + half)[late]])
    shown = shown[np.isfinite(shown)]
    margin = 0.08 * max(float(np.ptp(shown)), 0.1)
    ax.set_ylim(shown.min() - margin, shown.max() + margin)
    episodes_axis(ax, run, "weight  (below 0: avoids it)")


def returns(run: RunRecord) -> Figure:
    """How close they came and what the robot earned, episode by episode."""
    figure, (near, earned) = panels(run, "how well it went", 2, 1, (8.6, 2.2))
    _series(near, run, [e.min_distance_m for e in run.episodes])
    contact = run.scenario.contact_distance_m
    near.axhspan(0.0, contact, color=ALARM, alpha=0.15, lw=0, label="bodies touch")
    near.axhline(contact, color=ALARM, lw=1.2, zorder=1)
    near.set_ylim(0.0, max(near.get_ylim()[1], 2.0 * contact))
    episodes_axis(near, run, "distance [m]")
    titles(
        near,
        "How close the robot came to the person",
        f"between the centres; the bodies touch at {contact:.2f} m",
    )

    _series(earned, run, [e.return_ for e in run.episodes])
    if run.oracle_return is not None and math.isfinite(run.oracle_return):
        label = "oracle: knows the person's true weights"
        earned.axhline(run.oracle_return, color=GOOD, lw=1.6, ls=(0, (5, 3)), label=label)
    episodes_axis(earned, run, "return per episode")
    titles(
        earned,
        "What the robot earned",
        f"its own task plus kappa = {run.scenario.task.kappa:g} times the person's reward",
    )
    legend(figure, _key(near, earned))
    return figure


def _series(ax: Axes, run: RunRecord, values: list[float | None]) -> None:
    """One value per episode, collisions marked, and the mean of the last few."""
    k = np.array([e.episode for e in run.episodes])
    y = np.array([math.nan if v is None else v for v in values])
    hit = np.array([e.outcome == record.COLLISION for e in run.episodes], bool)
    good, bad = np.isfinite(y) & ~hit, np.isfinite(y) & hit
    ax.plot(k[good], y[good], "o", color=ROBOT, ms=5, zorder=3, label="one episode")
    if bad.any():
        ax.plot(k[bad], y[bad], "X", color=ALARM, mec=INK, mew=0.6, ms=8.5, zorder=4,
                label="collision")  # fmt: skip
    at, mean = k[np.isfinite(y)], y[np.isfinite(y)]
    if len(mean) >= TREND:
        mean = np.convolve(mean, np.ones(TREND) / TREND, "valid")
        label = f"mean of the last {TREND} episodes"
        ax.plot(at[TREND - 1 :], mean, color=ROBOT, lw=1.8, zorder=2, label=label)


def _key(*axes: Axes) -> dict[str, Any]:
    """What the legend of these panels shows, by its label."""
    key: dict[str, Any] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        key |= dict(zip(labels, handles, strict=True))
    return key
