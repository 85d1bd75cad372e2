"""Records: every field comes back as what it was, and what cannot be kept is said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.io.contract import pack, unpack
from bisirl_ros.io.records import arrays_of, fields_of, scenario_records


@dataclass(frozen=True)
class Everything:
    """One of each kind of field."""

    array: Array
    flags: Array
    tensor: torch.Tensor
    number: int
    measure: float
    name: str
    names: tuple[str, ...]
    nested: tuple[tuple[float, float], ...]
    nothing: Array | None
    something: Array | None


def test_every_field_of_a_record_comes_back_as_what_it_was() -> None:
    one = Everything(
        np.array([[1.0, -np.inf]]), np.array([True, False]), torch.arange(3), 7, 0.1, "a: é",
        ("anna", "ben"), ((1.0, 2.0), (3.0, 4.0)), None, np.zeros((0, 2)),
    )  # fmt: skip
    arrays, _ = unpack("any/1", pack("any/1", arrays_of(one), {}), "here")
    back = fields_of(arrays)
    assert set(back) == set(Everything.__dataclass_fields__)
    for name in ("number", "measure", "name", "names", "nested", "nothing"):
        assert back[name] == getattr(one, name)
        assert type(back[name]) is type(getattr(one, name))
    for name in ("array", "flags", "something"):
        assert back[name].dtype == getattr(one, name).dtype
        assert back[name].shape == getattr(one, name).shape
        assert (back[name] == getattr(one, name)).all()
    assert (back["tensor"] == one.tensor.numpy()).all()


def test_what_cannot_be_kept_is_said_when_it_is_saved() -> None:
    @dataclass
    class Odd:
        game: object

    with pytest.raises(TypeError, match=r"Odd\.game: a object cannot be kept"):
        arrays_of(Odd(object()))
    with pytest.raises(TypeError, match=r"Odd\.game: a dict"):
        arrays_of(Odd({1: 2}))
    assert arrays_of(Odd(object()), known=("game",)) == {}


def test_a_scenarios_weights_mean_what_its_kind_of_person_makes_of_them() -> None:
    scenario = load_scenario("crossing")
    records = scenario_records(scenario, 10)
    assert records.n_features == len(records.identity["features"])
    farther = replace(
        scenario, person=replace(scenario.person, horizon=scenario.person.horizon + 1)
    )
    other = scenario_records(farther, 10)
    assert {k for k, v in other.identity.items() if v != records.identity[k]} == {"horizon"}
    unlikely = np.array([[-np.inf], [0.0]])
    choices = Choices.exact(np.ones((2, 4)), np.ones((2, 5, 4)), np.zeros(5))
    kept = arrays_of(replace(choices, log_share=unlikely))
    arrays, _ = unpack("any/1", pack("any/1", kept, {}), "here")
    again = records.likelihood(**fields_of(arrays))
    assert (again.log_share == unlikely).all() and len(again) == 2
