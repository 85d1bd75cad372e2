"""A recorder for the tests to kill: tells the count of messages after each flush."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bisirl_ros.bags.library import message
from bisirl_ros.bags.writing import BagWriter

KIND = "std_msgs/msg/String"


def main(folder: Path, length: int, flush_s: float) -> None:
    """Writes numbered messages of so many characters until it is killed."""
    writer = BagWriter(folder)
    writer.topic("/words", KIND)
    count, flushed_s = 0, time.monotonic()
    while True:
        writer.tell("/words", time.time_ns(), message(KIND, data=f"{count:09d}" + length * "x"))
        count += 1
        if time.monotonic() - flushed_s >= flush_s:
            writer.flush()
            flushed_s = time.monotonic()
            print(count, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
