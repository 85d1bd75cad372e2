"""Which cells a grid has, and what a configuration may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisirl_ros.bench.grid import Cell, Grid, read_grid
from bisirl_ros.bench.methods import METHODS
from bisirl_ros.bench.plan import LADDER
from bisirl_ros.crowd.actors.registry import ROBOTS
from bisirl_ros.errors import InputError

CONFIG = Path(__file__).parents[2] / "benchmarks" / "grid.yaml"


def test_cells_are_the_product_each_once_and_whole_seeds_come_first() -> None:
    grid = Grid(("guide", "crossing"), ("orca",), ("bisirl", "oracle", "bisirl"), 2)
    assert grid.cells == [
        Cell(scenario, "orca", method, seed)
        for seed in (0, 1)
        for scenario in ("guide", "crossing")
        for method in ("bisirl", "oracle")
    ]
    assert len({cell.name for cell in grid.cells}) == 8


def test_more_seeds_or_methods_share_a_folder_and_another_size_does_not() -> None:
    grid = Grid(seeds=2)
    assert grid.told == Grid(("guide",), ("orca",), ("mpc",), 50).told
    assert grid.told != Grid(episodes=5).told
    assert grid.told != grid.quick().told


def test_the_committed_configuration_is_the_default() -> None:
    assert read_grid(CONFIG) == Grid()


def test_every_planner_robot_and_learner_is_a_method() -> None:
    told = {name if name in METHODS else name + "_told" for name in LADDER}
    assert told | set(ROBOTS) | {"bisirl", "passive_told", "no_anticipation_told"} <= set(METHODS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("methods: [magic]", ["method 'magic' is unknown", "oracle"]),
        ("people: [ghosts]", ["people 'ghosts' is unknown", "social_force"]),
        ("scenarios: [nowhere]", ["scenario 'nowhere' is unknown", "crossing"]),
        ("scenarios: []", ["scenarios: none"]),
        ("methods: []", ["method: none"]),
        ("seeds: 0", ["seeds = 0", "at least 1"]),
        ("seeds: 1.5", ["seeds: expected int"]),
        ("episodes: -3", ["episodes = -3"]),
        ("size: {episodes: 1}", ["size: episodes = 1", "at least 2"]),
        ("size: {update: 1}", ["unknown key 'update'"]),
        ("seed: 3", ["unknown key 'seed'", "seeds"]),
        ("seeds: [", ["not valid YAML"]),
    ],
)
def test_a_bad_configuration_is_told_where_and_how(
    text: str, words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as told:
        read_grid(path)
    assert str(path) in str(told.value)
    for word in words:
        assert word in str(told.value)
