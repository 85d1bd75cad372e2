"""All tables of a folder, by scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.real_people.recordings import recordings_in
from bisirl_ros.real_people.walks import SceneRecording

from .tables import write_navwareset
from .walkers import recordings


@pytest.fixture
def folder(tmp_path: Path, recorded: list[SceneRecording]) -> Path:
    """Three scenes of two tables each, in folders that begin with their numbers."""
    write_navwareset(tmp_path / "data", recorded)
    return tmp_path / "data"


def test_scenes_are_folders_and_points_are_those_located(
    folder: Path, recorded: list[SceneRecording]
) -> None:
    said = list[str]()
    found = recordings_in(folder, "navwareset", 1.0, said.append)
    assert [one.scene for one in found] == ["01", "01", "04", "04", "09", "09"]
    assert said == ["6 recordings of 3 scenes"]
    for one, written in zip(found, recorded, strict=True):
        assert one.path == folder / f"{one.scene}_scene" / f"{written.of.name}.csv"
        for name, track in written.of.people.items():
            np.testing.assert_allclose(one.of.people[name], track, atol=2e-3)
        assert one.of.robot is not None and written.of.robot is not None
        np.testing.assert_allclose(one.of.robot[:, 1:3], written.of.robot[:, 1:3], atol=1e-3)


def test_a_bad_table_is_told_and_left_out(folder: Path) -> None:
    bad = folder / "04_scene" / "run_0.csv"
    bad.write_text("timestamp,x,y\n1,nothing,0\n")
    said = list[str]()
    found = recordings_in(folder, "navwareset", 1.0, said.append)
    assert len(found) == 5 and bad not in [one.path for one in found]
    assert len(said) == 2 and "\n" not in said[0]
    assert said[0].startswith("left out: ") and str(bad) in said[0]
    assert said[1] == "5 recordings of 3 scenes, 1 left out"


def test_tables_that_lie_in_the_folder_are_a_scene_each(tmp_path: Path) -> None:
    write_navwareset(tmp_path / "data", recordings()[:3])
    for i, table in enumerate(sorted((tmp_path / "data").rglob("*.csv"))):
        table.rename(tmp_path / "data" / ("eth.csv", "12_hall.csv", "007.csv")[i])
    found = recordings_in(tmp_path / "data", "navwareset", 1.0, lambda line: None)
    assert [one.scene for one in found] == ["007", "12", "eth"]


def test_who_was_located_more_often_is_taken_once_a_period(tmp_path: Path) -> None:
    """2.5 times a second, as in ETH's tables: 0.8 s is nearest to a second."""
    for name in ("one", "two"):
        lines = [f"{6 * k} 1 {0.4 * k} 0.5\n" for k in range(25)]
        (tmp_path / f"{name}.txt").write_text("".join(lines))
    found = recordings_in(tmp_path, "eth_ucy", 1.0, lambda line: None)
    for one in found:
        (track,) = one.of.people.values()
        assert len(track) == 13 and np.diff(track[:, 1]) == pytest.approx(0.8)
    (track,) = recordings_in(tmp_path, "eth_ucy", 0.4, lambda line: None)[0].of.people.values()
    assert len(track) == 25


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda folder: [f.unlink() for f in folder.rglob("*.csv")], "no .csv or .txt file"),
        (
            lambda folder: [f.unlink() for f in folder.rglob("*.csv") if "01_" not in str(f)],
            r"all 2 tables are of one scene \(01\)",
        ),
        (
            lambda folder: [f.write_text("a,b\n1,2\n") for f in folder.rglob("*.csv")],
            "none of 6 tables can be read as navwareset",
        ),
    ],
)
def test_what_cannot_be_studied_is_refused(folder: Path, prepare: object, words: str) -> None:
    prepare(folder)  # type: ignore[operator]
    with pytest.raises(InputError, match=words) as refused:
        recordings_in(folder, "navwareset", 1.0, lambda line: None)
    assert str(folder) in str(refused.value) and "\n" not in str(refused.value)


def test_another_kind_is_refused(folder: Path) -> None:
    said = list[str]()
    with pytest.raises(InputError, match="none of 6 tables can be read as eth_ucy"):
        recordings_in(folder, "eth_ucy", 1.0, said.append)
    assert len(said) == 6 and all(line.startswith("left out: ") for line in said)
