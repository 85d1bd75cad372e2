"""The learner's priority, also where sessions share the cores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bisirl_ros.learner.give_way import NICENESS

PROGRAM = """
import os, sys
from pathlib import Path
from bisirl_ros.learner import give_way as module
module.AUTOGROUP = Path(sys.argv[1])
before = os.nice(0)
module.give_way()
print(os.nice(0) - before, os.getsid(0) == os.getpid())
"""


def told(group: Path, leads: bool = False) -> str:
    command = [sys.executable, "-c", PROGRAM, str(group)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, start_new_session=leads
    )
    return done.stdout.strip()


def test_it_is_nicer_and_in_a_session_of_its_own(tmp_path: Path) -> None:
    """A system without autogroups is left as it is."""
    assert told(tmp_path / "nowhere" / "autogroup") == f"{NICENESS} True"


def test_its_session_is_told_so_where_sessions_share_the_cores(tmp_path: Path) -> None:
    """Who leads a session already stays in it."""
    for leads in (False, True):
        group = tmp_path / "autogroup"
        group.write_text("/autogroup-1 nice 0")
        assert told(group, leads) == f"{NICENESS} True"
        assert group.read_text() == str(NICENESS)
