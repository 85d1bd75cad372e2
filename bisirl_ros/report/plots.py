"""Three pictures of a run: what was learned of people, how all moved, how well it went."""

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
    GREY,
    INK,
    MOST_NAMED,
    PALE,
    ROBOT,
    episodes_axis,
    legend,
    panels,
    person_colour,
    png,
    titles,
)
from bisirl_ros.report.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {
    "progress": "How much they want to get ahead",
    "proximity": "How much they mind the robot being close",
    "velocity_change": "How much they mind changing velocity",
    "speed_deviation": "How much they mind leaving their usual pace",
    "effort": "How much they mind walking fast",
    "wall_proximity": "How much they mind a wall being close",
    "person_proximity": "How much they mind others being close",
    "company": "How much they like the robot's company",
    "robot_left": "How much they like the robot on their left",
}
MINUS = "\N{MINUS SIGN}"
LACKING = ("--", ":", "-.")
"""Line styles of the policies that lack something."""
TREND = 5
"""Episodes in the running mean."""


def draw(run: RunRecord) -> dict[str, bytes]:
    """PNG files by name, of nobody's weights none; InputError where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"plots: matplotlib cannot be imported ({error}); install python3-matplotlib"
        ) from error
    figures = {"weights.png": weights, "paths.png": paths, "returns.png": returns}
    if run.scenario.people == 0:
        del figures["weights.png"]
    return {name: png(figure(run)) for name, figure in figures.items()}


def weights(run: RunRecord) -> Figure:
    """One panel per weight: each person's estimate, its 95 % interval and the truth, by episode."""
    features = run.scenario.feature_names
    columns = 2 if len(features) > 1 else 1
    rows = math.ceil(len(features) / columns)
    who = "the person" if run.scenario.people == 1 else "people"
    figure, axes = panels(run, f"what the robot learned of {who}", rows, columns, (4.9, 2.2))
    for spare in axes[len(features) :]:
        spare.remove()
    for i, (ax, name) in enumerate(zip(axes, features, strict=False)):
        _weight_panel(ax, run, i)
        note = f"{name}, {_told(run, i)}".replace("-", MINUS)
        titles(ax, TITLES.get(name, "How much they value this"), note)
    legend(figure, _key(*axes[:1]))
    return figure


def _told(run: RunRecord, i: int) -> str:
    """The last estimates of weight i in a few words."""
    last, names = run.estimated, run.names
    inside = record.covered(run) or {}
    if last is None or last.theta is None:
        return "no estimate yet"
    if len(names) != 1:
        verdicts = [row[i] for row in inside.values() if row[i] is not None]
        told = f"{len(last.theta)} people"
        return told + (f", {verdicts.count(True)} of {len(verdicts)} inside" if verdicts else "")
    if names[0] not in last.theta:
        return "no estimate yet"
    half = record.INTERVAL_STDS * (last.theta_std or {}).get(names[0], [math.nan] * (i + 1))[i]
    notes = [f"estimate {last.theta[names[0]][i]:.2f}"]
    notes[0] += f" ± {half:.2f} (95 %)" if math.isfinite(half) else ""
    true = (run.theta_true or {}).get(names[0])
    notes += [] if true is None else [f"true {true[i]:.2f}"]
    verdict = inside.get(names[0], [None] * (i + 1))[i]
    notes += [] if verdict is None else ["inside" if verdict else "outside"]
    return ", ".join(notes)


def _weight_panel(ax: Axes, run: RunRecord, i: int) -> None:
    """Weight i of everybody over the episodes."""
    ax.axhline(0.0, color=PALE, lw=1.0, zorder=0)
    shown = [0.0]
    names = run.names
    for p, name in enumerate(names):
        colour = ROBOT if len(names) == 1 else person_colour(run, name)
        label = "estimate" if len(names) == 1 else name
        shown += _one_weight(ax, run, name, i, colour, label if p < MOST_NAMED else "_more")
    if names:
        ax.fill_between([], [], [], color=INK if len(names) > 1 else ROBOT, alpha=0.2, lw=0,
                        label="95 % interval")  # fmt: skip
    if any(name in (run.theta_true or {}) for name in names):
        people = "person" if len(names) == 1 else "people"
        ax.plot([], [], color=INK, lw=1.5, ls=(0, (5, 3)), label=f"truth (simulated {people})")
    margin = 0.08 * max(float(np.ptp(shown)), 0.1)
    ax.set_ylim(min(shown) - margin, max(shown) + margin)
    episodes_axis(ax, run, "weight  (below 0: avoids it)")


def _one_weight(
    ax: Axes, run: RunRecord, name: str, i: int, colour: str, label: str
) -> list[float]:
    """Somebody's weight i with its interval and truth; which values should be in the panel."""
    known = [e for e in run.episodes if e.theta is not None and name in e.theta]
    k = np.array([e.episode for e in known])
    hat = np.array([e.theta[name][i] for e in known if e.theta])
    std = [(e.theta_std or {}).get(name, [math.nan] * (i + 1))[i] for e in known]
    half = record.INTERVAL_STDS * np.array(std, float)
    faint = 0.2 if run.scenario.people == 1 else 0.12
    ax.fill_between(k, hat - half, hat + half, color=colour, alpha=faint, lw=0)
    known_half = np.pad(np.isfinite(half), 1)
    for j in np.flatnonzero(known_half[1:-1] & ~known_half[:-2] & ~known_half[2:]):
        ax.vlines(k[j], hat[j] - half[j], hat[j] + half[j], color=colour, alpha=0.2, lw=7)
    ax.plot(k, hat, "-o", color=colour, ms=3.5, lw=1.8, label=label)
    true = (run.theta_true or {}).get(name)
    if true is not None:
        dash = INK if run.scenario.people == 1 else colour
        ax.axhline(true[i], color=dash, lw=1.5, ls=(0, (5, 3)))
    late = slice(len(k) // 3, None)  # the first intervals are wide: they may leave the panel
    shown = np.concatenate(
        [[true[i] if true else 0.0], hat, (hat - half)[late], (hat + half)[late]]
    )
    return [float(v) for v in shown[np.isfinite(shown)]]


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
        "How close the robot came to anybody",
        f"between the centres; the bodies touch at {contact:.2f} m",
    )

    _series(earned, run, [e.return_ for e in run.episodes])
    if run.oracle_return is not None and math.isfinite(run.oracle_return):
        label = "oracle: knows the true weights"
        earned.axhline(run.oracle_return, color=GOOD, lw=1.6, ls=(0, (5, 3)), label=label)
    for (name, value), style in zip(run.other_returns.items(), LACKING, strict=False):
        earned.axhline(value, color=GREY, lw=1.2, ls=style, label=name)
    episodes_axis(earned, run, "return per episode")
    titles(
        earned,
        "What the robot earned",
        f"its own task plus kappa = {run.scenario.task.kappa:g} times people's rewards",
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
