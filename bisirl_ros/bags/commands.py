"""`bisirl bag info BAG` and `bisirl bag repair BAG`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.repair import repair
from bisirl_ros.config import check, setting


@dataclass(frozen=True)
class BagArguments:
    """Arguments of `bisirl bag ACTION BAG`."""

    action: str = setting(doc="what to do with it", choices=("info", "repair"))
    bag: str = setting(doc="what a recorder left: folder or file")


def run_bag(given: dict[str, Any]) -> int:
    """`bisirl bag ACTION BAG`: print what it holds, or mend it."""
    arguments = BagArguments(**given)
    check(arguments, "bisirl bag")
    actions: dict[str, Callable[[Path], str]] = {"info": information, "repair": mended}
    print(actions[arguments.action](Path(arguments.bag).expanduser()))
    return 0


def information(path: Path) -> str:
    """Topics, types, counts and length of a bag, as a table."""
    with Bag(path) as bag:
        length_s = bag.end_s - bag.start_s
        began = datetime.fromtimestamp(bag.start_s).astimezone().isoformat(" ", "seconds")
        count = sum(bag.counts.values())
        when = f", {length_s:.3f} s from {began}" if count else ""
        lines = [f"{path}: {count} messages{when}"]
        rows = [(name, kind, str(bag.counts[name])) for name, kind in sorted(bag.kinds.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += [
        f"  {name:{widths[0]}}  {kind:{widths[1]}}  {number:>{widths[2]}}"
        for name, kind, number in rows
    ]
    return "\n".join(lines)


def mended(path: Path) -> str:
    """What became of a bag that was to be mended, in a line."""
    found = repair(path)
    kept = f"{found.messages} messages, {found.length_s:.3f} s"
    if found.damaged is None:
        return f"{path}: is whole ({kept}); nothing was changed"
    return (
        f"{path}: mended: {kept} kept, {found.cut_bytes} bytes cut off; as it was: {found.damaged}"
    )
