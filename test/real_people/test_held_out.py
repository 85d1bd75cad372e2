"""A scene is foretold by what the others taught, and models are compared in pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.real_people.comparators import COMPARATORS, Comparator
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.held_out import (
    ALONE,
    FORESEEN,
    GUESSED,
    OF_ROBOT,
    REWARD,
    STAND_IN,
    Rival,
    Scores,
    clustered_mean,
    paired,
    rivals,
    score,
)
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, Walks, walks_of

from .walkers import PERSON, SCENES, chosen_of, recordings

OUT = SCENES[1]


class Spy(Comparator):
    """Constant velocity that remembers what it was fitted to."""

    def fit(self, walks: Walks, destinations: Destinations) -> Array:
        taught.append((walks.scenes, destinations.places))
        return super().fit(walks, destinations)


taught: list[tuple[tuple[str, ...], Array]] = []


def scored(of: list[SceneRecording]) -> tuple[Scores, list[tuple[tuple[str, ...], Array]]]:
    """The scene OUT, one model and one comparator."""
    taught.clear()
    model = [Rival(REWARD, chosen_of(walks_of(of, PERSON)))]
    spy = Spy("constant velocity", COMPARATORS[0].mean)
    return score([OUT], model, of, [spy], destinations=3, every=4)[0], list(taught)


def corrupted(of: list[SceneRecording], scene: str) -> list[SceneRecording]:
    """The people of one scene walk mirrored, and faster."""
    return [
        one
        if one.scene != scene
        else replace(
            one,
            of=replace(
                one.of, people={who: t * [1.0, -1.3, 1.2] for who, t in one.of.people.items()}
            ),
        )
        for one in of
    ]


def test_the_scene_that_is_held_out_teaches_nothing(recorded: list[SceneRecording]) -> None:
    plain, fitted = scored(recorded)
    own, again = scored(corrupted(recorded, OUT))
    other, _ = scored(corrupted(recorded, SCENES[2]))
    np.testing.assert_array_equal(plain.theta[REWARD], own.theta[REWARD])
    assert np.abs(plain.theta[REWARD] - other.theta[REWARD]).max() > 0.01
    assert fitted[0][0] == again[0][0] == (SCENES[0], SCENES[2])
    np.testing.assert_array_equal(fitted[0][1], again[0][1])
    assert np.abs(plain.by[REWARD] - own.by[REWARD]).max() > 0.01


def test_what_a_scene_is_scored_by(recorded: list[SceneRecording]) -> None:
    plain, fitted = scored(recorded)
    chosen = chosen_of(walks_of(recorded, PERSON))
    out = chosen.walks.in_scenes([OUT])
    known = Destinations.of(chosen.walks.of(~out).end, 3)
    np.testing.assert_array_equal(fitted[0][1], known.places)
    of = WalksLikelihood(chosen.of(out), known)
    np.testing.assert_allclose(plain.by[REWARD], of.foretold(plain.theta[REWARD]))
    np.testing.assert_allclose(plain.rank, of.rank(plain.theta[REWARD]))
    assert set(plain.scene) == set(plain.foretold.scene) == {OUT}
    assert len(plain.person) == len(plain.rank) == 72
    moving = np.linalg.norm(chosen.walks.of(out).chosen, axis=-1) > 0.05
    np.testing.assert_array_equal(plain.moving, moving)
    assert set(plain.by) == {REWARD, "constant velocity"}
    assert len(plain.foretold.rank) == len(plain.foretold.mean) > 0


def test_rivals_look_at_the_robot_or_not(recorded: list[SceneRecording]) -> None:
    of = {one.name: one.chosen for one in rivals(recorded[:4], PERSON)}
    assert {REWARD, ALONE, FORESEEN, GUESSED, STAND_IN} <= set(of)
    robot = [i for i, feature in enumerate(PERSON.features) if feature.name in OF_ROBOT]
    assert not of[ALONE].looked.same[..., robot].any()
    for name in (REWARD, FORESEEN, GUESSED, STAND_IN):
        assert of[name].looked.same[..., robot].any()
        np.testing.assert_array_equal(of[name].walks.chosen, of[REWARD].walks.chosen)
    for name in (ALONE, FORESEEN, GUESSED, STAND_IN):
        rest = [i for i in range(5) if i not in robot]
        np.testing.assert_array_equal(
            of[name].looked.same[..., rest], of[REWARD].looked.same[..., rest]
        )
    seen = of[STAND_IN].looked.same[..., robot] - of[REWARD].looked.same[..., robot]
    assert np.abs(seen).max() > 0.1


def test_rivals_explain_the_same_decisions_where_a_run_has_no_robot(
    recorded: list[SceneRecording],
) -> None:
    mixed = [
        replace(one, of=replace(one.of, robot=None)) if i == 1 else one
        for i, one in enumerate(recorded[:2])
    ]
    short = mixed[0].of.robot
    assert short is not None
    mixed[0] = replace(mixed[0], of=replace(mixed[0].of, robot=short[:60]))
    counts = {len(one.chosen) for one in rivals(mixed, PERSON)}
    assert counts == {15 + 36}


def test_without_a_robot_none_is_known(recorded: list[SceneRecording]) -> None:
    names = [one.name for one in rivals(recordings(robot=False)[:2], PERSON)]
    assert names[0] == REWARD and not {ALONE, FORESEEN, GUESSED, STAND_IN} & set(names)


def made_up(scene: str, gain: list[float], person: tuple[str, ...]) -> Scores:
    by, count = {"a": np.array(gain), "b": np.zeros(len(gain))}, len(gain)
    moving = np.arange(count) > 0
    return Scores(by, np.zeros(count), moving, {}, (scene,) * count, person, None)  # type: ignore[arg-type]


def test_pairs_by_hand() -> None:
    scores = [made_up("s", [1.0, 2.0, 3.0], ("p", "p", "q")), made_up("t", [-1.0], ("p",))]
    found = paired(scores, "a", "b")
    assert found["gain"] == pytest.approx(5.0 / 4.0)
    assert found["scenes_better"] == 0.5
    by_scene = np.array([6.0 - 3.75, -1.0 - 1.25])
    assert found["deviation"] == pytest.approx(np.sqrt(2.0 * np.square(by_scene).sum()) / 4.0)
    by_person = np.array([3.0 - 2.5, 3.0 - 1.25, -1.0 - 1.25])  # p of s, q of s, p of t
    assert found["by_person"] == pytest.approx(np.sqrt(1.5 * np.square(by_person).sum()) / 4.0)
    assert found["scenes"] == [-1.0, 2.0]  # one scene twice; both weigh by their decisions
    assert found["most"] == pytest.approx(12.706, rel=1e-3)
    assert paired(scores[:1], "a", "b", moving=True)["gain"] == pytest.approx(2.5)


def test_clustered_means_by_hand() -> None:
    values = np.array([1.0, 3.0, 5.0, 7.0])
    mean, alone = clustered_mean(values, range(4))
    assert mean == 4.0
    assert alone == pytest.approx(values.std(ddof=1) / 2.0)
    _, together = clustered_mean(values, ["a", "a", "b", "b"])
    assert together == pytest.approx(np.sqrt(2.0 * (4.0**2 + 4.0**2)) / 4.0)
    assert clustered_mean(values, ["a"] * 4) == (4.0, 0.0)
