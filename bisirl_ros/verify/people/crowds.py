"""How well people among people are foretold by what was learned in other places: ETH and UCY.

Nobody's goal is known, nor can be: places are learned from other places' walks. Decisions are 0.8 s
apart (two frames), so that six of them make the twelve steps that are foretold.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from bisirl_ros.crowd.person import Person
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.reading import read_recording
from bisirl_ros.real_people.comparators import COMPARATORS
from bisirl_ros.real_people.held_out import NO_PEOPLE, Rival, rivals, score
from bisirl_ros.real_people.recordings import thinned
from bisirl_ros.real_people.report import scores_found
from bisirl_ros.real_people.walks import SceneRecording
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people import recorded
from bisirl_ros.verify.people.constant_velocity import ETH_UCY, TABLES
from bisirl_ros.verify.people.prediction import draw, from_row, judged, row_of

PERIOD_S: Final = 0.8
QUICK: Final = ("hotel", "zara1")
EVERY, QUICK_EVERY = 20, 100
GOALLESS: Final = tuple(model for model in COMPARATORS if not model.name.startswith("goal"))
"""Where nobody is drawn anywhere, a goal's pull is constant velocity."""
AGAINST: Final = (*(model.name for model in GOALLESS), NO_PEOPLE)
BAR = (
    "held-out log-likelihood above every comparator's and the reward's without other people, by"
    " 95 % over places; ADE, FDE below constant velocity's on the same windows; ranks uniform"
)


def measure(setup: Setup, say: Say) -> Outcome:
    """Place by place."""
    if setup.data is None or not (setup.data / ETH_UCY).is_dir():
        return Outcome({}, [], None, BAR, None, f"no {ETH_UCY}/ in --data")
    every = QUICK_EVERY if setup.quick else EVERY
    wanted = {scene: (setup.data, setup.quick, scene, every) for scene in scenes(setup.quick)}
    rows = setup.parts.measure(of_scene, wanted, say)
    found = scores_found([from_row(row) for row in rows.values()])
    found["by_place"] = {scene: errors_of(row) for scene, row in rows.items()}
    outcome = judged(found, AGAINST, BAR, setup.seed, say)
    for scene, told in found["by_place"].items():
        errors = (f"{what} {ade:.3f}, {fde:.3f} m" for what, (ade, fde) in told.items())
        say(f"{scene:10s} {', '.join(errors)}")
    return outcome


def scenes(quick: bool) -> tuple[str, ...]:
    """Places; quick: two of them."""
    return QUICK if quick else tuple(TABLES)


def person() -> Person:
    """As `recorded.person`, who decides every two frames."""
    return replace(recorded.person(), decision_period_s=PERIOD_S)


@cache
def recordings(data: Path, quick: bool) -> tuple[SceneRecording, ...]:
    """Every table of every place."""
    files = [
        (scene, data / ETH_UCY / f"{stem}.txt") for scene in scenes(quick) for stem in TABLES[scene]
    ]
    return tuple(
        SceneRecording(
            scene, file, thinned(read_recording(file, ETH_UCY, ImportArguments()), PERIOD_S)
        )
        for scene, file in files
    )


@cache
def compared(data: Path, quick: bool) -> tuple[Rival, ...]:
    """The reward, with other people and without."""
    return tuple(rivals(recordings(data, quick), person()))


def of_scene(data: Path, quick: bool, scene: str, every: int) -> dict[str, Any]:
    """One held out."""
    of, every_one = compared(data, quick), recordings(data, quick)
    return row_of(score([scene], of, every_one, GOALLESS, destinations=0, every=every)[0])


def errors_of(row: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Mean and final error of the mean future and of constant velocity, in one place [m]."""
    told = from_row(row).foretold
    return {
        "mean future": (float(told.mean[:, 0].mean()), float(told.mean[:, 1].mean())),
        "constant velocity": (float(told.straight[:, 0].mean()), float(told.straight[:, 1].mean())),
    }


EXPERIMENT = Experiment("crowds", "people among people elsewhere, foretold", measure, draw)
