"""Transforms that tests of buffers share, and the line by which something is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings

from bisirl_ros.errors import InputError
from bisirl_ros.frames.transform import Transform

few = settings(max_examples=30, deadline=None, database=None, derandomize=True)
KEEP_S, STALE_S = 10.0, 0.5
HERE = Transform.planar(1.0, 2.0, 0.3)


def along_x(x: float) -> Transform:
    """So far ahead [m]."""
    return Transform.planar(x, 0.0, 0.0)


def assert_same(a: Transform, b: Transform) -> None:
    """As matrices: a quaternion has two signs."""
    np.testing.assert_allclose(a.translation, b.translation, atol=1e-9)
    np.testing.assert_allclose(a.matrix, b.matrix, atol=1e-9)


def refusal(call: Callable[[], object]) -> str:
    """The one line by which a call is refused."""
    with pytest.raises(InputError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)
