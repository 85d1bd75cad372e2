"""The reward around somebody as a grid: the page's tables, in the frame that goes with them."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pytest

from bisirl_ros.view.foxglove import Told
from bisirl_ros.view.reward_grid import CELL, GAIN, LOSS, field, reward
from bisirl_ros.view.scene import Around, Estimate, Scene
from bisirl_ros.view.track import GAP_S, Track

STEP_M, REACH = 0.1, 31
EVEN = 2.0 - 0.1 * np.arange(REACH)
SIDED = 0.05 * np.arange(REACH)
TABLE = np.stack([EVEN, SIDED])


def seen(*spans: tuple[float, float]) -> Track:
    time = np.concatenate([np.arange(since, until + 0.05, 0.1) for since, until in spans])
    return Track.of("a", time, {"x": 0.0 * time, "y": 0.0 * time})


def told(track: Track, *learned_s: float) -> list[Told]:
    around = Around(STEP_M, 3.0, tuple({"a": (1 + i) * TABLE} for i in range(len(learned_s))))
    estimates = tuple(Estimate(t, {"a": [1.0]}, {"a": [1.0]}) for t in learned_s)
    return list(reward(Scene("", 20.0, estimates=estimates, around=around), track))


def cells(body: Any) -> Any:
    found = np.frombuffer(base64.b64decode(body["data"]), CELL)
    return found.reshape(-1, body["column_count"])


@pytest.mark.parametrize("bearing", [0.0, math.pi / 2, math.pi, -math.pi / 2])
def test_a_cell_tells_the_loss_at_its_place(bearing: float) -> None:
    """Ahead, to the left, behind and to the right, at 2 m."""
    found = told(seen((0.0, 5.0)), 1.0)[0].body
    corner, size = found["pose"]["position"], found["cell_size"]["x"]
    x, y = 2.0 * math.cos(bearing), 2.0 * math.sin(bearing)
    row, column = (round((v - corner[k]) / size - 0.5) for v, k in ((y, "y"), (x, "x")))
    expected = EVEN[20] + math.sin(bearing) * SIDED[20]
    assert cells(found)["loss"][row, column] == pytest.approx(expected, abs=1e-6)


def test_its_fields_and_strides_are_those_of_its_data() -> None:
    found = told(seen((0.0, 5.0)), 1.0)[0].body
    assert {f["name"]: f["offset"] for f in found["fields"]} == {
        "red": 0, "green": 1, "blue": 2, "alpha": 3, "loss": 4,
    }  # fmt: skip
    assert found["cell_stride"] == CELL.itemsize == 8
    assert found["row_stride"] == 8 * found["column_count"] == 8 * (2 * REACH - 1)
    assert found["frame_id"] == "people/a"


def test_what_is_lost_and_gained_have_their_colours() -> None:
    found = field(Around(STEP_M, 3.0, ()), np.stack([np.full(REACH, -3.0), 0 * SIDED]))
    middle = found[REACH - 1, REACH - 1]
    assert tuple(middle)[:4] == (*GAIN, 153)
    assert found[0, 0]["alpha"] == 0
    worse = field(Around(STEP_M, 3.0, ()), np.stack([np.full(REACH, 9.0), 0 * SIDED]))
    assert tuple(worse[REACH - 1, REACH - 1])[:4] == (*LOSS, 153)


def test_it_is_told_with_each_update_and_when_they_are_seen_again() -> None:
    found = told(seen((0.0, 5.0), (10.0, 15.0)), 2.0, 4.0, 7.0)
    middle = REACH - 1
    shown = [(m.time_ns / 1e9, float(cells(m.body)["loss"].max())) for m in found]
    expected = [(2.0, 2.0), (4.0, 4.0), (5.0 + GAP_S, 0.0), (10.0, 6.0), (15.0 + GAP_S, 0.0)]
    assert np.allclose(shown, expected)
    assert cells(found[0].body)["loss"][middle, middle] == 2.0


def test_of_whom_nothing_is_known_there_is_none() -> None:
    assert told(seen((0.0, 5.0))) == []
    assert told(seen((0.0, 5.0)), 6.0) == []
