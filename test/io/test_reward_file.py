"""`reward.json`: what is written is read; anything else is one line that names file and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.errors import InputError
from bisirl_ros.io.reward_file import LearnedReward, read_reward, write_reward

FEATURES = (
    FeatureSpec("progress"),
    FeatureSpec("proximity", 0.8),
    FeatureSpec("company", 1.0, 1.5),
)
PERSON = Person(FEATURES, lag_s=0.1 + 0.2)
MEAN = np.array([1.5, -3.0, 1.0 / 3.0])
COVARIANCE = np.array([[0.5, 0.2, 0.0], [0.2, 0.3, -0.1], [0.0, -0.1, 4.0]])
KEYS = (
    "schema", "features", "decision_period_s", "horizon", "discount", "lag_s", "preferred_speed",
    "mean", "covariance", "people", "source",
)  # fmt: skip
REWARD = LearnedReward.of(PERSON, MEAN, COVARIANCE, 7, "a day in the hall, é")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is as it should be."""
    found = tmp_path / "reward.json"
    write_reward(found, REWARD)
    return found


def refused(path: Path, match: str) -> None:
    with pytest.raises(InputError, match=match) as error:
        read_reward(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_what_is_written_is_read(path: Path) -> None:
    found = read_reward(path)
    for name in (
        "features",
        "decision_period_s",
        "horizon",
        "discount",
        "lag_s",
        "preferred_speed",
        "source",
    ):
        assert getattr(found, name) == getattr(REWARD, name), name
    assert found.people == 7
    assert (found.mean == MEAN).all() and (found.covariance == COVARIANCE).all()
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_it_is_json_that_says_what_it_is(path: Path) -> None:
    told = json.loads(path.read_text())
    assert told["schema"] == "bisirl.reward/1"
    assert told["features"][2] == {"name": "company", "scale": 1.0, "distance": 1.5}
    assert np.shape(told["covariance"]) == (3, 3)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_missing_is_named(path: Path, key: str) -> None:
    told = json.loads(path.read_text())
    del told[key]
    path.write_text(json.dumps(told))
    refused(path, f"{key}.*missing")


def with_covariance(i: int, j: int, value: float) -> list[list[float]]:
    rows: list[list[float]] = COVARIANCE.tolist()
    rows[i][j] = value
    return rows


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("schema", "bisirl.reward/2", "schema: is bisirl.reward/2, expected bisirl.reward/1"),
        ("schema", ["x"], "schema: is"),
        ("features", [], "features: is empty"),
        ("features", [{"name": "charm"}], r"features\[0\]: name = 'charm'"),
        ("features", [{"scale": 1.0}], r"features\[0\]: key 'name' is missing"),
        ("features", "progress", "features: expected a list"),
        ("mean", [1.0, 2.0], "mean: has 2 entries for 3 features"),
        ("mean", [1.0, 2.0, float("nan")], "mean.*finite"),
        ("mean", [1.0, 2.0, float("inf")], "mean.*finite"),
        ("mean", [1.0, 2.0, "3"], r"mean\[2\]: expected float"),
        ("mean", [1.0, 2.0, 10**400], r"mean.*finite"),
        ("mean", 1.0, "mean: expected a list"),
        ("covariance", COVARIANCE[:2].tolist(), "covariance: is not 3 rows of 3"),
        ("covariance", [[1.0], [0.0, 1.0], [0.0]], "covariance: is not 3 rows of 3"),
        ("covariance", with_covariance(0, 1, 0.21), "covariance: is not symmetric"),
        ("covariance", with_covariance(0, 0, float("nan")), "covariance: .*not finite"),
        ("covariance", with_covariance(1, 1, -0.3), "covariance: a variance is not positive"),
        ("covariance", with_covariance(1, 1, 0.01), "covariance: is not positive definite"),
        ("covariance", np.ones((3, 3)).tolist(), "covariance: is not positive definite"),
        ("people", 0, "people = 0"),
        ("people", 2.5, "people: expected int"),
        ("horizon", True, "horizon: expected int"),
        ("lag_s", None, "lag_s: expected float"),
        ("discount", float("nan"), "discount = nan"),
        ("source", 3, "source: expected str"),
        ("weights", [1.0], "unknown key 'weights'"),
    ],
)
def test_what_makes_no_sense_is_named(path: Path, key: str, value: Any, match: str) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    refused(path, match)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
        (lambda path: path.write_text(path.read_text()[:-9]), "is not JSON"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not JSON"),
        (lambda path: path.write_text("[" * 100_000), "is not JSON"),
        (lambda path: path.write_text("[1, 2]"), "schema: is missing"),
        (lambda path: path.write_text(""), "is not JSON"),
    ],
)
def test_what_is_no_reward_at_all_is_said(
    path: Path, spoil: Callable[[Path], object], match: str
) -> None:
    spoil(path)
    refused(path, match)


def test_a_covariance_is_symmetric_whatever_rounding_left(path: Path) -> None:
    off = COVARIANCE.copy()
    off[0, 1] *= 1.0 + 1e-14
    path.write_text(json.dumps(json.loads(path.read_text()) | {"covariance": off.tolist()}))
    found = read_reward(path).covariance
    assert (found == found.T).all() and found == pytest.approx(COVARIANCE)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.*cannot be written"):
        write_reward(tmp_path / "gone" / "reward.json", REWARD)


def test_it_is_for_the_same_kind_of_person_alone() -> None:
    REWARD.refuse_others(PERSON, "file", "scenario mine")
    REWARD.refuse_others(replace(PERSON, radius_m=0.4), "file", "scenario mine")
    two, three, four = FEATURES[:2], FEATURES[::-1], (*FEATURES, FeatureSpec("effort"))
    scaled = (FEATURES[0], FeatureSpec("proximity", 0.4), FEATURES[2])
    apart = (*two, FeatureSpec("company", 1.0, 2.0))
    for features, words in (
        (two, ["feature 3 is company (scale 1, distance 1.5), scenario mine has none"]),
        (four, ["feature 4 is none, scenario mine has effort (scale 1)"]),
        (three, ["feature 1 is progress (scale 1), scenario mine has company", "feature 3 is"]),
        (scaled, ["feature 2 is proximity (scale 0.8), scenario mine has proximity (scale 0.4)"]),
        (apart, ["scenario mine has company (scale 1, distance 2)"]),
    ):
        said = refusal(replace(PERSON, features=features))
        assert all(word in said for word in words), said
        assert "feature 2" in said or features is not scaled
    for name, value in (
        ("horizon", 9),
        ("discount", 0.5),
        ("lag_s", 1.0),
        ("preferred_speed", 0.9),
    ):
        said = refusal(replace(PERSON, **{name: value}))  # type: ignore[arg-type]
        assert f"its {name} is" in said and f"has {value:g}" in said


def refusal(person: Person) -> str:
    with pytest.raises(InputError, match=r"^file: .*theta would mean another thing") as error:
        REWARD.refuse_others(person, "file", "scenario mine")
    return str(error.value)
