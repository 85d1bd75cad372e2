"""How well people of one scene are foretold by what was learned from all others.

The reward, its destinations and every comparator's parameters are of the other scenes; each
decision's density uses the walk until then. Differences are paired decision by decision, their
deviation is clustered by person, and the interval is over scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.foreseen import CONSTANT_VELOCITY, REALISED
from bisirl_ros.crowd.person import Person
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.comparators import COMPARATORS, Comparator
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import Fit, fit
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, Walks, walks_of

DESTINATIONS: Final = 8
OF_ROBOT: Final = ("proximity", "company", "robot_left")
REWARD, ALONE = "reward", "reward, no robot"
FORESEEN: Final = "reward, the robot's future known"
STAND_IN: Final = "reward, another run's robot"

Say = Callable[[str], None]


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
    if not any(one.of.robot is not None for one in recordings):
        return [Rival(REWARD, chosen)]
    return [
        Rival(REWARD, chosen),
        Rival(ALONE, chosen.without(np.flatnonzero(robot))),
        Rival(FORESEEN, Chosen.by(person, walks_of(recordings, person, REALISED))),
        Rival(
            STAND_IN,
            Chosen.by(person, walks_of(recordings, person, CONSTANT_VELOCITY, True)),
        ),
    ]


@dataclass(frozen=True)
class HeldOut:
    """log density of each decision by each model, (N,) [log of s^2/m^2], none of its own scene.

    thetas: of each rival, (S, n), by the scene that was left out
    """

    walks: Walks
    by: Mapping[str, Array]
    thetas: Mapping[str, Array]

    def mean(self, name: str) -> float:
        """Per decision."""
        return float(self.by[name].mean())

    def gain(self, name: str, other: str) -> dict[str, float | list[float]]:
        """Of one model over another: per decision, clustered deviation, interval over scenes."""
        return paired(self.walks, self.by[name] - self.by[other])


def paired(walks: Walks, difference: Array) -> dict[str, float | list[float]]:
    """Mean of (N,), its deviation clustered by person, and what scenes say of it."""
    people = {who: i for i, who in enumerate(dict.fromkeys(walks.whose))}
    number = np.array([people[who] for who in walks.whose])[walks.walk]
    mean = float(difference.mean())
    total = np.bincount(number, difference - mean, len(people))
    deviation = float(np.sqrt(len(people) / max(len(people) - 1, 1) * np.square(total).sum()))
    scene = np.array(walks.scene)[walks.walk]
    of_scenes = [float(difference[scene == name].mean()) for name in walks.scenes]
    return {
        "gain": mean,
        "deviation": deviation / len(difference),
        "scenes": bootstrap_mean(of_scenes),
        "scenes_better": float(np.mean(np.array(of_scenes) > 0.0)),
    }


def held_out(
    of: Sequence[Rival],
    comparators: Sequence[Comparator] = COMPARATORS,
    destinations: int = DESTINATIONS,
    say: Say = lambda line: None,
) -> HeldOut:
    """Every model on every scene, learned from the others; warm starts make no difference."""
    walks = of[0].chosen.walks
    names = [one.name for one in comparators] + [one.name for one in of]
    by = {name: np.full(len(walks), np.nan) for name in names}
    thetas: dict[str, list[Array]] = {one.name: [] for one in of}
    starts: dict[str, Array] = {}
    for scene in walks.scenes:
        out = walks.in_scenes([scene])
        rows = out[walks.walk]
        known = Destinations.of(walks.end[~out], destinations)
        for model in comparators:
            own = model.fit(walks.of(~out), known, starts.get(model.name))
            starts[model.name] = own
            by[model.name][rows] = model.foretold(own, walks.of(out), known)
        for rival in of:
            found = learned(rival.chosen.of(~out), known, starts.get(rival.name))
            starts[rival.name] = found.theta
            thetas[rival.name].append(found.theta)
            tested = WalksLikelihood(rival.chosen.of(out), known)
            by[rival.name][rows] = tested.foretold(found.theta)
        told = "  ".join(f"{name} {values[rows].mean():.3f}" for name, values in by.items())
        say(f"scene {scene}, {int(rows.sum())} decisions: {told}")
    return HeldOut(walks, by, {name: np.array(found) for name, found in thetas.items()})


def learned(chosen: Chosen, known: Destinations, start: Array | None = None) -> Fit:
    """One reward of all these walks, clustered by person."""
    return fit(WalksLikelihood(chosen, known), start, chosen.walks.whose)
