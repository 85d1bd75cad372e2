"""The recordings that people are learned from, read once in each process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import Fit
from bisirl_ros.real_people.held_out import DESTINATIONS, Rival, learned, rivals
from bisirl_ros.real_people.recordings import recordings_in
from bisirl_ros.real_people.walks import SceneRecording, walks_of
from bisirl_ros.verify.experiment import Outcome

FOLDER, KIND = "navwareset", "navwareset"
QUICK_SCENES = ("05", "12", "19")


def person() -> Person:
    """Whom people are taken to be like."""
    return load_scenario("walkers").person


@cache
def recordings(data: Path, quick: bool) -> tuple[SceneRecording, ...]:
    """NavWareSet's; quick: a few scenes."""
    found = recordings_in(data / FOLDER, KIND, person().decision_period_s, lambda line: None)
    return tuple(one for one in found if not quick or one.scene in QUICK_SCENES)


@cache
def compared(data: Path, quick: bool) -> tuple[Rival, ...]:
    """The reward, and those it is compared with."""
    return tuple(rivals(recordings(data, quick), person()))


@cache
def chosen(data: Path, quick: bool) -> Chosen:
    """What all people chose."""
    return Chosen.by(person(), walks_of(recordings(data, quick), person()))


@cache
def fitted(data: Path, quick: bool) -> tuple[Destinations, Fit]:
    """Where they may go, and the reward that explains all that best."""
    of = chosen(data, quick)
    known = Destinations.of(of.walks.end, DESTINATIONS)
    return known, learned(of, known)


def no_data(bar: str) -> Outcome:
    """Where there are no recordings."""
    return Outcome({}, [], None, bar, None, f"no {FOLDER}/ in --data")
