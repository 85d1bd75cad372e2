"""A rigid transform: where a child frame is in its parent."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

TOLERANCE = 0.01
"""How far off 1 the squared norm of a quaternion may be, as in tf2."""
SMALL = 1e-9
"""Half a turn [rad] below which its sine is it."""
CONJUGATE = np.array([1.0, -1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Transform:
    """Pose of a child frame in its parent.

    translation: (3,) [m]; rotation: quaternion (4,), w x y z; both are kept as read-only copies,
    the quaternion normalised. Planar values (..., 2) are those with z = 0, seen from above.
    Raises InputError for a value that is not finite, or a quaternion that is no rotation.
    """

    translation: Array
    rotation: Array

    def __post_init__(self) -> None:
        place, turn = _read(self.translation, 3), _read(self.rotation, 4)
        w, x, y, z = turn.tolist()
        square = w * w + x * x + y * y + z * z
        if abs(square - 1.0) > TOLERANCE:
            raise InputError(
                f"transform: rotation ({w:g}, {x:g}, {y:g}, {z:g}) has norm"
                f" {math.sqrt(square):.3g}, expected 1; check what publishes it"
            )
        turn /= math.sqrt(square)
        place.setflags(write=False)
        turn.setflags(write=False)
        object.__setattr__(self, "translation", place)
        object.__setattr__(self, "rotation", turn)

    @staticmethod
    def planar(x: float, y: float, yaw: float) -> Transform:
        """At x, y [m], turned by yaw [rad] about z."""
        turn = [math.cos(0.5 * yaw), 0.0, 0.0, math.sin(0.5 * yaw)]
        return Transform(np.array([x, y, 0.0]), np.array(turn))

    @cached_property
    def matrix(self) -> Array:
        """The rotation as a matrix (3, 3): its columns are the child's axes in the parent."""
        w, x, y, z = self.rotation.tolist()
        return np.array(
            [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
                [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
                [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
            ]
        )

    @property
    def yaw(self) -> float:
        """Heading [rad] of the child's x axis in the parent's x-y plane."""
        return math.atan2(self.matrix[1, 0], self.matrix[0, 0])

    def compose(self, other: Transform) -> Transform:
        """Pose in this one's parent of a frame whose pose in its child is `other`."""
        place = _turned(self.rotation, other.translation) + self.translation
        return Transform(place, _product(self.rotation, other.rotation))

    def inverse(self) -> Transform:
        """Pose of the parent in the child."""
        back = self.rotation * CONJUGATE
        return Transform(-_turned(back, self.translation), back)

    def apply(self, points: Array) -> Array:
        """Points (..., 3) or (..., 2) [m] in the child, as they are in the parent."""
        rotated = self.rotate(points)
        return rotated + self.translation[: rotated.shape[-1]]

    def rotate(self, vectors: Array) -> Array:
        """Vectors (..., 3) or (..., 2), such as velocities, as the parent's axes tell them."""
        vectors = np.asarray(vectors, float)
        return vectors @ self._block(vectors.shape[-1:]).T

    def turn(self, covariances: Array) -> Array:
        """Covariances (..., 3, 3) or (..., 2, 2), as the parent's axes tell them."""
        covariances = np.asarray(covariances, float)
        block = self._block(covariances.shape[-2:])
        return np.asarray(block @ covariances @ block.T)

    def towards(self, other: Transform, share: float) -> Transform:
        """In between: straight from here (share 0) to `other` (1), turning the shorter way at
        constant speed (slerp; Shoemake 1985)."""
        place = self.translation + share * (other.translation - self.translation)
        return Transform(place, _slerp(self.rotation, other.rotation, share))

    def _block(self, shape: tuple[int, ...]) -> Array:
        """Of the matrix, for values of these last dimensions."""
        if not shape or any(n != shape[0] for n in shape) or shape[0] not in (2, 3):
            raise InputError(f"transform: values end in shape {shape}, expected 2 or 3 in each")
        return self.matrix[: shape[0], : shape[0]]


def _read(values: Array, count: int) -> Array:
    """A copy of `count` finite values."""
    read = np.array(values, float)
    if read.shape != (count,) or not math.isfinite(sum(read.tolist())):
        raise InputError(
            f"transform: {read.tolist()}, expected {count} finite values; check what publishes it"
        )
    return read


def _turned(rotation: Array, vector: Array) -> Array:
    """A vector (3,) turned by a unit quaternion; in floats, which is faster than a matrix."""
    w, x, y, z = rotation.tolist()
    a, b, c = vector.tolist()
    i, j, k = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return np.array(
        [a + w * i + y * k - z * j, b + w * j + z * i - x * k, c + w * k + x * j - y * i]
    )


def _product(a: Array, b: Array) -> Array:
    """Quaternion product: b, then a."""
    w, x, y, z = a.tolist()
    s, i, j, k = b.tolist()
    return np.array(
        [
            w * s - x * i - y * j - z * k,
            w * i + x * s + y * k - z * j,
            w * j - x * k + y * s + z * i,
            w * k + x * j - y * i + z * s,
        ]
    )


def _slerp(a: Array, b: Array, share: float) -> Array:
    """Between unit quaternions a and b, which stands for the same rotation as -b."""
    cos = sum(map(operator.mul, a.tolist(), b.tolist()))
    half = math.acos(min(abs(cos), 1.0))
    here, there = 1.0 - share, share
    if half > SMALL:
        here, there = (
            math.sin(here * half) / math.sin(half),
            math.sin(share * half) / math.sin(half),
        )
    return here * a + math.copysign(there, cos) * b


IDENTITY = Transform(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))
