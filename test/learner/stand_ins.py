"""Children that stand in for `worker.work`: a spawned process can only import what is in a file."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from typing import Any

LARGE = 1 << 20
"""Bytes, of which a pipe holds a sixteenth."""
TOLD = (None, "{}")


def echo(_config: Any, inbox: Any, outbox: Any) -> None:
    """Send back what comes, until there is nothing more."""
    while (message := wait_for_message(inbox)) is not None:
        outbox.put(message)


def measure(_config: Any, inbox: Any, outbox: Any) -> None:
    """Tell the length of what comes."""
    outbox.put(TOLD)
    while (data := wait_for_message(inbox)) is not None:
        outbox.put((None, f'{{"bytes": {len(data)}}}'))


def wait_for_message(inbox: Any) -> Any:
    """As the worker does."""
    while True:
        try:
            return inbox.get(timeout=1.0)
        except queue.Empty:
            pass


def die_while_writing(_config: Any, _inbox: Any, outbox: Any) -> None:
    """Two whole messages, and then half of one."""
    outbox.put((None, '{"n": 1}'))
    outbox.put((None, '{"n": 2}'))
    threading.Thread(target=outbox.put, args=((bytes(LARGE), "{}"),), daemon=True).start()
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)


def write_much(_config: Any, inbox: Any, outbox: Any) -> None:
    """Large last words, which need a reader; then as told."""
    outbox.put(TOLD)
    time.sleep(0.5)  # whoever reads has stopped by then
    outbox.put((bytes(LARGE), "{}"))
    wait_for_message(inbox)


def hang(_config: Any, _inbox: Any, outbox: Any) -> None:
    """Listen to nobody."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    outbox.put(TOLD)
    while True:
        time.sleep(60.0)
