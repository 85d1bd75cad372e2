"""How well people of one scene are foretold by what was learned from all others.

The reward, its destinations and every comparator's parameters are of the other scenes; each
decision's density uses the walk until then. Differences are paired decision by decision.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.foreseen import CONSTANT_VELOCITY, REALISED
from bisirl_ros.crowd.person import Person
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.comparators import COMPARATORS, Comparator
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import Fit, fit
from bisirl_ros.real_people.futures import Foretold, Futures, futures
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, walks_of

DESTINATIONS: Final = 8
OF_ROBOT: Final = ("proximity", "company", "robot_left")
REWARD, ALONE = "reward", "reward, no robot"
NO_PEOPLE: Final = "reward, no other people"
FORESEEN: Final = "reward, the robot's future known"
STAND_IN: Final = "reward, another run's robot"


@dataclass(frozen=True)
class Rival:
    """A reward that looks at something: what of, and where it was left out."""

    name: str
    chosen: Chosen


def rivals(recordings: Sequence[SceneRecording], person: Person) -> list[Rival]:
    """The reward, and what it is compared with to tell what it knows of the robot.

    All explain the same decisions; without a robot on record there is the reward alone.
    """
    walks = walks_of(recordings, person)
    chosen = Chosen.by(person, walks)
    robot = np.array([f.name in OF_ROBOT for f in person.features], bool)
    people = np.array([f.name == "person_proximity" for f in person.features], bool)
    found = [Rival(REWARD, chosen)]
    if walks.seen.others.shape[1] > 0:
        found.append(Rival(NO_PEOPLE, chosen.without(np.flatnonzero(people))))
    if not any(one.of.robot is not None for one in recordings):
        return found
    return [
        *found,
        Rival(ALONE, chosen.without(np.flatnonzero(robot))),
        Rival(FORESEEN, Chosen.by(person, walks_of(recordings, person, REALISED))),
        Rival(
            STAND_IN,
            Chosen.by(person, walks_of(recordings, person, CONSTANT_VELOCITY, True)),
        ),
    ]


@dataclass(frozen=True)
class SceneScores:
    """What models learned from all other scenes say of one.

    by: log density of each of its N decisions by each model, (N,) [log of s^2/m^2]
    rank: (N,) share of what the reward foretold that was likelier than what was chosen; uniform on
    [0, 1] where the model is right; theta: (n,) of each rival
    person: (N,) who decided; foretold: of the seconds after
    """

    scene: str
    by: dict[str, Array]
    rank: Array
    theta: dict[str, Array]
    person: tuple[str, ...]
    foretold: Foretold


def score(
    scene: str,
    of: Sequence[Rival],
    recordings: Sequence[SceneRecording],
    comparators: Sequence[Comparator] = COMPARATORS,
    destinations: int = DESTINATIONS,
    every: int = 1,
) -> tuple[SceneScores, Futures]:
    """One scene held out, and its futures; every: these are drawn in one of so many windows."""
    walks = of[0].chosen.walks
    out = walks.in_scenes([scene])
    taught, tested = walks.of(~out), walks.of(out)
    known = Destinations.of(taught.end, destinations)
    by = {
        model.name: model.foretold(model.fit(taught, known), tested, known) for model in comparators
    }
    thetas = {one.name: learned(one.chosen.of(~out), known).theta for one in of}
    likely = {one.name: WalksLikelihood(one.chosen.of(out), known) for one in of}
    by |= {name: one.foretold(thetas[name]) for name, one in likely.items()}
    reward, theta = likely[of[0].name], thetas[of[0].name]
    person = tuple(tested.person[walk] for walk in tested.walk)
    drawn = futures(recordings, reward, theta, every=every)
    told = Foretold.of(drawn)
    return SceneScores(scene, by, reward.rank(theta), thetas, person, told), drawn


def paired(scores: Sequence[SceneScores], name: str, other: str) -> dict[str, Any]:
    """Gain of one model over another: per decision, its deviation, an interval over scenes.

    The deviation is clustered by person; scenes: 95 % of means of scenes drawn again
    """
    difference = np.concatenate([one.by[name] - one.by[other] for one in scores])
    whose = [(one.scene, who) for one in scores for who in one.person]
    mean, deviation = clustered_mean(difference, whose)
    of_scenes = [float((one.by[name] - one.by[other]).mean()) for one in scores]
    return {
        "gain": mean,
        "deviation": deviation,
        "scenes": bootstrap_mean(of_scenes),
        "scenes_better": float(np.mean(np.array(of_scenes) > 0.0)),
    }


def clustered_mean(values: Array, clusters: Sequence[Hashable]) -> tuple[float, float]:
    """Mean of (N,), and its deviation where those of one cluster vary together."""
    number = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    mean, groups = float(values.mean()), len(number)
    total = np.bincount([number[name] for name in clusters], values - mean, groups)
    spread = groups / max(groups - 1, 1) * float(np.square(total).sum())
    return mean, float(np.sqrt(spread)) / len(values)


def learned(chosen: Chosen, known: Destinations, start: Array | None = None) -> Fit:
    """One reward of all these walks, clustered by person."""
    return fit(WalksLikelihood(chosen, known), start, chosen.walks.whose)
