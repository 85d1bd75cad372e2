"""How else somebody may decide: a small family of structures about a scenario's own.

Each differs in one thing: how far they look ahead, how they discount, how they foresee the robot,
where their goal really is. What they look at along a candidate motion is worked out once, as far
ahead as the longest horizon; most structures are another sum of it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.foresight import discounted
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario

SHORTER, LONGER = 0.5, 1.5
"""Horizons, as shares of the scenario's."""
DISCOUNTS = (0.8, 1.0)
WILD = (0.03, 0.1)
"""Shares of decisions that a reward may have no part in."""
OFF_M = 1.0
"""How far a goal may be from where it is thought to be, along either axis."""
STILL_MPS, ANYTHING = 0.1, 0.1
"""How still somebody stands who is there (a deviation), and the share of them who do not."""


class Sees(enum.Enum):
    """How somebody foresees the robot: its policy's answers, or as it moves now, or not at all.

    MET: by what they met of it so far (`crowd.in_mind`). Who is imagined has got used to it.
    """

    ANSWERS = "foresees the robot's answers"
    STRAIGHT = "foresees the robot going straight on"
    STANDING = "foresees the robot standing still"
    MET = "foresees the robot as they met it so far"


@dataclass(frozen=True)
class Structure:
    """One way to decide.

    name: in words; person: how far they look ahead, and how; goal_off: (x, y) [m], fixed frame
    anything: probability of a decision that their reward has no part in
    """

    name: str
    person: Person
    sees: Sees = Sees.ANSWERS
    goal_off: tuple[float, float] = (0.0, 0.0)
    anything: float = 0.0

    def features(self, foreseen: Step, robot: Tensor) -> Tensor:
        """Phi (M, K, n) of what was foreseen along K candidates, as far ahead as H or further.

        foreseen: with the goal that they really have (`goal_of`); robot: (M, 6) as it is now
        """
        seen = foreseen
        if self.sees in (Sees.STRAIGHT, Sees.STANDING):
            ahead = _ahead(robot, foreseen, straight=self.sees is Sees.STRAIGHT)
            seen = replace(seen, robot_tp1=ahead)
        return discounted(psi(seen, self.person), self.person)

    @property
    def imaginable(self) -> bool:
        """Whether people who decide so decide otherwise than as given where they are imagined."""
        return not self.anything and self.sees is not Sees.MET

    def goal_of(self, goal: Tensor) -> Tensor:
        """Where they go whose goal (..., 2) is thought to be this [m]; itself where it is."""
        return goal if self.goal_off == (0.0, 0.0) else goal + goal.new_tensor(self.goal_off)


@dataclass(frozen=True)
class Structures:
    """How each of P people in B situations decides; here nobody does anything at random, and
    everybody knows the robot's policy.

    of: the different structures; which: (B, P) integers, each person's among them
    rows: of each structure, whose of B * P in a row decide so; order: (B * P,) of all, one
    structure's after the other's; furthest: who looks furthest ahead
    """

    of: tuple[Structure, ...]
    which: Tensor
    rows: tuple[Tensor, ...]
    order: Tensor
    furthest: Person

    @staticmethod
    def among(of: tuple[Structure, ...], which: Tensor) -> Structures:
        """See the fields."""
        each = which.flatten()
        rows = tuple(torch.nonzero(each == number)[:, 0] for number in range(len(of)))
        furthest = max((structure.person for structure in of), key=lambda person: person.horizon)
        return Structures(of, which, rows, torch.cat(rows).argsort(), furthest)

    @staticmethod
    def named(
        scenario: Scenario, names: Sequence[Sequence[str]], device: torch.device | str = "cpu"
    ) -> Structures | None:
        """Of a scenario's family, the names of B * P; None where all are as the scenario has it."""
        if all(name == GIVEN for row in names for name in row):
            return None
        of = family(scenario)
        place = {s.name: i if s.imaginable else 0 for i, s in enumerate(of)}
        which = [[place[name] for name in row] for row in names]
        used = sorted({i for row in which for i in row})
        if used == [0]:
            return None
        found = torch.tensor([[used.index(i) for i in row] for row in which], device=device)
        return Structures.among(tuple(of[i] for i in used), found)

    def repeated(self, times: int) -> Structures:
        """The same for `times` moments, moments first."""
        return Structures.among(self.of, self.which.repeat(times, 1))

    def goal(self, goal: Tensor) -> Tensor:
        """Where they go who are thought to go to goal (B, P, 2) [m]."""
        off = goal.new_tensor([structure.goal_off for structure in self.of])
        return goal + off[self.which]

    def features(self, foreseen: Step, robot: Tensor) -> Tensor:
        """Phi (B * P, K, n), see `Structure.features`; robot: (B * P, 6) as each sees it now."""
        found = [
            structure.features(foreseen.rows(rows), robot[rows])
            for structure, rows in zip(self.of, self.rows, strict=True)
        ]
        return torch.cat(found)[self.order]


def family(scenario: Scenario) -> tuple[Structure, ...]:
    """The scenario's own structure, and those that differ from it in one thing each."""
    person, horizon = scenario.person, scenario.person.horizon
    horizons = {max(round(horizon * share), 1) for share in (SHORTER, LONGER)} - {horizon}
    return (
        Structure(GIVEN, person),
        *(
            Structure(f"looks ahead {h} decisions, not {horizon}", replace(person, horizon=h))
            for h in sorted(horizons)
        ),
        *(
            Structure(f"discounts by {d:g}, not {person.discount:g}", replace(person, discount=d))
            for d in DISCOUNTS
            if d != person.discount
        ),
        *(Structure(sees.value, person, sees) for sees in (Sees.STRAIGHT, Sees.STANDING, Sees.MET)),
        *(Structure(f"does anything {w:.0%} of the time", person, anything=w) for w in WILD),
        *(
            Structure(f"goes {OFF_M:g} m {side} of the goal", person, goal_off=(x, y))
            for side, x, y in (
                ("-x", -OFF_M, 0.0),
                ("+x", OFF_M, 0.0),
                ("-y", 0.0, -OFF_M),
                ("+y", 0.0, OFF_M),
            )
        ),
    )


def log_standing(target: Array, max_speed: float) -> Array:
    """What somebody there goes for (..., 2) [m/s], relative to anything on the disc: log (...).

    They stand still, within STILL_MPS, but for one in ten, who may do anything.
    """
    area = np.pi * max_speed**2
    still = np.exp(-0.5 * np.square(target / STILL_MPS).sum(-1)) / (2.0 * np.pi * STILL_MPS**2)
    return np.asarray(np.log((1.0 - ANYTHING) * still * area + ANYTHING))


def _ahead(robot: Tensor, foreseen: Step, *, straight: bool) -> Tensor:
    """Where robots (M, 6) will be if they go on as they move now, or stop: (M, 1, H, 2)."""
    body, steps = robot_as_body(robot), foreseen.person_t.shape[-2]
    moments = torch.arange(1, steps + 1).to(body)[:, None] * foreseen.dt_s
    moved = body[:, None, 2:] * moments if straight else torch.zeros_like(moments)
    return (body[:, None, :2] + moved)[:, None]
