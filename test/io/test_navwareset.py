"""Tables of people beside robots: exact on tracks that are known, one line on bad files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.io.navwareset import PAUSE_S, WINDOW_S, read_recording

from .tables import MANY, ONE, cell, replaced, seconds, table, walk

DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
TABLES = DATA / "navwareset"
needs_data = pytest.mark.skipif(
    not TABLES.is_dir(), reason=f"no recordings at {TABLES}; set BISIRL_DATA to their folder"
)


@pytest.mark.parametrize("jitter_s", [0.0, 0.03])
def test_constant_velocity_is_read_exactly(tmp_path: Path, jitter_s: float) -> None:
    t = seconds(jitter_s=jitter_s)
    read = read_recording(table(tmp_path / "a.csv", t, *walk(t)))
    np.testing.assert_allclose(
        read.person[:, 2:], np.tile([0.9, -0.3], (len(read.person), 1)), atol=1e-5
    )
    np.testing.assert_allclose(read.robot[:, 3], -0.4, atol=1e-5)
    np.testing.assert_allclose(read.robot[:, 4:], 0.0, atol=1e-5)
    assert read.robot.shape == (len(read.time_s), 6)
    np.testing.assert_array_equal(read.goal, read.person[-1, :2])
    assert (read.name, read.identity) == ("a", "person_1")
    assert read.time_s[0] == 0.0
    assert (np.diff(read.time_s) > 0.0).all()
    assert len(read.time_s) >= len(t) - round(WINDOW_S / 0.1)


def test_yaw_is_unwrapped(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t)
    robot[:, 2] = (3.0 + 0.5 * t + np.pi) % (2.0 * np.pi) - np.pi
    read = read_recording(table(tmp_path / "a.csv", t, person, robot))
    np.testing.assert_allclose(read.robot[:, 5], 0.5, atol=1e-5)
    assert np.abs(np.diff(read.robot[:, 2])).max() < 0.1


def test_velocity_now_knows_nothing_of_what_comes(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t)
    swerved = person.copy()
    swerved[60:, 1] += np.linspace(0.0, 3.0, len(t) - 60)
    straight = read_recording(table(tmp_path / "a.csv", t, person, robot))
    turned = read_recording(table(tmp_path / "b.csv", t, swerved, robot))
    before = int((straight.person[:, 0] <= person[60, 0]).sum())  # x is the same in both
    assert before > 50
    np.testing.assert_array_equal(straight.person[:before], turned.person[:before])
    assert not np.allclose(straight.person[-1], turned.person[-1])


def test_rounding_to_a_centimetre_is_tamed(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t)
    read = read_recording(table(tmp_path / "a.csv", t, person.round(2), robot))
    assert (read.person[:, 2:] - [0.9, -0.3]).std() < 0.015


def test_standing_before_and_after_is_cut_and_a_short_stand_between_is_kept(
    tmp_path: Path,
) -> None:
    t = seconds(30.0)
    moving = ((t >= 5.0) & (t < 10.0)) | ((t >= 10.0 + 0.5 * PAUSE_S) & (t < 18.0))
    along = np.concatenate([[0.0], np.cumsum(moving[:-1] * np.diff(t))])
    person = np.stack([along, 0.0 * along], -1)
    read = read_recording(table(tmp_path / "a.csv", t, person, walk(t)[1]))
    assert read.time_s[-1] == pytest.approx(13.0, abs=2.0 * WINDOW_S)
    assert read.goal[0] == pytest.approx(along[-1], abs=0.05)
    assert np.linalg.norm(read.person[:, 2:], axis=-1).min() < 0.1


def test_a_long_stand_ends_the_walk(tmp_path: Path) -> None:
    t = seconds(30.0)
    moving = (t < 10.0) | (t >= 15.0 + PAUSE_S)
    along = np.concatenate([[0.0], np.cumsum(moving[:-1] * np.diff(t))])
    person = np.stack([along, 0.0 * along], -1)
    read = read_recording(table(tmp_path / "a.csv", t, person, walk(t)[1]))
    assert read.time_s[-1] == pytest.approx(12.0, abs=2.0 * WINDOW_S)
    assert read.person[0, 0] > 9.0


def test_rows_that_cannot_be_used_are_dropped_and_counted(tmp_path: Path) -> None:
    t = seconds()
    path = table(tmp_path / "a.csv", t, *walk(t))
    lines = cell("robot_x", "nan", rows=slice(20, 21))(path.read_text()).splitlines()
    lines[40] = lines[39]
    path.write_text("\n".join(lines))
    read = read_recording(path)
    assert read.dropped_rows == 2
    np.testing.assert_allclose(read.person[:, 2], 0.9, atol=1e-5)


def test_second_layout_reads_the_person_asked_for(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t)
    stamps = np.round(1.7e18 + t * 1e9).astype(np.int64)
    lines = [MANY]
    for i, s in enumerate(stamps):
        cells = ",".join(str(float(v)) for v in (*robot[i], *person[i]))
        second = "," if i < 20 else f"{float(person[i, 1])},{float(person[i, 0])}"
        lines.append(f"{s},{cells},{second}")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    first, other = read_recording(path), read_recording(path, person=2)
    np.testing.assert_allclose(first.person[-1], [*person[-1], 0.9, -0.3], atol=1e-5)
    np.testing.assert_allclose(other.person[-1], [*person[-1, ::-1], -0.3, 0.9], atol=1e-5)
    assert (first.identity, other.identity) == ("person_1", "person_2")
    assert other.dropped_rows == 0
    assert first.time_s[-1] - other.time_s[-1] == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("spoil", "tells"),
    [
        (lambda text: "", "column 'timestamp' is missing"),
        (lambda text: text.splitlines()[0], "0 of 0 rows hold person 1"),
        (replaced("robot_yaw_rad", "heading"), "column 'robot_yaw_rad' is missing"),
        (replaced("\n17", "\nsoon17"), "is not a number"),
        (lambda text: text[:-30], "cells where the header has"),
        (lambda text: "\n".join(text.splitlines()[:6]), "rows hold person 1"),
        (lambda text: "\n".join(text.splitlines()[:25]), "at least 3.0 s"),
        (cell("y", "inf"), "0 of 100 rows hold person 1"),
        (cell("timestamp", "1.7E+18"), "export its last digits"),
        (lambda text: "\n".join([ONE, *text.splitlines()[:0:-1]]), "sort the rows by timestamp"),
    ],
)
def test_a_bad_file_is_told_in_one_line(
    tmp_path: Path, spoil: Callable[[str], str], tells: str
) -> None:
    t = seconds()
    path = table(tmp_path / "bad.csv", t, *walk(t))
    path.write_text(spoil(path.read_text()))
    with pytest.raises(InputError) as caught:
        read_recording(path)
    assert tells in str(caught.value)
    assert "bad.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_person_who_only_stands_is_told(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t, 0.0, 0.0)
    with pytest.raises(InputError, match=r"walks for 0\.0 s"):
        read_recording(table(tmp_path / "a.csv", t, person, robot))


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x80" * 50)
    for path in (tmp_path / "none.csv", tmp_path, binary):
        with pytest.raises(InputError, match="cannot be read"):
            read_recording(path)


def test_asking_the_first_layout_for_another_person_is_told(tmp_path: Path) -> None:
    t = seconds()
    path = table(tmp_path / "a.csv", t, *walk(t))
    with pytest.raises(InputError, match="holds one person"):
        read_recording(path, person=2)


def test_the_robots_velocity_is_in_its_own_frame(tmp_path: Path) -> None:
    t = seconds()
    person, _ = walk(t)
    robot = np.stack([0.3 * t, 0.4 * t, np.full_like(t, np.pi / 2)], -1)
    read = read_recording(table(tmp_path / "a.csv", t, person, robot))
    np.testing.assert_allclose(read.robot[:, 3:], np.tile([0.4, -0.3, 0.0], (len(read.robot), 1)),
                               atol=1e-5)  # fmt: skip
