"""Tables in many dialects: read as meant, and what was recognised is said; else one line."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bisirl_ros.errors import InputError
from bisirl_ros.io.dialect import read_numbers
from bisirl_ros.io.navwareset import Recording, read_recording
from bisirl_ros.io.table import without_fillers
from bisirl_ros.io.units import unit_of_stamps

NAMES = ("timestamp", "x", "y", "column", "robot_x", "robot_y", "robot_yaw_rad")
BEGIN_NS = 1_700_000_000_000_000_000
MARKS = [
    *((",", ".", ""), (",", ".", '"'), (",", ",", '"'), (", ", ".", "")),
    *(("\t", ".", ""), ("\t", ",", "'"), ("|", ",", "")),
    *((";", ".", ""), (";", ",", ""), (";", ",", '"'), (" ", ".", ""), ("  ", ",", "")),
]
"""Delimiter, decimal mark, quotes."""
PER_S = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def values() -> list[list[float]]:
    """One walk of 8 s at 10 Hz; stamps in seconds from the beginning."""
    rows = []
    for k in range(80):
        t = 0.1 * k
        person = [round(0.15 * math.sin(0.8 * t), 2), round(-6.0 + 1.15 * t, 2)]
        rows.append([t, *person, 0, round(-4.0 + 0.6 * t, 3), 0.1, 0.02])
    return rows


def stamp(t: float, unit: str, since_1970: bool) -> str:
    """A time as text, with as many digits as its unit needs."""
    ns = round(t * 1e9) + BEGIN_NS * since_1970
    return f"{ns / 1e9:.3f}" if unit == "s" else str(ns // round(1e9 / PER_S[unit]))


def text(
    rows: list[list[float]],
    delimiter: str = ",",
    decimal: str = ".",
    quote: str = "",
    name: Callable[[str], str] = str,
    unit: str = "ns",
    since_1970: bool = True,
) -> str:
    """A table in a dialect."""
    lines = [[quote + name(n) + quote for n in NAMES]]
    for t, *others in rows:
        cells = [stamp(t, unit, since_1970), *map(str, others)]
        lines.append([quote + cell.replace(".", decimal) + quote for cell in cells])
    return "\n".join(delimiter.join(line) for line in lines) + "\n"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The walk from a plain table."""
    path = tmp_path_factory.mktemp("plain") / "walk.csv"
    path.write_text(text(values()))
    read = read_recording(path)
    assert read.notes == ()
    return read


def same(read: Recording, as_plain: Recording) -> None:
    """The same walk; stamps to a millisecond."""
    assert read.person.shape == as_plain.person.shape
    np.testing.assert_allclose(read.time_s, as_plain.time_s, atol=2e-6)
    np.testing.assert_allclose(read.person, as_plain.person, atol=1e-5)
    np.testing.assert_allclose(read.robot, as_plain.robot, atol=1e-5)


@given(
    marks=st.sampled_from(MARKS),
    name=st.sampled_from([str, str.upper, str.title]),
    above=st.sampled_from(
        ["", "# made by our logger\n", "% x, y, robot_x; in m\n\n", "sep=;\n", "Scene 1: x\n\n\n"]
    ),
    commented=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    unit=st.sampled_from(list(PER_S)),
    since_1970=st.booleans(),
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_dialect_is_the_same_walk(
    tmp_path: Path,
    plain: Recording,
    marks: tuple[str, str, str],
    name: Callable[[str], str],
    above: str,
    commented: bool,
    end: str,
    encoding: str,
    unit: str,
    since_1970: bool,
) -> None:
    delimiter, decimal, quote = marks
    table = text(values(), delimiter, decimal, quote, name, unit, since_1970)
    whole = above + "# " * commented + table
    path = tmp_path / "walk.csv"
    path.write_bytes(whole.replace("\n", end).encode(encoding))
    read = read_recording(path)
    same(read, plain)
    said = " / ".join(read.notes)
    assert ("parted by" in said) == (delimiter.strip(" ") != ",")
    assert ("decimal commas" in said) == (decimal == ",")
    assert ("above the header" in said) == bool(above)
    assert (f"timestamps are in {unit}" in said) == (unit != "ns")


def test_a_byte_order_mark_and_a_comment_in_another_encoding(
    tmp_path: Path, plain: Recording
) -> None:
    path = tmp_path / "walk.csv"
    path.write_bytes(codecs.BOM_UTF8 + text(values()).encode())
    same(read_recording(path), plain)
    path.write_bytes("# von J\u00f6rg gemessen\n".encode("latin-1") + text(values()).encode())
    same(read_recording(path), plain)


@pytest.mark.parametrize(
    ("names", "factors"),
    [
        (("x_mm", "y_mm", "robot_x_mm", "robot_y_mm", "robot_yaw_rad"), (1e3, 1.0)),
        (("X [cm]", "Y (cm)", "Robot X [cm]", "robot-y_cm", "robot_yaw"), (1e2, 1.0)),
        (("x_m", "y_m", "robot_x", "robot_y", "robot_yaw_deg"), (1.0, 180.0 / math.pi)),
        (("x", "y", "robot_x", "robot_y", "Robot Yaw [deg]"), (1.0, 180.0 / math.pi)),
    ],
)
def test_a_unit_in_the_name_is_believed(
    tmp_path: Path, plain: Recording, names: tuple[str, ...], factors: tuple[float, float]
) -> None:
    (x, y, robot_x, robot_y, yaw), (length, angle) = names, factors
    header = ",".join(["timestamp [ms]", x, y, "column", robot_x, robot_y, yaw])
    lines = [
        ",".join(
            repr(v) for v in (1e3 * t, a * length, b * length, c, d * length, e * length, f * angle)
        )
        for t, a, b, c, d, e, f in values()
    ]
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([header, *lines]))
    read = read_recording(path)
    same(read, plain)
    assert any("as its name says" in note for note in read.notes)


