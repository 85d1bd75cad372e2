"""`bisirl bag`: what a bag holds, and what became of one that was mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisirl_ros.bags.commands import run_bag
from bisirl_ros.errors import InputError

from .parts import STRING, rows, write


def test_info_tells_topics_types_counts_and_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bag"
    write(path, rows(21))
    assert run_bag({"action": "info", "bag": str(path)}) == 0
    first, commands, words = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{path}: 21 messages, 0.020 s from 2023-11-1")
    assert commands.split() == ["/cmd_vel", "geometry_msgs/msg/Twist", "10"]
    assert words.split() == ["/words", STRING, "11"]
    assert commands.index("10") == words.index("11")


def test_info_of_a_bag_without_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "bag", [])
    run_bag({"action": "info", "bag": str(tmp_path / "bag")})
    assert capsys.readouterr().out == f"{tmp_path / 'bag'}: 0 messages\n"


def test_repair_tells_what_was_kept_and_where_the_damaged_one_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bag"
    write(path, rows(20), finish=False)
    with (path / "bag.mcap").open("ab") as file:
        file.write(b"\x05half")
    given = {"action": "repair", "bag": str(path)}
    assert run_bag(dict(given)) == 0
    assert capsys.readouterr().out == (
        f"{path}: mended: 20 messages, 0.019 s kept, 5 bytes cut off; as it was: {path}.damaged\n"
    )
    assert run_bag(dict(given)) == 0
    assert capsys.readouterr().out == (
        f"{path}: is whole (20 messages, 0.019 s); nothing was changed\n"
    )


@pytest.mark.parametrize("action", ["info", "repair"])
def test_what_is_no_bag_is_one_line(action: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        run_bag({"action": action, "bag": str(tmp_path / "nowhere")})


def test_an_action_that_is_none_is_one_line() -> None:
    with pytest.raises(InputError, match="action = 'mend': choose one of info, repair"):
        run_bag({"action": "mend", "bag": "bag"})
