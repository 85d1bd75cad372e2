"""How well people of one scene are foretold by what was learned from all others.

The reward, its destinations and every comparator's parameters are of the other scenes; each
decision's density uses the walk until then. Differences are paired decision by decision.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.stats import t  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.foreseen import CONSTANT_VELOCITY, FITTED, REALISED
from bisirl_ros.crowd.person import Person
from bisirl_ros.metrics.bootstrap import DRAWS, percentile_interval
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.comparators import COMPARATORS, Comparator
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import Fit, fit
from bisirl_ros.real_people.futures import Foretold, Futures, futures
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, walks_of

DESTINATIONS: Final = 8
STANDING_MPS: Final = 0.05
OF_ROBOT: Final = ("proximity", "company", "robot_left")
REWARD, ALONE = "reward", "reward, no robot"
NO_PEOPLE: Final = "reward, no other people"
FORESEEN: Final = "reward, the robot's future known"
GUESSED: Final = "reward, how the robot goes on known"
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
        Rival(GUESSED, Chosen.by(person, walks_of(recordings, person, FITTED))),
        Rival(
            STAND_IN,
            Chosen.by(person, walks_of(recordings, person, CONSTANT_VELOCITY, True)),
        ),
    ]


@dataclass(frozen=True)
class Scores:
    """What models learned from all scenes but some say of these: N decisions.

    by: log density of each decision by each model, (N,) [log of s^2/m^2]
    rank: (N,) share of what the reward foretold that was likelier than what was chosen; uniform on
    [0, 1] where the model is right; moving: (N,) who did not choose to stand
    theta: (n,) of each rival; scene, person: (N,) whose decision; foretold: of the seconds after
    """

    by: dict[str, Array]
    rank: Array
    moving: Array
    theta: dict[str, Array]
    scene: tuple[str, ...]
    person: tuple[str, ...]
    foretold: Foretold


def score(
    held: Sequence[str],
    of: Sequence[Rival],
    recordings: Sequence[SceneRecording],
    comparators: Sequence[Comparator] = COMPARATORS,
    destinations: int = DESTINATIONS,
    every: int = 1,
) -> tuple[Scores, Futures]:
    """Scenes held out, and their futures; every: these are drawn in one of so many windows."""
    walks = of[0].chosen.walks
    out = walks.in_scenes(held)
    taught, tested = walks.of(~out), walks.of(out)
    known = Destinations.of(taught.end, destinations)
    by = {
        model.name: model.foretold(model.fit(taught, known), tested, known) for model in comparators
    }
    thetas = {one.name: learned(one.chosen.of(~out), known).theta for one in of}
    likely = {one.name: WalksLikelihood(one.chosen.of(out), known) for one in of}
    by |= {name: one.foretold(thetas[name]) for name, one in likely.items()}
    reward, theta = likely[of[0].name], thetas[of[0].name]
    drawn = futures(recordings, reward, theta, every=every)
    scores = Scores(
        by,
        reward.rank(theta),
        np.linalg.norm(tested.chosen, axis=-1) > STANDING_MPS,
        thetas,
        tuple(tested.scene[walk] for walk in tested.walk),
        tuple(tested.person[walk] for walk in tested.walk),
        Foretold.of(drawn, tested.scene),
    )
    return scores, drawn


def paired(scores: Sequence[Scores], name: str, other: str, moving: bool = False) -> dict[str, Any]:
    """Gain of one model over another, per decision; moving: of who did not choose to stand.

    deviation: clustered by scene; by_person: by person of a scene; scenes: 95 % where scenes are
    drawn again; most: so many deviations by scene are 95 % of Student's t
    """
    kept = np.concatenate(
        [one.moving if moving else np.ones(len(one.rank), bool) for one in scores]
    )
    gain = np.concatenate([one.by[name] - one.by[other] for one in scores])[kept]
    scene = np.array([name for one in scores for name in one.scene])[kept]
    person = np.array([name for one in scores for name in one.person])[kept]
    mean, deviation = clustered_mean(gain, scene.tolist())
    _, by_person = clustered_mean(gain, list(zip(scene, person, strict=True)))
    names = np.unique(scene)
    total = np.array([gain[scene == name].sum() for name in names])
    count = np.array([np.sum(scene == name) for name in names])
    rows = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    return {
        "gain": mean,
        "deviation": deviation,
        "by_person": by_person,
        "most": float(t.ppf(0.975, max(len(names) - 1, 1))),
        "scenes": percentile_interval(total[rows].sum(1) / count[rows].sum(1)),
        "scenes_better": float(np.mean(total > 0.0)),
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
