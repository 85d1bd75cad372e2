"""The published tables become recordings; positions left out lie between those kept."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.reading import read_recording

DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
POSES, CROWDS = DATA / "navwareset", DATA / "eth_ucy"
ROUNDED_M = 0.01


@pytest.mark.skipif(not POSES.is_dir(), reason=f"no recordings at {POSES}; set BISIRL_DATA")
def test_navwareset_is_drawn_between_its_located_points() -> None:
    files = sorted(POSES.glob("*_poses/*.csv"))
    assert len(files) == 272
    off = []
    for file in files[::17]:
        kept = read_recording(file, "navwareset", ImportArguments())
        whole = read_recording(file, "navwareset", ImportArguments(rows="all"))
        assert any("of which only these are kept" in line for line in kept.told)
        for name, track in kept.people.items():
            rows = whole.people[name]
            assert len(track) < 0.3 * len(rows) and np.diff(track[:, 0]).max() < 1.6
            rows = rows[(rows[:, 0] >= track[0, 0]) & (rows[:, 0] <= track[-1, 0])]
            drawn = [np.interp(rows[:, 0], track[:, 0], track[:, axis]) for axis in (1, 2)]
            off.append(np.abs(np.stack(drawn, -1) - rows[:, 1:]).ravel())
    assert np.quantile(np.concatenate(off), 0.99) < ROUNDED_M


@pytest.mark.skipif(not CROWDS.is_dir(), reason=f"no tables at {CROWDS}; set BISIRL_DATA")
@pytest.mark.parametrize(
    ("file", "people", "rate"),
    [
        ("original/seq_eth_obsmat.txt", 360, 15),
        ("original/seq_hotel_obsmat.txt", 390, 25),
        ("biwi_hotel.txt", 389, 25),
        ("crowds_zara01.txt", 148, 25),
        ("students003.txt", 434, 25),
    ],
)
def test_crowds_walk_as_people_do(file: str, people: int, rate: int) -> None:
    read = read_recording(CROWDS / file, "eth_ucy", ImportArguments())
    assert len(read.people) == people and read.robot is None
    assert any(line.startswith(f"time: {rate} frames a second") for line in read.told)
    assert not any(
        "time base" in line or "check --rate" in line for line in (*read.told, *read.found)
    )


@pytest.mark.skipif(not CROWDS.is_dir(), reason=f"no tables at {CROWDS}; set BISIRL_DATA")
def test_the_published_eth_table_has_a_wrong_time_base_that_a_rate_mends() -> None:
    file = CROWDS / "biwi_eth.txt"
    assert any("--rate 15" in s for s in read_recording(file, "eth_ucy", ImportArguments()).found)
    mended = read_recording(file, "eth_ucy", ImportArguments(rate=15.0))
    original = read_recording(
        CROWDS / "original" / "seq_eth_obsmat.txt", "eth_ucy", ImportArguments()
    )
    person, truth = mended.people["person_1"], original.people["person_1"]
    time_s = person[:, 0] + (mended.begin_ns - original.begin_ns) * 1e-9
    x_m = np.interp(time_s, truth[:, 0], truth[:, 1])
    inside = time_s <= truth[-1, 0]
    assert inside.sum() == 4
    assert np.abs(x_m - person[:, 1])[inside].max() < 0.01
