"""The pictures of a run: there for every run, whole, and true to the numbers."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.patches import Circle

from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.report.plot_paths import paths
from bisirl_ros.report.plot_style import ALARM, PEOPLE, PERSON, ROBOT
from bisirl_ros.report.plots import draw, returns, weights
from bisirl_ros.report.record import EpisodeRecord, RunRecord
from bisirl_ros.report.run_folder import RunFolder

MakeRun = Callable[..., RunRecord]


def pixels(png: bytes, colour: str) -> int:
    """How many pixels of a picture have exactly this colour."""
    image = np.round(matplotlib.image.imread(io.BytesIO(png), format="png")[..., :3] * 255)
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int(np.all(image == wanted, axis=-1).sum())


@pytest.fixture(scope="module")
def pictures(make_run: MakeRun) -> dict[str, bytes]:
    """Of a whole run."""
    return draw(make_run(12))


def test_a_run_is_drawn(pictures: dict[str, bytes]) -> None:
    assert set(pictures) == {"weights.png", "paths.png", "returns.png"}
    assert pixels(pictures["weights.png"], ROBOT) > 1000
    assert pixels(pictures["paths.png"], ROBOT) > 1000
    assert pixels(pictures["paths.png"], PERSON) > 1000
    assert pixels(pictures["returns.png"], ALARM) > 100


def test_an_interrupted_run_is_drawn(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(3)
    run.interrupted, run.theta_true, run.oracle_return = True, None, None
    run.episodes[0].theta_std = None
    run.episodes[1].return_ = math.nan
    run.episodes.append(EpisodeRecord(4))
    for path in RunFolder(tmp_path).write_plots(run):
        assert pixels(path.read_bytes(), ROBOT) > 100, path


def test_several_people_are_drawn_each_in_a_colour_of_their_own(make_run: MakeRun) -> None:
    run = make_run(6, people=3)
    pictures = draw(run)
    for name in ("weights.png", "paths.png"):
        for colour in PEOPLE[:3]:
            assert pixels(pictures[name], colour) > 500, (name, colour)
        assert pixels(pictures[name], PEOPLE[3]) == 0
    for figure in (weights(run), paths(run)):
        told = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
        assert set(run.scenario.identities) <= set(told)


def test_a_run_with_nobody_is_drawn_without_weights(make_run: MakeRun) -> None:
    pictures = draw(make_run(3, people=0))
    assert set(pictures) == {"paths.png", "returns.png"}
    assert pixels(pictures["paths.png"], ROBOT) > 500
    assert pixels(pictures["paths.png"], PERSON) == 0


def test_walls_pillars_the_route_and_possible_goals_are_drawn(make_run: MakeRun) -> None:
    run = make_run(1)
    run.scenario = load_scenario("doorway")
    run.scenario = replace(
        run.scenario, floor=replace(run.scenario.floor, discs=((1.0, 2.0, 0.3),))
    )
    run.episodes[0].route = np.array([[-3.0, 0.0], [-0.7, 0.2], [3.0, 0.0]])
    run.episodes[0].goals = {"person_0": np.array([[-3.4, -0.2], [-3.4, 1.0]])}
    (ax,) = paths(run).axes
    drawn = [np.asarray(line.get_xydata()).tolist() for line in ax.lines]
    assert all([[x1, y1], [x2, y2]] in drawn for x1, y1, x2, y2 in run.scenario.floor.walls)
    assert run.episodes[0].route.tolist() in drawn
    assert [[3.0, 0.0]] in drawn and [[-3.4, -0.2]] in drawn and [[-3.4, 1.0]] in drawn
    assert 0.3 in {patch.radius for patch in ax.patches if isinstance(patch, Circle)}


@pytest.mark.parametrize("episodes", [0, 1])
def test_a_run_that_hardly_began_is_drawn(make_run: MakeRun, episodes: int) -> None:
    for name, png in draw(make_run(episodes)).items():
        assert pixels(png, "#222222") > 500, name
        assert pixels(png, ROBOT) > (500 if episodes and name == "paths.png" else 20), name


@pytest.mark.parametrize("people", [1, 2])
def test_the_band_is_the_95_percent_interval(make_run: MakeRun, people: int) -> None:
    run = make_run(6, people=people)
    for i, ax in enumerate(weights(run).axes):
        for p, name in enumerate(run.scenario.identities):
            theta = np.array([(e.theta or {})[name][i] for e in run.episodes])
            std = np.array([(e.theta_std or {})[name][i] for e in run.episodes])
            band = np.asarray(ax.collections[p].get_paths()[0].vertices)[:, 1]
            assert band.max() == pytest.approx((theta + 1.96 * std).max())
            assert band.min() == pytest.approx((theta - 1.96 * std).min())


def test_returns_shows_every_finite_value_and_marks_the_collisions(make_run: MakeRun) -> None:
    run = make_run(4)
    for episode, value in zip(run.episodes, [1.0, 2.0, math.nan, None], strict=True):
        episode.return_ = value
    outcomes = [e.outcome for e in run.episodes]
    assert outcomes == ["collision", "collision", "arrived", "arrived"]
    run.episodes[1].outcome = "timeout"
    earned = returns(run).axes[1]
    points = {line.get_label(): np.asarray(line.get_xydata()).tolist() for line in earned.lines}
    assert points["one episode"] == [[2.0, 2.0]]
    assert points["collision"] == [[1.0, 1.0]]


def test_truth_and_oracle_are_drawn_only_where_they_are_known(make_run: MakeRun) -> None:
    run = make_run(3)

    def told() -> str:
        legends = [*weights(run).legends, *returns(run).legends]
        return " ".join(text.get_text() for legend in legends for text in legend.get_texts())

    assert "truth" in told() and "oracle" in told()
    run.theta_true = run.oracle_return = None
    assert "truth" not in told() and "oracle" not in told()


def test_both_sides_of_the_paths_have_the_same_axes_and_scale(make_run: MakeRun) -> None:
    early, late = paths(make_run(6)).axes
    assert early.get_xlim() == late.get_xlim() and early.get_ylim() == late.get_ylim()
    assert early.get_aspect() == late.get_aspect() == 1.0


def test_the_bodies_are_drawn_where_they_were_closest(make_run: MakeRun) -> None:
    run = make_run(1, people=2)
    episode = run.episodes[0]
    episode.robot_path = np.array([[0.0, -2.0, 0.0], [2.0, 0.0, 0.0], [4.0, 2.0, 0.0]])
    near, far = ([[0.0, 0.0, y], [4.0, 0.0, y]] for y in (0.9, -2.0))
    episode.people_paths = {"person_0": np.array(far), "person_1": np.array(near)}
    (ax,) = paths(run).axes
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    centres = {tuple(circle.center) for circle in circles}
    assert centres == {(0.0, 0.0), (0.0, 0.9)}
    assert {circle.radius for circle in circles} == {0.25}


def test_matplotlib_is_imported_only_to_draw() -> None:
    code = "import sys, bisirl_ros.report.plots as p; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_drawing_leaves_pyplot_alone(pictures: dict[str, bytes]) -> None:
    assert pictures and "matplotlib.pyplot" not in sys.modules
