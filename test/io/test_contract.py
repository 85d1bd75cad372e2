"""Bytes that cross the boundary between control and learning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import load_checkpoint, save_checkpoint
from bisirl_ros.io.contract import (
    Snapshot,
    pack,
    pack_interactions,
    pack_snapshot,
    unpack_interactions,
    unpack_snapshot,
)
from bisirl_ros.io.records import scenario_records

SNAPSHOT = Snapshot(
    version=4,
    phi=torch.linspace(-1, 1, 7, dtype=torch.float64),
    theta=np.array([1.0, -2.0]),
    covariance=np.diag([0.1, 0.2]),
    scenario="crossing",
    features=("progress", "proximity"),
)


def batch(future: bool) -> Interactions:
    rng = np.random.default_rng(0)
    return Interactions(
        rng.normal(size=(5, 4)),
        rng.normal(size=(5, 5)),
        rng.normal(size=(5, 2)),
        np.array([0.0, 3.0]),
        policy_version=2,
        robot_future=rng.normal(size=(5, 4, 5)) if future else None,
        episode=9,
    )


def test_a_snapshot_comes_back_as_it_was() -> None:
    back = unpack_snapshot(pack_snapshot(SNAPSHOT), "here")
    assert (back.version, back.scenario, back.features) == (4, "crossing", SNAPSHOT.features)
    assert torch.equal(back.phi, SNAPSHOT.phi)
    assert (back.theta == SNAPSHOT.theta).all() and (back.covariance == SNAPSHOT.covariance).all()


@pytest.mark.parametrize("future", [False, True])
def test_interactions_come_back_as_they_were(future: bool) -> None:
    sent, back = batch(future), unpack_interactions(pack_interactions(batch(future)), "here")
    for name in ("human", "robot", "target", "goal"):
        assert (getattr(back, name) == getattr(sent, name)).all()
    assert (back.policy_version, back.episode) == (2, 9)
    assert (back.robot_future is None) is not future


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 40,
        b"\x80\x04\x95pickled",
        pack_interactions(batch(False)),
        pack_snapshot(SNAPSHOT)[:-9],
        pack("bisirl.snapshot/2", {"phi": np.zeros(1)}, {}),
        pack("bisirl.snapshot/1", {"phi": np.zeros(1)}, {}),
        pack_snapshot(replace(SNAPSHOT, phi=torch.tensor([torch.nan]))),
        pack_snapshot(replace(SNAPSHOT, theta=np.zeros(3))),
    ],
)
def test_other_bytes_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^here: ") as error:
        unpack_snapshot(data, "here")
    assert "\n" not in str(error.value)


def test_interactions_that_are_not_finite_or_of_another_shape_are_refused() -> None:
    nobody = {name: np.zeros((0, n)) for name, n in (("human", 4), ("robot", 5), ("target", 2))}
    with pytest.raises(ValueError, match="no decision"):
        replace(batch(False), **nobody)
    for bad in (
        {"human": np.full((5, 4), np.nan)},
        {"target": np.zeros((4, 2))},
        {"robot_future": np.zeros((4, 4, 5))},
    ):
        with pytest.raises(ValueError, match=next(iter(bad))):
            replace(batch(False), **bad)


def test_a_checkpoint_of_something_else_is_refused_in_one_line(tmp_path: Path) -> None:
    crossing, config = load_scenario("crossing"), LoopConfig()
    path = tmp_path / "c.safetensors"
    state = LoopState.start(torch.zeros(194), 4, config, seed=0)
    records = scenario_records(crossing, 194)
    save_checkpoint(path, state, records)
    assert load_checkpoint(path, records, config).k == 0
    for change in (
        lambda: path.write_bytes(path.read_bytes()[:-3]),
        lambda: path.write_bytes(b"not a checkpoint"),
        lambda: path.write_bytes(pack_snapshot(SNAPSHOT)),
        path.unlink,
    ):
        change()
        with pytest.raises(InputError, match=r"checkpoint .*c\.safetensors"):
            load_checkpoint(path, records, config)
    save_checkpoint(path, state, records)
    for broken in (
        {"theta": np.full(4, np.nan)},
        {"evidence": replace(state.evidence, precision=-np.eye(4))},
        {"evidence": replace(state.evidence, mean=np.zeros(3))},
    ):
        save_checkpoint(path, replace(state, **broken), records)
        with pytest.raises(InputError, match="damaged or unfit"):
            load_checkpoint(path, records, config)
    save_checkpoint(path, state, records)
    with pytest.raises(InputError, match="damaged or unfit"):
        load_checkpoint(path, scenario_records(crossing, 100), config)
    with pytest.raises(InputError, match=r"its features \(progress, .*, scenario people has \("):
        load_checkpoint(path, scenario_records(load_scenario("people"), 194), config)
    farther = replace(crossing, horizon=crossing.horizon + 1)
    with pytest.raises(InputError, match=r"its horizon \d+, .*theta would mean another thing"):
        load_checkpoint(path, scenario_records(farther, 194), config)
