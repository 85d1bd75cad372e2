"""Tables of people beside robots: exact on tracks that are known, one line on bad files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.io.navwareset import PAUSE_S, WINDOW_S, read_recording

ONE = "timestamp,x,y,column,robot_x,robot_y,robot_yaw_rad"
MANY = "timestamp,robot_x,robot_y,robot_yaw_rad,x1,y1,x2,y2"
DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
TABLES = DATA / "navwareset"
needs_data = pytest.mark.skipif(
    not TABLES.is_dir(), reason=f"no recordings at {TABLES}; set BISIRL_DATA to their folder"
)


def seconds(length_s: float = 10.0, jitter_s: float = 0.0) -> np.ndarray:
    """About 10 Hz, unevenly with jitter."""
    t = np.arange(0.0, length_s, 0.1)
    return t + np.random.default_rng(0).uniform(-jitter_s, jitter_s, len(t))


def table(path: Path, t: np.ndarray, person: np.ndarray, robot: np.ndarray) -> Path:
    """A table of the first layout; person (N, 2), robot (N, 3)."""
    stamps = np.round(1.7e18 + t * 1e9).astype(np.int64)
    lines = [
        f"{s},{h[0]!r},{h[1]!r},1,{r[0]!r},{r[1]!r},{r[2]!r}"
        for s, h, r in zip(stamps, person.tolist(), robot.tolist(), strict=True)
    ]
    path.write_text("\n".join([ONE, *lines]) + "\n")
    return path


def walk(t: np.ndarray, vx: float = 0.9, vy: float = -0.3) -> tuple[np.ndarray, np.ndarray]:
    """A straight walk, and a robot that reverses along its own heading across the yaw's seam."""
    person = np.stack([1.0 + vx * t, 2.0 + vy * t], -1)
    yaw = 3.1 + 0.0 * t
    robot = np.stack([5.0 - 0.4 * t * np.cos(yaw), -0.4 * t * np.sin(yaw), yaw], -1)
    return person, robot


def _replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def _cell(column: str, value: str, rows: slice = slice(None)) -> Callable[[str], str]:
    """Puts `value` in a column of some rows of a table of the first layout."""

    def spoil(text: str) -> str:
        header, *lines = [line.split(",") for line in text.splitlines()]
        for line in lines[rows]:
            line[header.index(column)] = value
        return "\n".join(",".join(line) for line in [header, *lines])

    return spoil


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
    lines = _cell("robot_x", "nan", rows=slice(20, 21))(path.read_text()).splitlines()
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
        (_replaced("robot_yaw_rad", "heading"), "column 'robot_yaw_rad' is missing"),
        (_replaced("\n17", "\nsoon17"), "is not a number"),
        (lambda text: text[:-30], "cells where the header has"),
        (lambda text: "\n".join(text.splitlines()[:6]), "rows hold person 1"),
        (lambda text: "\n".join(text.splitlines()[:25]), "at least 3.0 s"),
        (_cell("y", "inf"), "0 of 100 rows hold person 1"),
        (_cell("timestamp", "1.7E+18"), "export its last digits"),
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


def scaled(t: np.ndarray, person: float = 1.0, robot: float = 1.0, yaw: float = 1.0) -> tuple:
    """The walk with its lengths and its yaw in other units."""
    walker, machine = walk(t)
    return walker * person, machine * [robot, robot, yaw]


@pytest.mark.parametrize(
    ("factors", "tells"),
    [
        ((1e3, 1e3), r"millimetres in place of metres\? .* x_mm, y_mm"),
        ((1e2, 1e2), r"centimetres in place of metres\? .* x_cm, y_cm"),
        ((1.0, 1e3), r"millimetres in place of metres\? .* robot_x_mm, robot_y_mm"),
        ((1.0, 1.0, 180.0 / np.pi), r"reaches 177\.6, beyond 2 pi: degrees .* robot_yaw_deg"),
        ((1e-3, 1.0), r"never faster than 0\.001 m/s: where they did walk, check the units"),
    ],
)
@pytest.mark.parametrize("step_s", [0.02, 0.1, 0.5])
def test_a_unit_of_length_or_angle_that_cannot_be_is_named(
    tmp_path: Path, factors: tuple, tells: str, step_s: float
) -> None:
    t = np.arange(0.0, 12.0, step_s)
    with pytest.raises(InputError, match=tells):
        read_recording(table(tmp_path / "a.csv", t, *scaled(t, *factors)))


def test_a_robot_in_another_frame_or_unit_is_told_where_it_stands(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t)
    with pytest.raises(InputError, match=r"never nearer than 7,0.. m"):
        read_recording(table(tmp_path / "a.csv", t, person, np.full_like(robot, 5e3)))


@pytest.mark.parametrize(("step", "tells"), [(1.0, "come every 1 s"), (10.0, "in another unit")])
def test_stamps_that_count_something_else_are_told(tmp_path: Path, step: float, tells: str) -> None:
    """Frames, and ticks of 10 ms that pass for milliseconds."""
    t = seconds()
    path = table(tmp_path / "a.csv", t, *walk(t))
    header, *lines = path.read_text().splitlines()
    counted = [f"{step * k:g},{line.split(',', 1)[1]}" for k, line in enumerate(lines)]
    path.write_text("\n".join([header, *counted]))
    with pytest.raises(InputError, match=tells):
        read_recording(path)


