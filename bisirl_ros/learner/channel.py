"""One-way channels between two processes, over a pipe, of which the control side never waits.

Each message is pickled, behind its length in bytes. No lock is shared: a process that is stopped or
killed in the middle of a message leaves half of it behind, and holds up nobody. Where the last copy
of an end is closed, as it is when its process dies, the other end learns of it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

LENGTH = struct.Struct("<Q")
BYTES_AT_ONCE = 1 << 16
BYTES_PER_CALL = 1 << 20
"""What a call that never waits reads or writes at most, about a millisecond's work."""


def framed(message: Any) -> bytes:
    """A message as the bytes that stand for it in the pipe."""
    body = pickle.dumps(message)
    return LENGTH.pack(len(body)) + body


class Receiver:
    """The reading end, on either side: only whole messages come out of it."""

    def __init__(self, end: Connection[Any, Any]) -> None:
        os.set_blocking(end.fileno(), False)
        self._end = end
        self._unread = bytearray()

    @property
    def closed(self) -> bool:
        """Whether nothing will ever come again: the writer is gone, or this end was closed."""
        return self._end.closed

    def receive(self, most: int) -> list[Any]:
        """What is there, oldest first: `most` messages at most, of 1 MiB read; never waits."""
        messages: list[Any] = []
        budget = BYTES_PER_CALL
        while len(messages) < most:
            if (body := self._take()) is not None:
                messages.append(pickle.loads(body))
            elif budget > 0 and (count := self._read()):
                budget -= count
            else:
                break
        return messages

    def get(self, timeout: float) -> Any:
        """The next message, or None where the writer is gone; queue.Empty after `timeout` [s]."""
        deadline = time.monotonic() + timeout
        while (body := self._take()) is None:
            if self.closed:
                return None
            if not self._end.poll(max(0.0, deadline - time.monotonic())):
                raise queue.Empty
            self._read()
        return pickle.loads(body)

    def close(self) -> None:
        """Read no more; what was not taken is lost."""
        self._end.close()
        self._unread.clear()

    def _read(self) -> int:
        """Bytes read of those that are there; 0 where there are none. Closes at the end."""
        if self.closed:
            return 0
        try:
            chunk = os.read(self._end.fileno(), BYTES_AT_ONCE)
        except BlockingIOError:
            return 0
        if not chunk:
            self.close()  # half a message is none
        self._unread += chunk
        return len(chunk)

    def _take(self) -> bytearray | None:
        """The first message's pickle, where the whole of it has come."""
        if len(self._unread) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._unread)[0]
        if len(self._unread) < end:
            return None
        body = self._unread[LENGTH.size : end]
        del self._unread[:end]
        return body


class BoundedSender:
    """The control side's writing end: what the pipe does not hold waits here, `size` messages.

    A message leaves with the calls that come after it, so `flush` has to be called regularly.
    """

    def __init__(self, end: Connection[Any, Any], size: int) -> None:
        os.set_blocking(end.fileno(), False)
        self._end, self._size = end, size
        self._backlog: deque[memoryview] = deque()  # the first may be partly written

    def put(self, message: Any) -> bool:
        """Take a message; False where `size` of them wait, or nobody is left to read it."""
        self.flush()
        if self._end.closed or len(self._backlog) >= self._size:
            return False
        self._backlog.append(memoryview(framed(message)))
        self.flush()
        return not self._end.closed

    def flush(self) -> bool:
        """Write what fits, 1 MiB at most, and never wait; whether something is left to write."""
        budget = BYTES_PER_CALL
        try:
            while self._backlog and budget > 0:
                first = self._backlog[0]
                count = os.write(self._end.fileno(), first[:budget])
                budget -= count
                self._backlog[0] = first[count:]
                if count == len(first):
                    self._backlog.popleft()
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.close()
        return bool(self._backlog)

    def close(self) -> None:
        """Write no more: the reader gets what is in the pipe, then None."""
        self._end.close()
        self._backlog.clear()


class Sender:
    """The learner's writing end, which waits for room in the pipe."""

    def __init__(self, end: Connection[Any, Any]) -> None:
        self._end = end

    def put(self, message: Any) -> None:
        """Write a message; where nobody is left to read it, it is lost."""
        left = memoryview(framed(message))
        with contextlib.suppress(BrokenPipeError):
            while left:
                left = left[os.write(self._end.fileno(), left) :]
