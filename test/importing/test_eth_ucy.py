"""The tables of ETH and UCY: time by annotated frames, in both forms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.importing.recording import Recording


def published(step: int = 10, speed: float = 1.3, mark: str = "\t", end: str = "\n") -> str:
    """Two people: one for 20 annotated frames, one for 12 without two in the middle."""
    lines = []
    for k in range(20):
        lines.append((780 + step * k, 1.0, round(speed * 0.4 * k, 4), 2.0))
        if 4 <= k < 16 and k not in (9, 10):
            lines.append((780 + step * k, 2.0, 5.0, round(-0.8 * 0.4 * k, 4)))
    return "".join(mark.join(map(str, line)) + end for line in lines)


def original(step: int = 6, rate: float = 15.0) -> str:
    """The same with velocities, in the form of the ETH sequences."""
    return "".join(
        f"   {780.0 + step * k:.7e}   1.0e+00   {1.3 / rate * step * k:.7e}   0.0e+00   2.0e+00"
        f"   1.3e+00   0.0e+00   0.0e+00\r\n"
        for k in range(20)
    )


@pytest.mark.parametrize("mark", ["\t", " ", ",", ";"])
@pytest.mark.parametrize("step", [1, 6, 10, 12])
def test_annotated_frames_are_four_tenths_of_a_second_apart(
    mark: str, step: int, read: Callable[..., Recording]
) -> None:
    recording = read(published(step, mark=mark), "eth_ucy")
    assert recording.robot is None and list(recording.people) == ["person_1", "person_2"]
    one, two = recording.people.values()
    np.testing.assert_allclose(one[:, 0], 0.4 * np.arange(20), atol=1e-9)
    np.testing.assert_array_equal(one[:, 1], np.round(1.3 * 0.4 * np.arange(20), 4))
    np.testing.assert_allclose(two[:, 0], 0.4 * np.array([*range(4, 9), *range(11, 16)]), atol=1e-9)
    assert recording.begin_ns == round(780 / step * 0.4 * 1e9)
    told = f"time: {step / 0.4:g} frames a second, as annotated frames are 0.4 s apart, and {step}"
    assert any(line.startswith(told) for line in recording.told)


def test_the_original_form(read: Callable[..., Recording]) -> None:
    recording = read(original(), "eth_ucy")
    person = recording.people["person_1"]
    np.testing.assert_allclose(person[:, 1], 1.3 * person[:, 0], atol=1e-6)
    np.testing.assert_array_equal(person[:, 2], 2.0)
    assert not any("check --rate" in line for line in recording.told)
    assert recording.begin_ns == 52 * 10**9


def test_velocities_that_tell_another_rate_are_said(read: Callable[..., Recording]) -> None:
    told = read(original(rate=25.0), "eth_ucy").told
    assert "the velocities in the table say 25.0 frames a second: check --rate" in told
    told = read(original(rate=25.0), "eth_ucy", rate=25.0).told
    assert "time: 25 frames a second, as --rate says" in told
    assert not any("velocities" in line for line in told)


def test_a_wrong_time_base_is_said_and_mended_by_the_rate(read: Callable[..., Recording]) -> None:
    fast = published(speed=1.5 * 10 / 6)
    assert any("the time base is wrong" in line for line in read(fast, "eth_ucy").found)
    mended = read(fast, "eth_ucy", rate=15.0)
    assert not any("time base" in line for line in mended.found)
    one = mended.people["person_1"]
    assert math.isclose(np.diff(one[:, 1])[0] / np.diff(one[:, 0])[0], 1.5, rel_tol=1e-6)


def test_stamps_are_never_zero(read: Callable[..., Recording]) -> None:
    lines = (line.split("\t") for line in published().splitlines())
    early = "".join("\t".join([str(int(f) - 780), *rest]) + "\n" for f, *rest in lines)
    recording = read(early, "eth_ucy")
    assert recording.begin_ns == 10**9
    assert "the table begins at 0 s, the bag at 1 s: 0 is no stamp" in recording.told


def test_a_header_is_understood(read: Callable[..., Recording]) -> None:
    plain = read(published(mark=","), "eth_ucy")
    named = read("Frame,ID,X,Y\n" + published(mark=","), "eth_ucy")
    for name, track in plain.people.items():
        np.testing.assert_array_equal(named.people[name], track)


@pytest.mark.parametrize(
    ("table", "tells"),
    [
        ("1 2\n3 4\n", "line 1: 2 numbers; expected 4 (frame id x y) or 8 (frame id px pz"),
        ("", "the file is empty"),
        ("780 1 0 0\n790 1 0.5\n", "line 2: 3 cells where"),
        ("780 1 0 0\n780 2 1 1\n", "nobody is in two frames"),
        (
            "780 1 0 0\n790 1 0.5 0\n780 1 0 3\n800 1 1 0\n",
            "line 3: person_1 is earlier than line 2",
        ),
        ("780 1 0 0\n790 1 .5 0\n790 1 0 3\n800 1 1 0\n", "line 3: person_1 contradicts"),
        ("who knows\n", "column 'frame' is missing"),
    ],
)
def test_what_is_no_such_table(table: str, tells: str, read: Callable[..., Recording]) -> None:
    with pytest.raises(InputError) as caught:
        read(table, "eth_ucy")
    assert tells in str(caught.value)


def test_sorted_by_person_is_as_good(read: Callable[..., Recording]) -> None:
    lines = published().splitlines(keepends=True)
    by_person = read("".join(sorted(lines, key=lambda line: line.split("\t")[1])), "eth_ucy")
    for name, track in read("".join(lines), "eth_ucy").people.items():
        np.testing.assert_array_equal(by_person.people[name], track)
