"""Which cells a benchmark has: scenarios x people x methods x seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bisirl_ros.bench.cell import Size
from bisirl_ros.bench.methods import METHODS
from bisirl_ros.config import from_mapping, read_yaml, setting
from bisirl_ros.crowd.actors.registry import PEOPLE
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError

QUICK_SIZE = Size(updates=2, starts=1, longer=1, episodes=8)
QUICK_EPISODES, QUICK_SEEDS = 2, 1


@dataclass(frozen=True)
class Cell:
    """One run."""

    scenario: str
    people: str
    method: str
    seed: int

    @property
    def name(self) -> str:
        """What it is called in the folder."""
        return f"{self.scenario}, {self.people}, {self.method}, seed {self.seed}"


@dataclass(frozen=True)
class Grid:
    """A benchmark; raises InputError for an unknown name or an empty list."""

    scenarios: tuple[str, ...] = setting(
        ("crossing", "guide", "herd", "lane", "side"), doc="names, or paths of .yaml files"
    )
    people: tuple[str, ...] = setting(("soft_expert",), doc="kinds of people")
    methods: tuple[str, ...] = setting(
        (
            "bisirl",
            "passive",
            "no_anticipation",
            "behaviour_cloning",
            "feature_matching",
            "cirl",
            "go_to_goal",
            "stop_when_near",
            "social_force_robot",
            "wrong_person",
            "oracle",
        ),
        doc="what is compared",
    )
    seeds: int = setting(10, doc="how many, counted from 0", low=1, high=100000)
    episodes: int = setting(24, doc="that a learner lives through", low=1, high=100000)
    size: Size = field(default_factory=Size)

    def __post_init__(self) -> None:
        _known("method", self.methods, METHODS)
        _known("people", self.people, PEOPLE)
        if not self.scenarios:
            raise InputError("scenarios: none; name at least one")
        for scenario in self.scenarios:
            load_scenario(scenario)

    @property
    def cells(self) -> list[Cell]:
        """All of them, each once, seed by seed: whenever it ends early, whole seeds are there."""
        cells = (
            Cell(scenario, people, method, seed)
            for seed in range(self.seeds)
            for scenario in self.scenarios
            for people in self.people
            for method in self.methods
        )
        return list(dict.fromkeys(cells))

    @property
    def told(self) -> dict[str, Any]:
        """What every cell depends on; a grid that differs in this has a folder of its own."""
        return {"benchmark": 1, "episodes": self.episodes, "size": asdict(self.size)}

    def quick(self) -> Grid:
        """A look at whether everything runs; its numbers mean nothing."""
        seeds = min(self.seeds, QUICK_SEEDS)
        return replace(self, seeds=seeds, episodes=QUICK_EPISODES, size=QUICK_SIZE)


def read_grid(path: Path) -> Grid:
    """The grid in a YAML file; raises InputError for whatever is wrong with it."""
    return from_mapping(Grid, read_yaml(path) or {}, str(path))


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    names = tuple(names)
    if not names:
        raise InputError(f"{what}: none; name at least one")
    for name in names:
        if name not in known:
            raise InputError(f"{what} '{name}' is unknown; choose from {', '.join(known)}")
