"""Each feature against a number worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.features import FEATURES, Step, psi
from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import AWAY_M

from .conftest import EMPTY

PERSON = Person((FeatureSpec("progress"),), preferred_speed=1.2)


def tensor(*values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def step(others: Tensor | None = None, room: Room = EMPTY) -> Step:
    """From 5 m before the goal, at 0.5 m/s, to 4.6 m before it, at (0.6, 0.8) m/s."""
    return Step(
        person_t=tensor(0.0, 0.0, 0.0, 0.5),
        person_tp1=tensor(0.0, 0.4, 0.6, 0.8),
        robot_tp1=tensor(0.9, 1.6),
        others_tp1=torch.zeros((0, 2)).double() if others is None else others,
        goal=tensor(0.0, 5.0),
        room=room,
        dt_s=0.4,
    )


@pytest.mark.parametrize(
    ("name", "scale", "by_hand"),
    [
        ("progress", 1.0, 0.4 / (1.2 * 0.4)),
        ("progress", 2.0, 0.4 / (1.2 * 0.4) / 2.0),
        ("proximity", 1.5, math.exp(-0.5 * (1.5 / 1.5) ** 2)),  # 0.9, 1.2, 1.5
        ("proximity", 0.5, math.exp(-0.5 * 3.0**2)),
        ("velocity_change", 0.5, (0.36 + 0.09) / 0.25),
        ("speed_deviation", 0.5, (0.2 / 0.5) ** 2),  # 1.0 where they like 1.2
        ("effort", 2.0, 0.25),
        ("wall_proximity", 0.3, 0.0),  # no wall
        ("person_proximity", 0.6, 0.0),  # nobody else
        ("company", 1.0, math.exp(-0.5 * 1.5**2)),  # best at 0 m
        ("persistence", 0.5, math.log(1.0 + (0.36 + 0.09) / 0.25)),
        ("standing", 1.0, math.exp(-0.5)),
        ("robot_left", 1.5, -0.9 / 1.5 * math.exp(-0.5)),  # 0.9 to the right of their way
    ],
)
def test_by_hand(name: str, scale: float, by_hand: float) -> None:
    assert float(FEATURES[name](step(), FeatureSpec(name, scale), PERSON)) == pytest.approx(by_hand)


def test_walls_near_and_far() -> None:
    spec = FeatureSpec("wall_proximity", 0.3)
    near = Room.of(walls=((-1.0, 0.7, 1.0, 0.7),))
    seen = FEATURES["wall_proximity"](step(room=near), spec, PERSON)
    assert float(seen) == pytest.approx(math.exp(-0.5), abs=1e-6)
    far = Room.of(discs=((500.0, 0.0, 1.0),))
    assert float(FEATURES["wall_proximity"](step(room=far), spec, PERSON)) == 0.0
    inside = Room.of(discs=((0.0, 0.4, 1.0),))
    assert float(FEATURES["wall_proximity"](step(room=inside), spec, PERSON)) == 1.0


def test_other_people_add_up_and_the_absent_do_not_count() -> None:
    spec = FeatureSpec("person_proximity", 0.6)
    others = tensor([0.0, 1.0], [0.6, 0.4], [AWAY_M, AWAY_M])
    seen = FEATURES["person_proximity"](step(others), spec, PERSON)
    assert float(seen) == pytest.approx(2.0 * math.exp(-0.5))


def test_psi_is_in_the_order_of_theta() -> None:
    names = ("effort", "progress", "velocity_change", "proximity")
    person = Person(tuple(FeatureSpec(name, 0.7) for name in names))
    here = step()
    each = [float(FEATURES[name](here, FeatureSpec(name, 0.7), person)) for name in names]
    assert psi(here, person).tolist() == pytest.approx(each)
    assert len(set(each)) == len(names)


def test_any_leading_shape() -> None:
    person = Person(tuple(FeatureSpec(name) for name in FEATURES))
    here = step(tensor([0.0, 1.0]))
    many = Step(
        here.person_t.expand(3, 5, 4),
        here.person_tp1.expand(3, 5, 4),
        here.robot_tp1.expand(3, 5, 2),
        here.others_tp1.expand(3, 5, 1, 2),
        here.goal.expand(3, 1, 2),
        EMPTY,
        0.4,
    )
    assert torch.allclose(psi(many, person), psi(here, person).expand(3, 5, -1))
