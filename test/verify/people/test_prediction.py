"""What the bars about recorded people make of what was found."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.real_people.futures import Foretold
from bisirl_ros.real_people.held_out import REWARD, Scores
from bisirl_ros.real_people.report import scores_found
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.people import constant_velocity, coverage, crowds, prediction
from bisirl_ros.verify.people.constant_velocity import ETH_UCY
from bisirl_ros.verify.people.prediction import AGAINST, from_row, not_shown, row_of

NAMES = AGAINST


def scores(scene: str, gain: float = 1.0, contacts: float = 0.0, seed: int = 0) -> Scores:
    """200 decisions and 200 windows of a scene in which the reward is right, and better by gain."""
    rng = np.random.default_rng([seed, ord(scene)])
    count, zero = 200, np.zeros(200)
    ranks = (np.arange(count) + rng.random(count)) / count
    errors = 0.5 + 0.1 * rng.random((count, 2))
    told = Foretold(
        (scene,) * count, np.ones(count), errors, errors + 0.3, ranks, zero, zero + contacts, zero
    )
    by = dict.fromkeys((*NAMES, *crowds.AGAINST), zero) | {
        REWARD: zero + gain + 0.01 * rng.random(count)
    }
    return Scores(
        by, ranks, np.ones(count, bool), {REWARD: zero[:3]}, (scene,) * count, ("p",) * count, told
    )


def test_what_is_shown_is_shown() -> None:
    assert not_shown(scores_found([scores(scene) for scene in "abc"]), NAMES) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gain": 0.0}, [f"above {name} by" for name in NAMES]),
        ({"contacts": 0.1}, ["contacts more frequent by 10.0%"]),
    ],
)
def test_what_is_missed_is_said(changes: dict[str, float], words: list[str]) -> None:
    of = [scores(scene, **changes) for scene in "abc"]
    if "gain" in changes:
        for i, one in enumerate(of):
            one.by[REWARD] = one.by[REWARD] + (i - 1.0)
    said = not_shown(scores_found(of), NAMES)
    assert len(said) == len(words)
    for line, word in zip(said, words, strict=True):
        assert line.startswith(word)


def test_ranks_that_are_not_uniform_are_missed() -> None:
    one = scores("a")
    narrow = dataclasses.replace(one, rank=0.5 * one.rank)
    (line,) = not_shown(scores_found([narrow, scores("b")]), NAMES)
    assert line.startswith("ranks of decisions off by 0.2")


def test_a_part_comes_back_as_it_was() -> None:
    one = scores("a", seed=3)
    back = from_row(json.loads(json.dumps(row_of(one))))
    for name, values in one.by.items():
        np.testing.assert_allclose(back.by[name], values, atol=1e-6)
    assert (back.scene, back.person, back.foretold.scene) == (one.scene, one.person, one.scene)
    np.testing.assert_array_equal(back.moving, one.moving)
    for field in dataclasses.fields(Foretold):
        if field.name != "scene":
            was, now = getattr(one.foretold, field.name), getattr(back.foretold, field.name)
            np.testing.assert_allclose(now, was)


class Known:
    """Parts that were measured before."""

    def __init__(self, row: Any) -> None:
        self.row = row

    def measure(self, run: Any, wanted: dict[str, Any], say: Any) -> dict[str, Any]:
        return {key: self.row(key) for key in wanted}


def covered(tmp_path: Path, scale: float) -> Any:
    (tmp_path / "navwareset").mkdir()
    n = len(coverage.person().feature_names)

    def row(seed: str) -> dict[str, list[float]]:
        error = scale * np.random.default_rng(int(seed)).normal(size=n)
        return {"error": error.tolist(), "laplace": [0.5] * n, "clustered": [1.0] * n}

    return coverage.measure(Setup(data=tmp_path, parts=Known(row)), lambda line: None)  # type: ignore[arg-type]


def test_intervals_that_hold_hold(tmp_path: Path) -> None:
    found = covered(tmp_path, 1.0)
    assert found.holds and found.figures["share"]["clustered"] == pytest.approx(0.95, abs=0.03)
    assert found.figures["share"]["laplace"] < 0.8


def test_intervals_that_are_too_narrow_are_named(tmp_path: Path) -> None:
    found = covered(tmp_path, 2.5)
    assert found.holds is False and "progress" in found.note


def test_places_are_held_out_and_what_is_off_in_each_is_said(tmp_path: Path) -> None:
    (tmp_path / ETH_UCY).mkdir()
    said: list[str] = []
    parts = Known(lambda place: row_of(scores(place[0])))
    found = crowds.measure(Setup(data=tmp_path, parts=parts), said.append)  # type: ignore[arg-type]
    assert found.holds and set(found.interval) >= set(crowds.AGAINST)
    for place in crowds.scenes(quick=False):
        errors = found.figures["by_place"][place]
        assert errors["constant velocity"][0] == pytest.approx(errors["mean future"][0] + 0.3)
        assert f"{place:10s} mean future {errors['mean future'][0]:.3f}" in "\n".join(said)


def test_without_recordings_nothing_is_measured(tmp_path: Path) -> None:
    for module in (prediction, coverage, constant_velocity, crowds):
        found = module.measure(Setup(data=tmp_path), lambda line: None)
        assert found.holds is None and "no " in found.note
