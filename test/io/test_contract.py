"""Bytes that cross the boundary between control and learning."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.episode_log import EpisodeLog
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import (
    LOG,
    SNAPSHOT,
    Snapshot,
    pack,
    pack_log,
    pack_snapshot,
    unpack,
    unpack_log,
    unpack_snapshot,
)

SHAPES = {"theta": (2, 3), "covariance": (2, 3, 3), "stranger": (3,), "stranger_covariance": (3, 3)}
RNG = np.random.default_rng(0)
SNAPSHOT_OF_TWO = Snapshot(
    version=4,
    phi=torch.linspace(-1, 1, 7, dtype=torch.float64),
    identities=("anna", "ben"),
    scenario="crossing",
    features=("progress", "proximity", "effort"),
    **{name: RNG.normal(size=shape) for name, shape in SHAPES.items()},
)
NOBODY = replace(
    SNAPSHOT_OF_TWO, identities=(), theta=np.zeros((0, 3)), covariance=np.zeros((0, 3, 3))
)


def log_of(people: int = 2) -> EpisodeLog:
    """Ten reports of the robot and twelve of people, some without velocity or covariances."""
    rng = np.random.default_rng(0)
    person = rng.normal(size=(12, 15))
    person[:, 1] = np.arange(12) % max(people, 1)
    person[3:6, 5:] = np.nan
    return EpisodeLog(
        begin_s=12.5,
        identities=("anna", "ben")[:people],
        goals=rng.normal(size=(people, 3, 2)),
        log_belief=np.tile([-0.7, -0.7, -np.inf], (people, 1)),
        robot=rng.normal(size=(10, 7)),
        routes=np.array([[-1e300, 1.0, 2.0, 3.0, 4.0], [13.0, 5.0, 6.0, 5.0, 6.0]]),
        person=person[: 12 * min(people, 1)],
        policy_version=2,
        episode=9,
    )


def assert_equal(back: Any, sent: Any) -> None:
    """All fields of two values of a class, NaN where NaN was."""
    for field in fields(sent):
        got, was = getattr(back, field.name), getattr(sent, field.name)
        if isinstance(was, (np.ndarray, torch.Tensor)):
            np.testing.assert_array_equal(np.asarray(got), np.asarray(was), field.name)
        else:
            assert got == was, field.name


SENT = {"two": SNAPSHOT_OF_TWO, "nobody": NOBODY, "told when": replace(NOBODY, deployed_s=12.5)}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_a_snapshot_comes_back_as_it_was(sent: Snapshot) -> None:
    assert_equal(unpack_snapshot(pack_snapshot(sent), "here"), sent)


@pytest.mark.parametrize("people", [0, 1, 2])
def test_a_log_comes_back_as_it_was(people: int) -> None:
    sent = log_of(people)
    assert_equal(unpack_log(pack_log(sent), "here"), sent)


def test_whoever_was_not_met_has_a_strangers_weights() -> None:
    known = SNAPSHOT_OF_TWO
    found = known.theta_of(["ben", "carla", "anna"])
    np.testing.assert_array_equal(found, [known.theta[1], known.stranger, known.theta[0]])
    assert known.theta_of([]).shape == NOBODY.theta_of([]).shape == (0, 3)
    variances = replace(known, covariance=np.tile(np.diag([1.0, 4.0, 9.0]), (2, 1, 1)))
    np.testing.assert_array_equal(variances.std, [[1.0, 2.0, 3.0]] * 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 40,
        b"\x80\x04\x95pickled",
        pack_log(log_of()),
        pack_snapshot(SNAPSHOT_OF_TWO)[:-9],
        pack(SNAPSHOT, {"phi": np.zeros(1)}, {}),
        pack("bisirl.snapshot/1", {"phi": np.zeros(1)}, {}),
        pack_snapshot(replace(SNAPSHOT_OF_TWO, phi=torch.tensor([torch.nan]))),
        *(pack_snapshot(replace(SNAPSHOT_OF_TWO, **{name: np.zeros(4)})) for name in SHAPES),
        pack_snapshot(replace(SNAPSHOT_OF_TWO, identities=("anna",))),
    ],
)
def test_other_bytes_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^here: ") as error:
        unpack_snapshot(data, "here")
    assert "\n" not in str(error.value)


def other_log(**spoiled: np.ndarray) -> bytes:
    """A log's bytes with other arrays in them."""
    tensors, header = unpack(LOG, pack_log(log_of()), "here")
    return pack(LOG, {**tensors, **spoiled}, header)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        pack_snapshot(SNAPSHOT_OF_TWO),
        pack_log(log_of())[:-9],
        pack(LOG, {"robot": np.zeros((1, 7))}, {}),
        pack("bisirl.interactions/1", {"human": np.zeros((1, 4))}, {}),
        other_log(robot=np.zeros((10, 6))),
        other_log(person=np.full((1, 15), 2.0)),
        other_log(person=np.full((1, 15), -1.0)),
        other_log(person=np.zeros((1, 14))),
        other_log(goals=np.zeros((1, 3, 2))),
        other_log(routes=np.zeros((0, 5))),
        other_log(routes=np.zeros((1, 4))),
        other_log(nonsense=np.zeros(1)),
    ],
)
def test_bytes_that_are_no_log_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^here: ") as error:
        unpack_log(data, "here")
    assert "\n" not in str(error.value)
