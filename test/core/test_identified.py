"""Which directions of theta are known, and how the others are told."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.identified import identified_subspace

NAMES = ("progress", "effort", "proximity")


def information(psi: list[list[float]]) -> np.ndarray:
    rows = np.array(psi)
    return rows.T @ rows


def test_features_that_always_vary_together_are_known_only_in_sum() -> None:
    known = identified_subspace(information([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]))
    assert known.rank == 2
    assert known.project(np.array([3.0, 1.0, 5.0])) == pytest.approx(np.array([2.0, 2.0, 5.0]))
    (line,) = known.unidentified(NAMES)
    assert line in {"0.71 progress - 0.71 effort", "0.71 effort - 0.71 progress"}


def test_a_feature_that_never_varies_is_named() -> None:
    known = identified_subspace(information([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0]]))
    assert known.unidentified(NAMES) == ("1.00 proximity",)


def test_two_unknown_directions_are_told_apart_whatever_basis_they_come_in() -> None:
    psi = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]  # effort against progress, and proximity
    lines = identified_subspace(information(psi)).unidentified((*NAMES, "speed"))
    assert sorted(lines)[1] == "1.00 proximity"
    assert "progress" in lines[0] + lines[1]
    assert not any("proximity" in line and "effort" in line for line in lines)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_information_does_not_matter(scale: float) -> None:
    rng = np.random.default_rng(0)
    known = identified_subspace(scale * information(rng.normal(size=(2, 3)).tolist()))
    assert known.rank == 2
    both = np.hstack([known.basis, known.null])
    assert both.T @ both == pytest.approx(np.eye(3), abs=1e-12)


def test_nothing_seen_and_everything_seen() -> None:
    nothing, everything = identified_subspace(np.zeros((3, 3))), identified_subspace(np.eye(3))
    assert nothing.rank == 0
    assert nothing.project(np.ones(3)) == pytest.approx(np.zeros(3))
    assert len(nothing.unidentified(NAMES)) == 3
    assert everything.rank == 3
    assert everything.unidentified(NAMES) == ()
