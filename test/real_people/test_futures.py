"""Where people will be: windows, what is straight on, contacts, ranks, what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.futures import DRAWS, FORETOLD, LATER_S, Foretold, Futures, futures
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, walks_of

from .walkers import PERSON, chosen_of, driven, recording, straight, track

ON = np.array([0.0, -30.0, 0.0, 0.0, 0.0])
"""Who goes on as they walk, nearly whatever there is."""


def of(one: list[SceneRecording], theta: Array = ON, **told: int) -> Futures:
    """Futures of all of them, who may go to x = 30 m."""
    known = Destinations(np.array([[30.0, 0.0]]), np.log([0.9, 0.1]))
    return futures(one, WalksLikelihood(chosen_of(walks_of(one, PERSON)), known), theta, **told)


def walking(stamps: Array, velocity: tuple[float, float] = (1.0, 0.5)) -> Array:
    return straight(stamps, velocity, (0.0, 0.0))


@pytest.mark.parametrize(
    ("stamps", "begins"),
    [
        (np.arange(14.0), [3, 4, 5, 6, 7, 8]),
        (np.arange(8.0), []),
        (np.arange(9.0), [3]),
        (np.delete(np.arange(20.0), 10), [3, 4, 14]),
    ],
)
def test_windows_have_8_steps_behind_and_12_before_them(stamps: Array, begins: list[int]) -> None:
    """2.8 s behind, 4.8 s ahead, and no gap."""
    found = of([recording("a", {"p": walking(stamps)})])
    assert found.straight[:, 0, 0] - 0.4 == pytest.approx(np.array(begins, float))
    assert found.real.shape == found.straight.shape == (len(begins), FORETOLD, 2)
    assert found.drawn.shape == (len(begins), DRAWS, FORETOLD, 2)
    assert np.isnan(found.robot).all()


def test_straight_on_and_real_by_hand() -> None:
    """Along x at 1 m/s until 4 s, then along y."""
    time = np.arange(10.0)
    walk = track(time, np.stack([np.minimum(time, 4.0), np.maximum(time - 4.0, 0.0)], -1))
    found = of([recording("a", {"p": walk})])
    np.testing.assert_allclose(found.straight[0, :, 0], 3.0 + LATER_S)
    np.testing.assert_allclose(found.straight[0, :, 1], 0.0)
    np.testing.assert_allclose(found.real[0, :, 0], np.minimum(3.0 + LATER_S, 4.0))
    np.testing.assert_allclose(found.real[0, :, 1], np.maximum(LATER_S - 1.0, 0.0), atol=1e-12)
    off = np.sqrt(2.0) * np.maximum(LATER_S - 1.0, 0.0)
    np.testing.assert_allclose(found.displacement(found.straight)[0], [off.mean(), off[-1]])
    assert LATER_S[-1] == pytest.approx(4.8)


def test_who_goes_on_is_drawn_straight_on() -> None:
    found = of([recording("a", {"p": walking(np.arange(14.0))})])
    np.testing.assert_allclose(found.mean, found.straight, atol=0.2)
    assert found.drawn.std(1).max() > 1e-3
    told = Foretold.of(found, ["s"])
    np.testing.assert_allclose(told.straight, 0.0, atol=1e-9)
    assert told.mean.max() < 0.2 and (told.real == 0.0).all()


def test_what_is_drawn_goes_to_the_goal_and_shuns_the_robot() -> None:
    """The robot stands in the way of who walks to x = 30 m."""
    stamps = np.arange(14.0)
    robot = driven(0.1 * np.arange(131), np.tile([9.0, 0.1], (131, 1)))
    one = [recording("a", {"p": straight(stamps, (1.0, 0.0), (0.0, 0.0))}, robot)]
    bold = of(one, np.array([8.0, -2.0, -3.0, 0.0, 0.0]))
    shy = of(one, np.array([8.0, -2.0, -3.0, -30.0, 0.0]))
    assert bold.drawn[:, :, -1, 0].mean() > shy.drawn[:, :, -1, 0].mean()
    assert bold.contacts(bold.drawn)[1:4].min() > 0.5 > 0.1 > shy.contacts(shy.drawn)[1:4].max()


def test_nothing_of_what_the_robot_does_later_is_known() -> None:
    """It stands in the way; it stays, or leaves half a second after the window begins."""
    time, stamps = 0.1 * np.arange(131), np.arange(9.0)
    shy = np.array([8.0, -2.0, -3.0, -30.0, 0.0])
    ends = []
    for speed in (0.0, 5.0):
        places = np.stack([np.full(131, 6.5), 0.1 + speed * np.maximum(time - 3.5, 0.0)], -1)
        walk = straight(stamps, (1.0, 0.0), (0.0, 0.0))
        found = of([recording("a", {"p": walk}, driven(time, places))], shy)
        ends.append(found.drawn[0])
    np.testing.assert_array_equal(*ends)


def test_the_robot_moves_as_recorded() -> None:
    time = 0.1 * np.arange(131)
    places = np.stack([np.minimum(time, 5.0), np.maximum(time - 5.0, 0.0)], -1)
    found = of([recording("a", {"p": walking(np.arange(14.0))}, driven(time, places))])
    np.testing.assert_allclose(found.robot[0, :, 0], np.minimum(3.0 + LATER_S, 5.0))
    np.testing.assert_allclose(found.robot[0, :, 1], np.maximum(LATER_S - 2.0, 0.0), atol=1e-9)


def test_contacts_are_where_the_robot_stands_in_the_way() -> None:
    real, robot = np.zeros((3, FORETOLD, 2)), np.zeros((3, FORETOLD, 2))
    real[..., 0] = LATER_S
    robot[0] = [2.0, 0.45]
    robot[1] = [2.0, 0.55]
    robot[2] = np.nan
    drawn = np.repeat(real[:, None], 4, 1)
    drawn[0, 1:, :, 1] -= 1.0
    found = Futures(real, real, drawn, robot, np.arange(3))
    assert found.contacts(real).tolist() == [1.0, 0.0, 0.0]
    assert found.contacts(drawn).tolist() == [0.25, 0.0, 0.0]


def test_ranks_are_how_many_draws_lie_nearer() -> None:
    rng = np.random.default_rng(0)
    drawn = np.zeros((3, 400, FORETOLD, 2))
    drawn[:, :, -1] = rng.normal(0.0, [3.0, 0.5], (3, 400, 2))
    real = np.zeros((3, FORETOLD, 2))
    real[1, -1] = [0.0, 0.5 * 1.17741]  # half of a bivariate normal lies within 1.17741 deviations
    real[2, -1] = [0.0, 3.0]
    found = Futures(real, real, drawn, real, np.arange(3)).rank()
    assert found == pytest.approx([0.0, 0.5, 1.0], abs=0.06)


def test_one_window_of_so_many_and_a_seed() -> None:
    one = [recording("a", {"p": walking(np.arange(14.0)), "q": walking(np.arange(14.0) + 0.5)})]
    whole, some = of(one), of(one, every=4)
    assert len(whole.real) == 12 and len(some.real) == 3
    np.testing.assert_array_equal(some.real, whole.real[::4])
    assert some.walk.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(of(one, every=4).drawn, some.drawn)
    assert np.abs(of(one, every=4, seed=1).drawn - some.drawn).max() > 0.0


def test_recordings_of_one_name_are_told_apart() -> None:
    """Of two folders, in each of which a `run.csv` lies."""
    ways = [straight(np.arange(9.0), (v, 0.0), (0.0, 0.0)) for v in (1.0, 0.5)]
    one, other = (recording("run", {"p": way}) for way in ways)
    other = SceneRecording(other.scene, other.path.with_name("else.csv"), other.of)
    found = of([one, other])
    np.testing.assert_allclose(found.real[:, -1, 0], [7.8, 3.9])


def test_who_is_alone_foresees_nobody() -> None:
    found = of([recording("a", {"p": walking(np.arange(9.0))})], np.array([1, -5.0, 0, -50.0, -50]))
    assert np.isfinite(found.drawn).all() and np.abs(found.drawn).max() < AWAY_M
