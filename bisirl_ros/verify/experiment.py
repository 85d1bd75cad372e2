"""What an experiment is: a claim, a way to measure it, a bar, a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bisirl_ros.verify.parts import Parts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Say = Callable[[str], None]
"""Shows one line of progress."""


@dataclass(frozen=True)
class Setup:
    """How an experiment is to be run.

    quick: small enough that all experiments together take about a minute
    seed: added to every seed of the experiment
    data: folder with the outside data sets, or None
    peer: interpreter of a virtual environment with the `imitation` package, or None
    parts: measures what an experiment consists of, and keeps it
    """

    quick: bool = False
    seed: int = 0
    data: Path | None = None
    peer: Path | None = None
    parts: Parts = Parts()

    def seeds(self, full: int, quick: int) -> list[int]:
        """As many seeds as the run is large."""
        return [self.seed + i for i in range(quick if self.quick else full)]


@dataclass(frozen=True)
class Outcome:
    """What an experiment found; all of it plain numbers, strings, lists and dicts.

    figures: what was measured, by name; seeds: of the repetitions
    interval: 95 % interval of the figure that the bar is about, [low, high], by name where there
        are several, or None where nothing was drawn at random
    bar: what was to be shown, in words; holds: whether it was; None: not measured, see note
    """

    figures: dict[str, Any]
    seeds: list[int]
    interval: Any
    bar: str
    holds: bool | None
    note: str = ""


@dataclass(frozen=True)
class Experiment:
    """key: its name in theory.json; title: what its plot shows, in a few words

    run: measures; draw: into one panel, from the outcome alone
    """

    key: str
    title: str
    run: Callable[[Setup, Say], Outcome]
    draw: Callable[[Outcome, Axes], None]
