"""Parts of an experiment: kept as soon as found, never found twice, whatever kills the run."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.verify.parts import Parts

TOLD = {"seed": 0}


def square(x: int, counter: str = "") -> dict[str, int]:
    if counter:
        with Path(counter).open("a") as file:
            file.write(f"{x}\n")
    return {"square": x * x}


def test_parts_are_found_once_and_in_the_order_wanted(tmp_path: Path) -> None:
    path, counter, said = tmp_path / "parts" / "a.jsonl", str(tmp_path / "counter"), []
    first = Parts(path, 1, TOLD).measure(square, {"2": (2, counter)}, said.append)
    assert first == {"2": {"square": 4}}
    wanted = {"3": (3, counter), "2": (2, counter), "4": (4, counter)}
    again = Parts(path, 1, TOLD).measure(square, wanted, said.append)
    assert again == {"3": {"square": 9}, "2": {"square": 4}, "4": {"square": 16}}
    assert list(again) == ["3", "2", "4"]
    assert Path(counter).read_text().split() == ["2", "3", "4"]
    assert any("measured before" in line for line in said)


def test_processes_side_by_side_find_the_same(tmp_path: Path) -> None:
    wanted = {str(x): (x,) for x in range(5)}
    alone = Parts().measure(math.factorial, wanted)
    assert alone == {"0": 1, "1": 1, "2": 2, "3": 6, "4": 24}
    assert Parts(tmp_path / "a.jsonl", 2, TOLD).measure(math.factorial, wanted) == alone


def test_a_line_that_was_being_written_counts_as_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Parts(path, 1, TOLD).measure(square, {str(x): (x,) for x in range(3)})
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        found = Parts(path, 1, TOLD).measure(square, {str(x): (x,) for x in range(3)})
        assert found["2"] == {"square": 4}
        assert [json.loads(line)["part"] for line in path.read_text().splitlines()[1:]] == [
            "0", "1", "2",
        ]  # fmt: skip


def test_parts_of_another_run_or_another_file_are_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Parts(path, 1, TOLD).measure(square, {"1": (1,)})
    before = path.read_bytes()
    with pytest.raises(InputError, match="another run"):
        Parts(path, 1, {"seed": 1}).measure(square, {"1": (1,)})
    assert path.read_bytes() == before
    path.write_text("not json\n")
    with pytest.raises(InputError, match="not a file of parts"):
        Parts(path, 1, TOLD).measure(square, {"1": (1,)})


PROGRAM = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from bisirl_ros.verify.parts import Parts
from slow_part import slow
if __name__ == "__main__":
    Parts(Path({path!r}), 2, {{}}).measure(slow, {{str(x): (x,) for x in range(40)}})
"""


def _runs(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
def test_no_process_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "slow_part.py").write_text(
        "import os, time\n"
        "def slow(x):\n    time.sleep(0.3)\n    return {'x': x, 'pid': os.getpid()}\n"
    )
    path, program = tmp_path / "a.jsonl", tmp_path / "program.py"
    program.write_text(PROGRAM.format(here=str(tmp_path), path=str(path)))
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.Popen([sys.executable, str(program)], env=env)
    deadline = time.monotonic() + 60.0
    while not path.is_file() or path.read_bytes().count(b"\n") < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    time.sleep(1.5)
    rows = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    assert not any(_runs(row["found"]["pid"]) for row in rows)
    found = Parts(path, 1, {}).measure(square, {str(x): (x,) for x in range(3)})
    assert "pid" in found["0"]
