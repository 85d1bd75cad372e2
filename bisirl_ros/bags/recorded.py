"""What lies in the file of a bag, as it was recorded and in whatever state the file is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Topic(NamedTuple):
    """A topic as a bag announces it.

    encoding, definition: of its type, "ros2msg" or "ros2idl", both "" where the bag has none
    serialization: "cdr"; qos: what its publishers offered, YAML; digest: "RIHS01_..." or ""
    """

    name: str
    kind: str
    encoding: str
    definition: str
    serialization: str
    qos: str
    digest: str


class Record(NamedTuple):
    """A whole message: raw is what its publisher sent, not as a recorder packed it."""

    topic: Topic
    received_ns: int
    raw: bytes


class Scan(Protocol):
    """The whole records of a file, from its front to the first that is cut off or damaged.

    Once `records` has ended: topics that were announced; whole: there was nothing amiss;
    cut_bytes: what was not read, from there to the end
    """

    topics: list[Topic]
    whole: bool
    cut_bytes: int

    def records(self) -> Iterator[Record]:
        """In the order of the file; raises OSError where it cannot be read."""
        ...
