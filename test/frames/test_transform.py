"""A rigid transform against matrices, and against scipy's rotations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.frames.transform import IDENTITY, Transform

few = settings(max_examples=50, deadline=None, database=None, derandomize=True)
coordinates = st.floats(-100.0, 100.0)
angles = st.floats(-3.0, 3.0)


def rotation(turn: tuple[float, ...]) -> Rotation:
    """Of a rotation vector (3,) [rad]."""
    return Rotation.from_rotvec(turn)


def transform(place: tuple[float, ...], turn: tuple[float, ...]) -> Transform:
    """At a place (3,) [m], turned by a rotation vector (3,) [rad]."""
    return Transform(np.array(place), np.roll(rotation(turn).as_quat(), 1))


transforms = st.builds(transform, st.tuples(*[coordinates] * 3), st.tuples(*[angles] * 3))


def homogeneous(pose: Transform) -> Array:
    """As a matrix (4, 4), by scipy."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat(np.roll(pose.rotation, -1)).as_matrix()
    matrix[:3, 3] = pose.translation
    return matrix


def assert_same(got: Transform, expected: Array) -> None:
    """As a matrix (4, 4)."""
    np.testing.assert_allclose(homogeneous(got), expected, atol=1e-9)


@few
@given(transforms, transforms)
def test_composing_multiplies_matrices(a: Transform, b: Transform) -> None:
    assert_same(a.compose(b), homogeneous(a) @ homogeneous(b))


@few
@given(transforms)
def test_the_inverse_leads_back(a: Transform) -> None:
    assert_same(a.inverse(), np.linalg.inv(homogeneous(a)))
    assert_same(a.compose(a.inverse()), np.eye(4))
    assert_same(IDENTITY.compose(a), homogeneous(a))


@few
@given(transforms, st.lists(st.tuples(*[coordinates] * 3), min_size=1, max_size=4))
def test_points_and_vectors(a: Transform, rows: list[tuple[float, ...]]) -> None:
    points = np.array(rows)[:, None]
    turned = points @ homogeneous(a)[:3, :3].T
    np.testing.assert_allclose(a.rotate(points), turned, atol=1e-9)
    np.testing.assert_allclose(a.apply(points), turned + a.translation, atol=1e-9)


@few
@given(transforms, st.tuples(coordinates, coordinates))
def test_planar_points_are_those_with_no_height(a: Transform, point: tuple[float, ...]) -> None:
    flat, deep = np.array(point), np.array([*point, 0.0])
    np.testing.assert_allclose(a.apply(flat), a.apply(deep)[:2], atol=1e-9)
    np.testing.assert_allclose(a.rotate(flat), a.rotate(deep)[:2], atol=1e-9)


@few
@given(st.tuples(*[angles] * 3), st.integers(0, 2**32 - 1))
def test_a_covariance_is_that_of_the_rotated_errors(turn: tuple[float, ...], seed: int) -> None:
    """For points with mean zero, exactly so."""
    errors = np.random.default_rng(seed).normal(size=(5, 3))
    a = transform((1.0, 2.0, 3.0), turn)
    rotated = a.rotate(errors)
    np.testing.assert_allclose(a.turn(errors.T @ errors), rotated.T @ rotated, atol=1e-9)
    seen = a.rotate(errors[:, :2])
    np.testing.assert_allclose(a.turn(errors[:, :2].T @ errors[:, :2]), seen.T @ seen, atol=1e-9)


def test_covariances_come_one_or_many() -> None:
    a = Transform.planar(0.0, 0.0, math.pi / 2)
    long = np.diag([4.0, 1.0])
    np.testing.assert_allclose(a.turn(long), np.diag([1.0, 4.0]), atol=1e-12)
    np.testing.assert_array_equal(a.turn(np.stack([np.eye(2), long]))[1], a.turn(long))


@few
@given(st.floats(-math.pi, math.pi), coordinates, coordinates)
def test_planar(yaw: float, x: float, y: float) -> None:
    a = Transform.planar(x, y, yaw)
    assert math.cos(a.yaw - yaw) == pytest.approx(1.0, abs=1e-12)
    ahead = [x + math.cos(yaw), y + math.sin(yaw), 0.0]
    np.testing.assert_allclose(a.apply(np.array([1.0, 0.0, 0.0])), ahead, atol=1e-9)


def test_yaw_is_where_the_nose_points_seen_from_above() -> None:
    tilted = transform((0.0, 0.0, 0.0), (0.3, -0.4, 1.2))
    nose = rotation((0.3, -0.4, 1.2)).apply([1.0, 0.0, 0.0])
    assert tilted.yaw == pytest.approx(math.atan2(nose[1], nose[0]))


@few
@given(transforms, st.tuples(*[st.floats(-1.0, 1.0)] * 3), st.floats(0.0, 1.0))
def test_in_between_is_where_constant_speeds_lead(
    a: Transform, turn: tuple[float, ...], share: float
) -> None:
    """Straight on, while turning about an axis of its own."""
    whole = a.compose(transform((0.0, 0.0, 0.0), turn))
    end = Transform(whole.translation + np.array([1.0, -2.0, 3.0]), -whole.rotation)
    part = a.compose(transform((0.0, 0.0, 0.0), tuple(share * v for v in turn)))
    expected = homogeneous(part)
    expected[:3, 3] += share * np.array([1.0, -2.0, 3.0])
    assert_same(a.towards(end, share), expected)


@pytest.mark.parametrize("angle", [1e-12, 1e-9, 1e-8, 1e-6, 1e-3, 3.1415])
def test_small_and_large_turns_in_between(angle: float) -> None:
    a, b = Transform.planar(0.0, 0.0, 0.0), Transform.planar(0.0, 0.0, angle)
    assert a.towards(b, 0.25).yaw == pytest.approx(0.25 * angle, rel=1e-3, abs=1e-16)


def test_half_a_turn_goes_one_way_or_the_other() -> None:
    a, b = Transform.planar(0.0, 0.0, 0.0), Transform.planar(0.0, 0.0, math.pi)
    assert abs(a.towards(b, 0.5).yaw) == pytest.approx(math.pi / 2)


def test_a_quaternion_is_normalised_and_kept_from_changes() -> None:
    given, place = np.array([1.002, 0.0, 0.0, 0.0]), np.zeros(3)
    a = Transform(place, given)
    given[0] = place[0] = 7.0
    assert a.rotation.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert a.translation.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        a.translation[0] = 1.0


@pytest.mark.parametrize(
    ("place", "turn", "words"),
    [
        ([0.0, 0.0, math.nan], [1.0, 0.0, 0.0, 0.0], "expected 3 finite"),
        ([math.inf, 0.0, -math.inf], [1.0, 0.0, 0.0, 0.0], "expected 3 finite"),
        ([0.0, 0.0], [1.0, 0.0, 0.0, 0.0], "expected 3 finite"),
        ([0.0, 0.0, 0.0], [math.nan, 0.0, 0.0, 0.0], "expected 4 finite"),
        ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], "expected 4 finite"),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], "norm 0, expected 1"),
        ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0], "norm 1.41, expected 1"),
    ],
)
def test_what_is_no_transform_is_refused(place: list[float], turn: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Transform(np.array(place), np.array(turn))


@pytest.mark.parametrize("values", [np.zeros(4), np.zeros((3, 1)), np.float64(1.0)])
def test_values_of_another_shape_are_refused(values: Array) -> None:
    with pytest.raises(InputError, match="expected 2 or 3"):
        IDENTITY.apply(values)
    with pytest.raises(InputError, match="expected 2 or 3"):
        IDENTITY.turn(np.zeros((2, 3)))
