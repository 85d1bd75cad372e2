"""People's bodies: closed forms against repeated steps, inverses, walls."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.person import FeatureSpec, Person, implied_target, lagged
from bisirl_ros.crowd.room import Room
from bisirl_ros.errors import InputError

from .conftest import EMPTY

PERSON = Person((FeatureSpec("progress"),), horizon=5)
WALL = Room.of(walls=((-5.0, 0.0, 5.0, 0.0),))


def tensor(*rows: object) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def test_the_lag_by_hand() -> None:
    """From rest: v = u (1 - e^(-t/lag)), x = u (t - lag (1 - e^(-t/lag)))."""
    decay = torch.exp(torch.tensor(-0.4 / 0.3, dtype=torch.float64))
    after = PERSON.step(tensor(1.0, 2.0, 0.0, 0.0), tensor(0.9, -0.3), 0.4, EMPTY)
    assert torch.allclose(after[2:], tensor(0.9, -0.3) * (1 - decay))
    way = tensor(0.9, -0.3) * (0.4 - 0.3 * (1 - decay))
    assert torch.allclose(after[:2], tensor(1.0, 2.0) + way)


def test_two_steps_are_one_of_the_sum() -> None:
    state, target = tensor(0.1, -2.0, 0.3, 0.9), tensor(-0.4, 1.2)
    parts = PERSON.step(PERSON.step(state, target, 0.13, EMPTY), target, 0.27, EMPTY)
    assert torch.allclose(parts, PERSON.step(state, target, 0.4, EMPTY), atol=1e-12)


def test_the_path_is_the_repeated_step() -> None:
    generator = torch.Generator().manual_seed(0)
    state = torch.randn((3, 2, 4), generator=generator, dtype=torch.float64)
    target = torch.randn((3, 2, 2), generator=generator, dtype=torch.float64)
    path = PERSON.path(state, target, EMPTY)
    for h in range(PERSON.horizon + 1):
        assert torch.allclose(path[..., h, :], state, atol=1e-12)
        state = PERSON.step(state, target, PERSON.decision_period_s, EMPTY)


def test_people_foresee_that_a_wall_stops_them() -> None:
    state = tensor([0.0, -1.6, 0.0, 1.2], [0.0, -1.6, 0.0, 1.2])
    path = PERSON.path(state, tensor([0.0, 1.2], [0.0, -1.2]), WALL)
    into, away = path
    free = PERSON.path(state, tensor([0.0, 1.2], [0.0, -1.2]), EMPTY)
    assert torch.equal(away, free[1])
    stopped = (into[:, 2:] == 0.0).all(-1)
    first = int(stopped.int().argmax())
    assert stopped.any() and torch.equal(into[:first], free[0, :first])
    assert (into[first:, :2] == into[first - 1, :2]).all()
    assert float(WALL.clearance(into[:, :2]).min()) >= PERSON.radius_m


def test_walls_hold_people_up_and_they_slide_along() -> None:
    state = tensor(0.0, -0.3, 0.8, 0.8)
    for _ in range(10):
        state = PERSON.step(state, tensor(1.0, 1.0), 0.4, WALL)
    assert float(state[1]) == pytest.approx(-PERSON.radius_m, abs=1e-4)
    assert float(state[0]) > 3.0 and float(state[3]) == pytest.approx(0.0, abs=1e-6)
    away = PERSON.step(state, tensor(0.0, -1.0), 0.4, WALL)
    assert float(away[1]) < -0.3


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.15])
def test_the_target_is_implied_whatever_the_delay_before_it(delay_s: float) -> None:
    """Velocities half way and at the end of a period tell it, wherever it began before half."""
    state, old, new = tensor(0.0, 0.0, 1.0, 0.2), tensor(1.2, 0.0), tensor(0.2, -0.9)
    late = lagged(state, old, 0.3, delay_s) if delay_s else state
    half = lagged(late, new, 0.3, 0.2 - delay_s)
    end = lagged(half, new, 0.3, 0.2)
    assert torch.allclose(implied_target(half[2:], end[2:], 0.3, 0.2), new, atol=1e-12)


def test_a_person_without_features_or_with_one_twice_is_refused() -> None:
    with pytest.raises(InputError, match="name at least one"):
        Person(())
    with pytest.raises(InputError, match="'effort' is named twice"):
        Person((FeatureSpec("effort"), FeatureSpec("effort", scale=2.0)))


def test_features_that_share_a_name_are_told_apart_by_their_scale() -> None:
    features = (FeatureSpec("effort"), FeatureSpec("proximity", 0.4), FeatureSpec("proximity", 2.0))
    assert Person(features).feature_names == ("effort", "proximity_0.4", "proximity_2")
    company = (FeatureSpec("company", 1.0, 1.0), FeatureSpec("company", 1.0, 2.0))
    assert Person(company).feature_names == ("company_1_1", "company_1_2")
    with pytest.raises(InputError, match="'proximity' is named twice"):
        Person((*features, FeatureSpec("proximity", 0.4)))
