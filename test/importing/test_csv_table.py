"""Any table whose columns are known by their usual names, or are named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.importing.recording import Recording


def crowd(header: str, robot: bool = False) -> str:
    """Ann and Bob at 5 Hz for 6 s, Bob from 2 s on; and a robot, in the rows of both."""
    lines = [header]
    for k in range(30):
        t = 0.2 * k
        pose = f",{0.1 * k:.3f},-1.0,0.5" if robot else ""
        lines.append(f"{t:.1f},Ann,{1.2 * t:.3f},0.0{pose}")
        if k >= 10:
            lines.append(f"{t:.1f},Bob,3.0,{0.9 * t:.3f}{pose}")
    return "\n".join(lines) + "\n"


def check(recording: Recording) -> None:
    """It is that crowd."""
    ann, bob = recording.people["Ann"], recording.people["Bob"]
    np.testing.assert_allclose(ann[:, 1], 1.2 * ann[:, 0], atol=1e-3)
    np.testing.assert_allclose(bob[:, 2], 0.9 * bob[:, 0], atol=1e-3)
    assert len(ann) == 30 and len(bob) == 20 and bob[0, 0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("timestamp,id,x,y", ""),
        ("Time [s],Person ID,pos_x,pos-y", ""),
        ("t,ped,px,py", ""),
        ("when,whom,east,north", "timestamp=when,id=whom,x=east,y=north"),
        ("When (s),Whom,East_m,North_m", "timestamp=when, id=WHOM, x=East, y=north_m"),
    ],
)
def test_long_tables(header: str, columns: str, read: Callable[..., Recording]) -> None:
    recording = read(crowd(header), "csv", columns=columns)
    check(recording)
    assert recording.robot is None
    assert recording.begin_ns == 10**9


def test_a_robot_in_the_rows_of_several_people(read: Callable[..., Recording]) -> None:
    table = crowd("t,id,x,y,robot_x,robot_y,heading", robot=True)
    recording = read(table, "csv", columns="robot_yaw=heading")
    check(recording)
    assert recording.robot is not None and recording.robot.shape == (30, 4)
    np.testing.assert_allclose(recording.robot[:, 1], 0.1 * np.arange(30), atol=1e-3)
    lines = table.splitlines()
    lines[-1] = lines[-1].replace("-1.0", "-1.5")
    with pytest.raises(
        InputError, match="line 51: the robot contradicts, at the same time, line 50"
    ):
        read("\n".join(lines), "csv", columns="robot_yaw=heading")


def test_one_person_without_a_name(read: Callable[..., Recording]) -> None:
    rows = "".join(f"{0.5 * k};{0.6 * k:.1f};1,5\n".replace(".", ",") for k in range(10))
    recording = read("time;x;y\n" + rows, "csv")
    assert list(recording.people) == ["person_1"]
    np.testing.assert_allclose(recording.people["person_1"][:, 1], 0.6 * np.arange(10), atol=1e-9)
    np.testing.assert_array_equal(recording.people["person_1"][:, 2], 1.5)


def test_frames_take_a_rate(read: Callable[..., Recording]) -> None:
    rows = "".join(f"{k},1,{0.1 * k:.1f},0\n" for k in range(30))
    with pytest.raises(InputError, match="counts frames; say how many there are a second: --rate"):
        read("frame,id,x,y\n" + rows, "csv")
    recording = read("frame,id,x,y\n" + rows, "csv", rate=12.5)
    np.testing.assert_allclose(recording.people["person_1"][:, 0], 0.08 * np.arange(30))
    assert "time: 12.5 frames a second, as --rate says" in recording.told


def test_positions_sent_again_are_left_out(read: Callable[..., Recording]) -> None:
    rows = "".join(f"{0.1 * k:.1f},{0.5 * min(k // 3, 10):.1f},0\n" for k in range(60))
    recording = read("t,x,y\n" + rows, "csv")
    person = recording.people["person_1"]
    np.testing.assert_allclose(np.diff(person[:, 0]), 0.3, atol=1e-9)
    assert "40 rows that repeat a position while walking are left out" in recording.found


@pytest.mark.parametrize(
    ("header", "told", "tells"),
    [
        ("t,id,x,z", {}, "no column of y is known (t, id, x, z); name it: --columns y=NAME"),
        ("t,id,x,y", {"columns": "x=px"}, "column 'px' of --columns x= is missing (t, id, x, y)"),
        ("t,id,x,y", {"columns": "z=y"}, "--columns: 'z=y' names no column"),
        ("t,id,x,y", {"columns": "x=x,x=y"}, "--columns: x is there twice"),
        ("t,nobody,x,y", {}, "person_1 contradicts, at the same time, line 12; several people?"),
        ("t_mm,id,x,y", {}, "column 't' is named in mm; known are s, ms, us, ns"),
        ("t,id,x_s,y", {}, "column 'x' is named in s; known are m, cm, mm"),
    ],
)
def test_columns_that_are_not_there(
    header: str, told: dict[str, str], tells: str, read: Callable[..., Recording]
) -> None:
    with pytest.raises(InputError) as caught:
        read(crowd(header), "csv", **told)
    assert tells in str(caught.value)
