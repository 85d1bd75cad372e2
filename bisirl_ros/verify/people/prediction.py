"""How well people of a scene are foretold by what was learned from all other scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.real_people.comparators import COMPARATORS
from bisirl_ros.real_people.futures import Foretold
from bisirl_ros.real_people.held_out import ALONE, SceneScores, score
from bisirl_ros.real_people.report import scores_found, table
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.recorded import FOLDER, compared, no_data, recordings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAUSSIANS = tuple(model.name for model in COMPARATORS if not model.heavy)
PUBLISHED_M = (0.649, 1.469)
"""ADE and FDE of constant velocity on all windows of these recordings."""
BAR = (
    "held-out log-likelihood above constant velocity's Gaussian, one with the same goals, social"
    f" force, and the reward without the robot, each by two deviations; ADE, FDE below"
    f" {PUBLISHED_M[0]}, {PUBLISHED_M[1]} m; contacts no more frequent than recorded; ranks uniform"
)
EVERY, QUICK_EVERY = 1, 10


def measure(setup: Setup, say: Say) -> Outcome:
    """Scene by scene."""
    if setup.data is None or not (setup.data / FOLDER).is_dir():
        return no_data(BAR)
    every = QUICK_EVERY if setup.quick else EVERY
    scenes = sorted({one.scene for one in recordings(setup.data, setup.quick)})
    wanted = {scene: (setup.data, setup.quick, scene, every) for scene in scenes}
    rows = setup.parts.measure(of_scene, wanted, say)
    found = scores_found([from_row(row) for row in rows.values()])
    for line in table(found):
        say(line)
    missed = not_shown(found)
    gains = {name: one["scenes"] for name, one in found["gain_of_reward"].items()}
    return Outcome(found, [setup.seed], gains, BAR, not missed, "; ".join(missed))


def of_scene(data: Path, quick: bool, scene: str, every: int) -> dict[str, Any]:
    """One scene held out, as plain numbers."""
    one, _ = score(scene, compared(data, quick), recordings(data, quick), every=every)
    return {
        "scene": one.scene,
        "by": {name: np.round(values, 6).tolist() for name, values in one.by.items()},
        "rank": np.round(one.rank, 6).tolist(),
        "theta": {name: theta.tolist() for name, theta in one.theta.items()},
        "person": list(one.person),
        "foretold": {name: value.tolist() for name, value in vars(one.foretold).items()},
    }


def from_row(row: dict[str, Any]) -> SceneScores:
    """What a part found."""
    return SceneScores(
        row["scene"],
        {name: np.array(values) for name, values in row["by"].items()},
        np.array(row["rank"]),
        {name: np.array(theta) for name, theta in row["theta"].items()},
        tuple(row["person"]),
        Foretold(**{name: np.array(value) for name, value in row["foretold"].items()}),
    )


def not_shown(found: dict[str, Any]) -> list[str]:
    """What of the bar was missed, in words."""
    missed = []
    for name in (*GAUSSIANS, ALONE):
        gain = found["gain_of_reward"][name]
        if gain["gain"] < 2.0 * gain["deviation"]:
            missed.append(f"above {name} by {gain['gain']:.3f} +- {gain['deviation']:.3f} only")
    windows = found["windows"]
    for (name, value), most in zip(windows["mean_future"].items(), PUBLISHED_M, strict=True):
        if value > most:
            missed.append(f"{name} {value:.3f}")
    real, drawn = windows["contacts"]["real"], windows["contacts"]["drawn"]
    if drawn > real:
        missed.append(f"contacts {drawn:.1%}, recorded {real:.1%}")
    for what, of in (("decisions", found), ("ends of windows", windows)):
        told = of["calibration"]
        if told["distance"] > told["band"]:
            missed.append(
                f"ranks of {what} off by {told['distance']:.3f}, chance {told['band']:.3f}"
            )
    return missed


def draw(outcome: Outcome, ax: Axes) -> None:
    """What the reward gains on each, with its interval over scenes."""
    gains = outcome.figures.get("gain_of_reward", {})
    for place, (name, gain) in enumerate(reversed(gains.items())):
        low, high = gain["scenes"]
        ax.plot([low, high], [place, place], color="0.6", lw=3)
        ax.plot(gain["gain"], place, "o", color="k", ms=4)
        ax.annotate(name, (low, place), (0, 4), textcoords="offset points", fontsize=6)
    ax.axvline(0.0, color="k", lw=0.8, ls=":")
    ax.set_yticks([])
    ax.set_xlabel("nats a decision that the reward gains", fontsize=8)


EXPERIMENT = Experiment("prediction", "people of other scenes, foretold", measure, draw)
