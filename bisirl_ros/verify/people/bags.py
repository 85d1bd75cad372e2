"""Bags that others wrote are read whole: as many messages as their metadata says, and decoded."""

from __future__ import annotations

import collections
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bisirl_ros.bags.reading import Bag
from bisirl_ros.errors import InputError
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = "rosbags"
BAR = "every message of every topic that the metadata counts is read; what cannot be is named"


def measure(setup: Setup, say: Say) -> Outcome:
    """Every bag in the data's folder."""
    folder = None if setup.data is None else setup.data / FOLDER
    if folder is None or not folder.is_dir():
        return Outcome({}, [], None, BAR, None, "needs --data with rosbags")
    paths = sorted(path for path in folder.iterdir() if path.is_dir() or path.suffix == ".mcap")
    rows = {path.name: read(path) for path in paths}
    for name, row in rows.items():
        refused = "; ".join(row["refused"].values())
        say(f"{name}: {row['read']} of {row['stated']} messages {refused}")
    lost = sum(row["stated"] - row["read"] - row["unread"] for row in rows.values())
    undecoded = [f"{name} {topic}" for name, row in rows.items() for topic in row["refused"]]
    note = f"cannot be decoded, and is said: {', '.join(undecoded)}" if undecoded else ""
    return Outcome({"bags": rows, "lost": lost}, [], None, BAR, lost == 0 and bool(rows), note)


def read(path: Path) -> dict[str, Any]:
    """Of one bag: messages stated and read; of topics that are refused, how many, and why."""
    refused: dict[str, str] = {}
    counts: collections.Counter[str] = collections.Counter()
    began_s = time.monotonic()
    with Bag(path) as bag:
        for topic in bag.kinds:
            try:
                counts[topic] = sum(1 for _ in bag.messages([topic]))
            except InputError as error:
                refused[topic] = str(error)
        stated = sum(bag.counts.values())
        unread = sum(bag.counts[topic] for topic in refused)
    return {
        "stated": stated,
        "read": counts.total(),
        "unread": unread,
        "refused": refused,
        "took_s": time.monotonic() - began_s,
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """Messages read, of those stated."""
    rows = outcome.figures.get("bags", {})
    ax.barh(list(rows), [row["read"] / max(row["stated"], 1) for row in rows.values()], color="0.6")
    ax.set_xlabel("share of messages that is read", fontsize=8)


EXPERIMENT = Experiment("bags", "bags of others", measure, draw)
