"""Which topics of a bag are what, and how what was recorded had been set."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bisirl_ros.bags.reading import Bag
from bisirl_ros.config import from_mapping
from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources import source
from bisirl_ros.inputs.sources.source import SourceOptions
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.parameters.interaction import BisirlParameters
from bisirl_ros.replay.host import CLOCK
from bisirl_ros.replay.kept import nested, recorded_parameters
from bisirl_ros.report.run_folder import BAG

TWISTS = ("geometry_msgs/msg/TwistStamped", "geometry_msgs/msg/Twist")
BATCH_S = 20.0
LOOKED_AT, SAME_CLOCK_S = 200, 1.0
"""Messages that tell which clock stamps are of, and how much two that are one may differ [s]."""


@dataclass(frozen=True)
class Topics:
    """By which names to look for what, full or without their namespace; "": as usual."""

    odom: str = ""
    people: str = ""
    cmd_vel: str = ""


def bag_of(path: Path) -> Path:
    """The bag that a path means: itself, or `bag` in the folder of a run."""
    inside = path / BAG
    return inside if inside.is_dir() and not (path / "metadata.yaml").exists() else path


def parameters_of(bag: Bag, given: Mapping[str, Any], run_dir: Path, say: Any) -> BisirlParameters:
    """How the recording is learned from: as it was recorded, but for what is given.

    given: by dotted names. Raises InputError for a name or value that cannot be.
    """
    recorded = recorded_parameters(bag.path)
    values = merged(recorded, nested(given))
    values["save_to"] = str(run_dir / "checkpoint.safetensors")
    own = has(bag, "policy", "std_msgs/msg/UInt8MultiArray")
    if not own:
        values["observe_only"] = True
    if not has(bag, "episode", "std_msgs/msg/String") and not values.get("batch_s"):
        values["batch_s"] = BATCH_S
        say(f"nobody tells of episodes: cut every {BATCH_S:g} s (--set batch_s=...)")
    return from_mapping(BisirlParameters, values, "replay")


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings, of which the second says what it says."""
    found = dict(base)
    for key, value in over.items():
        inner = found.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        found[key] = merged(inner, value) if both else value  # type: ignore[arg-type]
    return found


def has(bag: Bag, name: str, kind: str) -> bool:
    """Whether the bag has messages of such a topic, in whatever namespace."""
    return any(
        topic.endswith(f"/{name}") and bag.kinds[topic] == kind and count
        for topic, count in bag.counts.items()
    )


def clock_of(bag: Bag, odom: str, say: Callable[[str], None]) -> str:
    """The topic whose stamps are ROS time; "": the recorder's clock is.

    Stamps of a simulator whose `/clock` was not recorded are those of its odometry.
    """
    if bag.counts.get(CLOCK):
        return CLOCK
    told = itertools.islice(bag.messages([odom]), LOOKED_AT)
    ages_s = [one.received_s - stamp_s(one.message.header.stamp) for one in told]
    least_s = min(ages_s, default=0.0)
    if abs(least_s) < SAME_CLOCK_S:
        return ""
    say(f"{odom}: stamps are {least_s:.1f} s old as they come: ROS time is taken from them")
    return odom


def names_in(bag: Bag, topics: Topics, parameters: BisirlParameters) -> dict[str, str]:
    """Full topic of the bag by the name that inputs listen to.

    Raises InputError, which tells the topics there are, where odometry or people are missing.
    """
    options = SourceOptions(lookup=lambda frame: None)
    tracker = source(parameters.human_source, options)
    usual = parameters.human_topic or tracker.topic
    names = {"odom": bag.find(topics.odom or "odom", ("nav_msgs/msg/Odometry",))}
    if tracker.kind is not None:
        names[usual] = bag.find(topics.people or usual, (tracker.kind,))
    elif not has(bag, "tf", "tf2_msgs/msg/TFMessage"):
        raise InputError(f"{bag.path}: human_source {tracker.name} takes /tf, which is not in it")
    namespace = names["odom"].removesuffix("/" + (topics.odom or "odom").strip("/"))
    if topics.cmd_vel:
        names["cmd_vel"] = bag.find(topics.cmd_vel, TWISTS)
    for topic in bag.kinds:
        short = topic.removeprefix(namespace + "/")
        if short != topic and short not in names:
            names[short] = topic
    return names