@pytest.mark.parametrize("filler", ["-999", "-999.0", "9999", "NaN", "", "null", "N/A", "1e30"])
@pytest.mark.parametrize("columns", [(1, 2), (4, 5)])
def test_what_stands_for_no_position_is_a_gap(
    tmp_path: Path, plain: Recording, filler: str, columns: tuple[int, int]
) -> None:
    lines = [line.split(",") for line in text(values()).splitlines()]
    for line in lines[4::11]:
        for column in columns:
            line[column] = filler
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(",".join(line) for line in lines))
    read = read_recording(path)
    speed = np.linalg.norm(read.person[:, 2:], axis=-1)
    assert speed.max() < 1.3
    assert len(read.time_s) >= len(plain.time_s) - 8
    np.testing.assert_array_equal(read.goal, plain.goal)
    is_number = filler.lstrip("-")[0:1].isdigit()
    assert any("read as no position" in note for note in read.notes) == is_number


def test_zeros_are_gaps_only_where_nobody_comes_near() -> None:
    far, near = np.array([[5.0, 4.0], [0.0, 0.0], [5.2, 4.0]]), np.array([[0.2, 0.0], [0.0, 0.0]])
    filled, found = without_fillers(far)
    assert np.isnan(filled[1]).all() and np.isfinite(filled[[0, 2]]).all() and found == [0.0]
    assert without_fillers(near)[1] == without_fillers(np.zeros((5, 2)))[1] == []


def test_a_position_that_looks_like_a_filler_is_kept_in_its_own_unit() -> None:
    walk_mm = np.stack([np.arange(-4999.0, 5000.0, 100.0)] * 2, -1)
    assert -999.0 in walk_mm
    filled, found = without_fillers(walk_mm)
    np.testing.assert_array_equal(filled, walk_mm)
    assert found == []


def test_rows_twice_are_dropped_counted_and_said(tmp_path: Path, plain: Recording) -> None:
    path = tmp_path / "walk.csv"
    header, *lines = text(values()).splitlines()
    path.write_text("\n".join([header, *(line for line in lines for _ in range(2))]))
    read = read_recording(path)
    same(replace(read, dropped_rows=0), plain)
    assert read.dropped_rows == 80
    assert read.notes == ("80 rows at a time that was there before are left out",)


@given(
    unit=st.sampled_from(list(PER_S)),
    rate_hz=st.floats(2.0, 200.0),
    begin_s=st.one_of(st.just(0.0), st.floats(1.0e9, 4.0e9)),
)
def test_stamps_tell_their_unit(unit: str, rate_hz: float, begin_s: float) -> None:
    stamps = (begin_s + np.arange(40) / rate_hz) * PER_S[unit]
    assert unit_of_stamps(stamps)[0] == unit


def test_stamps_of_an_unlikely_pace_tell_none() -> None:
    assert unit_of_stamps(5e-4 * np.arange(20.0)) == ("", "")


@pytest.mark.parametrize(
    ("spoil", "tells"),
    [
        (lambda s: s.replace("x,y", "x,X"), "column 'x' is there twice"),
        (lambda s: s.replace("timestamp,x", "timestamp,x_ms"), "'x' is named in ms; known are m,"),
        (lambda s: s.replace("timestamp", "when"), "'timestamp' is missing (when, x, y, column"),
        (lambda s: s.replace(",-5.88,", ',"-5,88",'), "some numbers have a decimal comma"),
        (lambda s: s.replace(".", ","), "or use another delimiter than the decimal comma"),
        (lambda s: s.replace(",-5.88,", ",near,"), "line 3: 'near' in column 'y' is not a number"),
        (lambda s: "# a\n\n" + s.replace(",-5.88,", ",near,"), "line 5: 'near'"),
        (lambda s: s.split("\n", 1)[1], "column 'timestamp' is missing"),
        (lambda s: '"' * 200000, "column 'timestamp' is missing"),
        (lambda s: "a" * 200000, "cannot be read (not a text table)"),
    ],
)
def test_what_cannot_be_told_is_one_line(
    tmp_path: Path, spoil: Callable[[str], str], tells: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(spoil(text(values())))
    with pytest.raises(InputError) as caught:
        read_recording(path)
    assert tells in str(caught.value)
    assert "bad.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_header_is_found_where_the_names_are(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("# b is in metres, a in seconds\n# a;b;note\n1,5;2;x, y\n\n# end\n2,5;;z\n")
    table = read_numbers(path, {"a", "b"})
    assert table.names == ("a", "b", "note")
    np.testing.assert_array_equal(table.numbers(("b", "a")), [[2.0, 1.5], [np.nan, 2.5]])
