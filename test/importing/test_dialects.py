"""One walk in many dialects: the same recording, or one line that says what to tell."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.importing.recording import Recording

Rows = list[list[Any]]
Spoil = Callable[[Rows, Callable[..., str]], str | bytes]
BEGIN_NS = 1_700_000_000_000_000_000
HEADER = ("timestamp", "x", "y", "column", "robot_x", "robot_y", "robot_yaw_rad")


def scaled(rows: Rows, factor: float) -> Rows:
    """Lengths in another unit."""
    lengths = (1, 2, 4, 5)
    return [[round(factor * c, 6) if k in lengths else c for k, c in enumerate(r)] for r in rows]


def in_degrees(rows: Rows) -> Rows:
    """Yaws in degrees, of a robot that drives sideways."""
    return [[*r[:6], round(math.degrees(r[6]) + 90.0, 1)] for r in rows]


SAME: dict[str, tuple[Spoil, dict[str, Any]]] = {
    "bom_crlf": (lambda r, t: codecs.BOM_UTF8 + t(r, end="\r\n").encode(), {}),
    "utf_16": (lambda r, t: t(r).encode("utf-16"), {}),
    "quoted": (lambda r, t: t([[f'"{c}"' for c in row] for row in r]), {}),
    "semicolon_comma_decimals": (
        lambda r, t: t([[str(c).replace(".", ",") for c in row] for row in r], mark=";"),
        {},
    ),
    "tabs": (lambda r, t: t(r, mark="\t"), {}),
    "tabs_told": (lambda r, t: t(r, mark="\t"), {"delimiter": "tabs"}),
    "seconds": (lambda r, t: t([[repr(row[0] / 1e9), *row[1:]] for row in r]), {}),
    "milliseconds": (lambda r, t: t([[row[0] // 10**6, *row[1:]] for row in r]), {}),
    "microseconds_told": (
        lambda r, t: t([[row[0] // 10**3, *row[1:]] for row in r]),
        {"stamp_unit": "us"},
    ),
    "millimetres": (lambda r, t: t(scaled(r, 1e3)), {"length_unit": "mm"}),
    "centimetres": (lambda r, t: t(scaled(r, 1e2)), {"length_unit": "cm"}),
    "millimetres_by_name": (
        lambda r, t: t(
            scaled(r, 1e3),
            ("timestamp", "x_mm", "y_mm", "column", "robot_x_mm", "robot_y_mm", "robot_yaw"),
        ),
        {},
    ),
    "duplicate_times": (lambda r, t: t([row for row in r for _ in (0, 1)]), {"sort": True}),
    "duplicates_skipped": (lambda r, t: t([row for row in r for _ in (0, 1)]), {"skip_bad": True}),
    "backwards": (lambda r, t: t(r[::-1]), {"sort": True}),
    "upper_header": (lambda r, t: t(r, tuple(name.upper() for name in HEADER)), {}),
    "comment_first": (lambda r, t: "# made by our logger\n" + t(r), {}),
    "a_bad_row": (lambda r, t: t([*r[:5], [1, "near", 2, 3, 4, 5, 6], *r[5:]]), {"skip_bad": True}),
}


@pytest.mark.parametrize("dialect", SAME)
def test_the_same_walk(
    dialect: str, walk: Rows, text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    spoil, told = SAME[dialect]
    plain, other = read(text(walk)), read(spoil(walk, text), **told)
    assert other.begin_ns == pytest.approx(BEGIN_NS, abs=300) and plain.begin_ns == BEGIN_NS
    assert list(other.people) == ["person_1"] and plain.robot is not None
    assert other.robot is not None and plain.people["person_1"].shape == (140, 3)
    np.testing.assert_allclose(other.people["person_1"], plain.people["person_1"], atol=1e-6)
    np.testing.assert_allclose(other.robot, plain.robot, atol=1e-6)
    expected = np.array([row[1:3] for row in walk], float)
    np.testing.assert_array_equal(plain.people["person_1"][:, 1:], expected)


@pytest.mark.parametrize(
    ("spoil", "tells"),
    [
        (lambda r, t: t(scaled(r, 1e3)), "millimetres in place of metres"),
        (lambda r, t: t(scaled(r, 1e2)), "--length-unit"),
        (lambda r, t: t(in_degrees(r)), "--angle-unit"),
        (lambda r, t: t([row for row in r for _ in (0, 1)]), "line 3: person_1 repeats line 2"),
        (
            lambda r, t: t([*r[:9], r[10], r[9], *r[11:]]),
            "line 12: person_1 is earlier than line 11",
        ),
        (
            lambda r, t: t([*r[:9], [*r[9][:5], "", 0.0], *r[10:]]),
            "line 11: robot_x, robot_y, robot",
        ),
        (lambda r, t: t([*r[:9], ["", *r[9][1:]], *r[10:]]), "line 11: no time"),
        (lambda r, t: t([*r[:9], [*r[9][:3], "", *r[9][4:]], *r[10:]]), "line 11: no id"),
        (lambda r, t: t([*r[:9], [*r[9][:1], "near", *r[9][2:]], *r[10:]]), "line 11: 'near'"),
        (lambda r, t: "", "no column of timestamp is known"),
        (lambda r, t: t([]), "nobody is in more than 0 of 0 rows"),
        (lambda r, t: t(r[:2]), "nobody is in more than 2 of 2 rows"),
        (lambda r, t: t([[k * 5000, *row[1:]] for k, row in enumerate(r)]), "--stamp-unit"),
        (lambda r, t: t([row[:6] for row in r], HEADER[:6]), "--columns robot_yaw"),
    ],
)
def test_what_is_refused_says_where_and_what_to_tell(
    spoil: Spoil,
    tells: str,
    walk: Rows,
    text: Callable[..., str],
    read: Callable[..., Recording],
) -> None:
    with pytest.raises(InputError) as caught:
        read(spoil(walk, text))
    assert tells in str(caught.value)
    assert "walk.csv" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("gap", ["-999", "nan", "", "NaN", "N/A"])
def test_gaps_stay_gaps(
    gap: str, walk: Rows, text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    away = {*range(0, 140, 11), *range(50, 100)}
    rows = [[r[0], gap, gap, *r[3:]] if k in away else r for k, r in enumerate(walk)]
    recording = read(text(rows))
    stamps = recording.people["person_1"][:, 0]
    np.testing.assert_allclose(stamps, [0.1 * k for k in range(140) if k not in away], atol=1e-6)
    assert len(stamps) == 140 - len(away)
    assert recording.robot is not None and len(recording.robot) == 140
    assert any("gaps, of 5.1 s at most, stay gaps" in line for line in recording.found)
    assert any("read as no position" in line for line in recording.told) == (gap == "-999")


def test_degrees_as_told(
    walk: Rows, text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    recording = read(text(in_degrees(walk)), angle_unit="deg")
    assert recording.robot is not None
    np.testing.assert_allclose(recording.robot[:, 3], math.radians(91.1), atol=1e-9)
    assert any("sideways" in line for line in recording.found)


def test_sparse_rows_are_taken(
    walk: Rows, text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    assert read(text(walk[::5])).people["person_1"].shape == (28, 3)


def test_what_is_recognised_is_said(
    walk: Rows, text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    said = "\n".join(read(text([[r[0] // 10**6, *r[1:]] for r in walk], mark=";")).told)
    for line in (
        "columns, parted by semicolons: time timestamp, positions x, y, who by column, the robot's",
        "frame: all poses are in odom",
        "time: in ms, by their size",
        "units: positions in m (taken as such), yaw in rad (taken as such)",
    ):
        assert line in said


def test_bad_rows_are_counted(
    walk: Rows, text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    rows = [*walk[:9], [*walk[9][:1], "near", *walk[9][2:]], walk[3], *walk[10:]]
    recording = read(text(rows), skip_bad=True)
    assert "2 bad rows are left out: lines 11, 12" in recording.found
    assert len(recording.people["person_1"]) == 139
