"""Rust's bus engines: the published answer, what changes it, and tables that are refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from bisirl_ros.errors import InputError
from bisirl_ros.report.plot_style import grid, png
from bisirl_ros.theory.rust1987 import EXPERIMENT, PUBLISHED, TABLE, fit, read_records
from bisirl_ros.verify.experiment import Outcome, Setup

DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_data = pytest.mark.skipif(
    not (DATA / TABLE).is_file(), reason=f"no {DATA / TABLE}; set BISIRL_DATA to its folder"
)
LINES = ("Bus_ID,period,state,mileage,usage,decision", "1,0,0,2353.0,,0", "1,1,1,6299.0,1.0,0")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    torch.set_num_threads(1)
    return EXPERIMENT.run(Setup(quick=True, data=DATA), lambda line: None)


@needs_data
def test_the_published_answer_is_found_from_every_start(outcome: Outcome) -> None:
    assert outcome.holds is True
    f = outcome.figures
    assert f["RC"] == pytest.approx(10.0749, abs=2e-4)
    assert f["theta"] == pytest.approx(2.2931, abs=2e-4)
    assert f["negative_log_likelihood"] == pytest.approx(163.5843, abs=2e-4)
    assert f["move_probabilities"] == pytest.approx([0.39189, 0.59529, 0.01281], abs=1e-5)
    assert sum(f["kept"]) + sum(f["replaced"]) == 4292
    assert f["bellman_residual"] < 1e-13


@needs_data
def test_standard_errors_are_of_the_published_size(outcome: Outcome) -> None:
    """The published ones include the uncertainty of the increments, which is small."""
    errors = outcome.figures["outer_product_standard_errors"]
    assert errors["RC"] == pytest.approx(1.582, rel=2e-3)
    assert errors["theta"] == pytest.approx(0.639, rel=2e-3)
    low, high = outcome.interval["RC"]
    assert low < PUBLISHED["RC"] < high


@needs_data
def test_another_discount_misses_the_bar() -> None:
    found = fit(read_records(DATA / TABLE), (0.0, 0.0), discount=0.99)[1]
    assert abs(found.theta[1] - PUBLISHED["theta"]) > 0.05


@needs_data
def test_the_picture_can_be_drawn(outcome: Outcome) -> None:
    figure, (ax,) = grid("", "", 1, 1, (8.0, 3.6))
    EXPERIMENT.draw(outcome, ax)
    assert np.array([line.get_ydata()[-1] for line in ax.get_lines()]).max() > 0.0
    assert png(figure).startswith(b"\x89PNG")


def test_without_data_it_says_where_to_point(tmp_path: Path) -> None:
    for data in (None, tmp_path):
        outcome = EXPERIMENT.run(Setup(data=data), lambda line: None)
        assert outcome.holds is None
        assert "--data" in outcome.note


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((LINES[0].replace("usage", "use"), *LINES[1:]), "column 'usage' is missing"),
        ((*LINES, "1,2,90,0.0,1.0,0"), "line 4: '90' in column 'state'"),
        ((*LINES, "1,2,2,0.0,1.5,0"), "line 4: '1.5' in column 'usage'"),
        ((*LINES, "1,2,2,0.0,1.0,yes"), "line 4: 'yes' in column 'decision'"),
        ((*LINES, "1,2,2,0.0,inf,0"), "line 4: 'inf' in column 'usage'"),
        ((*LINES, "1,2,2,0.0,,0"), "line 4: '' in column 'usage'"),
        ((*LINES, "1,2,2"), "line 4: 3 cells where the header has 6"),
        (LINES[:2], "no line has a usage"),
        ((), "column 'period' is missing"),
    ],
)
def test_a_malformed_table_is_refused_with_its_line(
    tmp_path: Path, lines: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=told):
        read_records(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text table"):
        read_records(path)
