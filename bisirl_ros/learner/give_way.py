"""Everybody else first: the learner takes what the robot's control leaves."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

NICENESS: Final = 10
AUTOGROUP = Path("/proc/self/autogroup")


def give_way() -> None:
    """Lower this process's priority, for all of its life.

    Linux may share its cores out among sessions first, and only then among their processes
    (autogroups, sched(7)): within the node's session a learner would use up the node's own share,
    however nice it is. It gets a session of its own, which is as nice.
    """
    os.nice(NICENESS)
    with contextlib.suppress(PermissionError):  # it leads a group already
        os.setsid()
    if os.getsid(0) != os.getpid():  # the session is others' too
        return
    with contextlib.suppress(OSError):  # not every system has autogroups
        AUTOGROUP.write_text(str(NICENESS))
