"""Tables of people beside robots in other units, rates and frames; real ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.io.navwareset import WINDOW_S, read_recording

from .tables import seconds, table, walk

DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
TABLES = DATA / "navwareset"
needs_data = pytest.mark.skipif(
    not TABLES.is_dir(), reason=f"no recordings at {TABLES}; set BISIRL_DATA to their folder"
)


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