@pytest.mark.parametrize("rate_hz", [2.0, 2.5, 4.0, 5.0, 10.0, 30.0, 100.0])
def test_the_window_follows_the_rate(tmp_path: Path, rate_hz: float) -> None:
    t = np.arange(0.0, 12.0, 1.0 / rate_hz)
    read = read_recording(table(tmp_path / "a.csv", t, *walk(t)))
    np.testing.assert_allclose(
        read.person[:, 2:], np.tile([0.9, -0.3], (len(read.person), 1)), atol=1e-5
    )
    assert read.time_s[-1] > 10.0
    assert any("rows per second" in note for note in read.notes) == (rate_hz < 5.0)


def test_a_position_that_is_held_is_not_standing(tmp_path: Path) -> None:
    """Found at 5 Hz, written at 30 Hz: as if only the first row of each position were there."""
    t = np.arange(360) / 30.0
    person, robot = walk(t)
    found = np.arange(360) // 6 * 6
    whole = read_recording(table(tmp_path / "a.csv", t, person[found], robot))
    first = read_recording(table(tmp_path / "a.csv", t[::6], person[::6], robot[::6]))
    np.testing.assert_array_equal(whole.person, first.person)
    assert any("300 rows that repeat a position" in note for note in whole.notes)


@pytest.mark.parametrize("wrong", ["glitches", "bystander"])
def test_somebody_elsewhere_for_a_moment_is_left_out(tmp_path: Path, wrong: str) -> None:
    t = seconds(20.0)
    person, robot = walk(t)
    seen, k = person.copy(), np.arange(len(t))
    odd = k % 13 == 6 if wrong == "glitches" else k % 40 >= 26
    seen[odd] += [3.0, 4.0]
    read = read_recording(table(tmp_path / "a.csv", t, seen, robot))
    np.testing.assert_allclose(
        read.person[:, 2:], np.tile([0.9, -0.3], (len(read.person), 1)), atol=1e-5
    )
    assert len(read.time_s) > (t[-1] - 3.0) / 0.1 * 0.4
    assert any("between a leap and one back" in note for note in read.notes)


def test_who_changes_for_good_ends_the_walk(tmp_path: Path) -> None:
    t = seconds(20.0)
    person, robot = walk(t)
    person[120:] += [3.0, 4.0]
    read = read_recording(table(tmp_path / "a.csv", t, person, robot))
    assert read.time_s[-1] == pytest.approx(11.9 - WINDOW_S / 2.0, abs=WINDOW_S)
    np.testing.assert_allclose(read.person[:, 2], 0.9, atol=1e-5)
    assert "the longest of 2 walks is kept" in read.notes


def test_two_people_in_one_column_are_told(tmp_path: Path) -> None:
    t = seconds()
    person, robot = walk(t)
    person[::2] += [3.0, 4.0]
    with pytest.raises(InputError, match="two people in one column"):
        read_recording(table(tmp_path / "a.csv", t, person, robot))


def test_a_yaw_that_counts_on_is_radians(tmp_path: Path) -> None:
    """A robot that drives two and a half rounds."""
    t = seconds(20.0)
    yaw = 0.8 * t
    robot = np.stack([3.0 + np.sin(yaw), 1.0 - np.cos(yaw), yaw], -1)
    read = read_recording(table(tmp_path / "a.csv", t, walk(t)[0], robot))
    assert read.robot[-1, 2] > 4.0 * np.pi
    assert read.notes == ()


def test_a_robot_that_moves_off_its_heading_is_noted(tmp_path: Path) -> None:
    t = seconds()
    person, _ = walk(t)
    robot = np.stack([0.5 * t, 0.0 * t, np.full_like(t, 1.2)], -1)
    (note,) = read_recording(table(tmp_path / "a.csv", t, person, robot)).notes
    assert "moves 69 degrees off robot_yaw_rad" in note


@needs_data
def test_all_real_recordings_are_read_without_complaint() -> None:
    """Plain tables: nothing is recognised in them but more than one walk."""
    for path in sorted(TABLES.rglob("*.csv"))[::9]:
        for note in read_recording(path).notes:
            assert note.startswith("the longest of ")


@needs_data
@pytest.mark.parametrize("scene", ["01", "05", "08", "12"])
def test_real_recordings_are_people_walking(scene: str) -> None:
    paths = sorted((TABLES / f"{scene}_poses").glob("*.csv"))
    assert paths
    for path in paths:
        recording = read_recording(path)
        speed = np.linalg.norm(recording.person[:, 2:], axis=-1)
        assert 0.5 < np.median(speed) < 1.6
        assert speed.max() < 2.0
        assert np.linalg.norm(recording.goal - recording.person[0, :2]) > 3.0


@needs_data
def test_real_second_layout_holds_several_people() -> None:
    path = min((TABLES / "06_poses").glob("*.csv"))
    goals = [read_recording(path, person).goal for person in range(1, 6)]
    assert np.ptp(np.stack(goals), axis=0).max() > 1.0
