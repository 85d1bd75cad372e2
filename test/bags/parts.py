"""Small bags for the tests of this folder, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bisirl_ros.bags.library import message, store
from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.writing import BagWriter

STRING, TWIST = "std_msgs/msg/String", "geometry_msgs/msg/Twist"
START_NS = 1_700_000_000_000_000_000
Row = tuple[str, int, Any]


def string(text: str) -> Any:
    return message(STRING, data=text)


def twist(forward: float, turn: float) -> Any:
    vector = store().types["geometry_msgs/msg/Vector3"]
    return message(TWIST, linear=vector(forward, 0.0, 0.0), angular=vector(0.0, 0.0, turn))


def rows(count: int) -> list[Row]:
    """Words and commands in turn, a millisecond apart."""
    return [
        ("/words", START_NS + 1_000_000 * i, string(f"word {i}"))
        if i % 2 == 0
        else ("/cmd_vel", START_NS + 1_000_000 * i, twist(0.1 * i, -0.2 * i))
        for i in range(count)
    ]


def write(path: Path, told: list[Row], flush_every: int = 0, finish: bool = True) -> list[int]:
    """A bag with these messages; its size in bytes after each flush."""
    writer, sizes = BagWriter(path), []
    for count, (topic, received_ns, said) in enumerate(told, 1):
        writer.topic(topic, said.__msgtype__, latched=topic == "/words")
        writer.tell(topic, received_ns, said)
        if flush_every and count % flush_every == 0:
            writer.flush()
            sizes.append((path / f"{path.name}.mcap").stat().st_size)
    if finish:
        writer.close()
    else:
        writer.flush()
        writer._writer.abort()
    return sizes


def read(path: Path) -> list[Row]:
    """All messages of a bag, in order of receipt."""
    with Bag(path) as bag:
        return [(told.topic, told.received_ns, told.message) for told in bag.messages()]


def plain(told: list[Row]) -> list[tuple[str, int, str]]:
    """To compare: messages read are of types that the bag itself defined."""
    return [(topic, received_ns, repr(said)) for topic, received_ns, said in told]
