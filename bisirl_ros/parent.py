"""Processes that end with whoever started them, even where that one was killed."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading

PARENT = "BISIRL_PARENT"
"""Environment variable: the process id of who a node is to end with."""
PR_SET_PDEATHSIG = 1


def ends_with_this_process() -> dict[str, str]:
    """What to add to the environment of a process that is to end with this one."""
    return {PARENT: str(os.getpid())}


def end_with_parent(number: signal.Signals = signal.SIGINT) -> None:
    """Have a signal sent to this process when the parent that asked for it is gone (prctl(2)).

    At once where it is gone already; a no-op where nobody asked, or the system is not Linux.
    """
    asked = os.environ.get(PARENT, "")
    if not asked.isdigit() or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(asked):
        os.kill(os.getpid(), number)


def begin_work() -> None:
    """First in a worker of `multiprocessing`: one thread of arithmetic, and an end with its parent.

    At once, whatever it is doing; for workers whose results are handed over whole.
    """
    from bisirl_ros.core.one_core import stay_on_one_core  # torch takes seconds to import

    stay_on_one_core()
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
