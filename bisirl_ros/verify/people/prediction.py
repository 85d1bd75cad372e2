"""How well people of a scene are foretold by what was learned from all other scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.real_people.comparators import COMPARATORS
from bisirl_ros.real_people.futures import Foretold
from bisirl_ros.real_people.held_out import ALONE, STAND_IN, Scores, score
from bisirl_ros.real_people.navwareset import STAGED
from bisirl_ros.real_people.report import scores_found, table
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.recorded import FOLDER, compared, no_data, recordings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = (
    "held-out log-likelihood above every comparator's and the reward's without the robot, or with"
    " another run's, by 95 % over scenes; ADE, FDE below constant velocity's on the same windows;"
    " contacts no more frequent than recorded; ranks uniform"
)
EVERY, STAGED_EVERY, QUICK_EVERY = 1, 4, 10
AGAINST = (*(model.name for model in COMPARATORS), ALONE, STAND_IN)


def measure(setup: Setup, say: Say) -> Outcome:
    """Scene by scene; and what was staged, all scenes of it held out together."""
    if setup.data is None or not (setup.data / FOLDER).is_dir():
        return no_data(BAR)
    every = QUICK_EVERY if setup.quick else EVERY
    scenes = sorted({one.scene for one in recordings(setup.data, setup.quick)})
    held = {f"scene {scene}": (scene,) for scene in scenes}
    staged = {} if setup.quick else STAGED
    wanted = {
        name: (setup.data, setup.quick, out, every if name in held else STAGED_EVERY)
        for name, out in (held | staged).items()
    }
    rows = setup.parts.measure(of_scenes, wanted, say)
    found = scores_found([from_row(rows[name]) for name in held])
    if staged:
        found["staged_held_out"] = scores_found([from_row(rows[name]) for name in staged])
    outcome = judged(found, AGAINST, BAR, setup.seed, say)
    if staged:
        say("all scenes of what was staged held out together:")
        for line in table(found["staged_held_out"]):
            say(line)
    return outcome


def judged(found: dict[str, Any], against: Sequence[str], bar: str, seed: int, say: Say) -> Outcome:
    """Said, and measured by a bar: the reward is to be better than each of those named."""
    for line in table(found):
        say(line)
    missed = not_shown(found, against)
    gains = {name: one["scenes"] for name, one in found["gain_of_reward"].items()}
    return Outcome(found, [seed], gains, bar, not missed, "; ".join(missed))


def of_scenes(data: Path, quick: bool, scenes: tuple[str, ...], every: int) -> dict[str, Any]:
    """Some held out."""
    return row_of(score(scenes, compared(data, quick), recordings(data, quick), every=every)[0])


def row_of(one: Scores) -> dict[str, Any]:
    """As plain numbers; `from_row` is the way back."""
    return {
        "by": {name: np.round(values, 6).tolist() for name, values in one.by.items()},
        "rank": np.round(one.rank, 6).tolist(),
        "moving": one.moving.tolist(),
        "theta": {name: theta.tolist() for name, theta in one.theta.items()},
        "scene": list(one.scene),
        "person": list(one.person),
        "foretold": {
            name: list(value) if name == "scene" else value.tolist()
            for name, value in vars(one.foretold).items()
        },
    }


def from_row(row: dict[str, Any]) -> Scores:
    """What a part found."""
    scene = tuple(row["foretold"]["scene"])
    foretold = {k: np.array(v) for k, v in row["foretold"].items() if k != "scene"}
    return Scores(
        {name: np.array(values) for name, values in row["by"].items()},
        np.array(row["rank"]),
        np.array(row["moving"], bool),
        {name: np.array(theta) for name, theta in row["theta"].items()},
        tuple(row["scene"]),
        tuple(row["person"]),
        Foretold(scene, **foretold),
    )


def not_shown(found: dict[str, Any], against: Sequence[str]) -> list[str]:
    """What of the bar was missed, in words; against: whom the reward is to be better than."""
    missed = []
    for name in against:
        gain = found["gain_of_reward"][name]
        wide = gain["most"] * gain["deviation"]
        if gain["gain"] < wide:
            missed.append(f"above {name} by {gain['gain']:.3f} +- {wide:.3f} only")
    windows = found["windows"]
    for name, better in windows["better"].items():
        if better["gain"] < better["most"] * better["deviation"]:
            missed.append(f"{name} better by {better['gain']:.3f} m only")
    more = windows["contacts"].get("more")
    if more and more["gain"] > more["most"] * more["deviation"]:
        missed.append(f"contacts more frequent by {more['gain']:.1%}")
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
