"""Where people come from: a topic, its kind of message, and how to read one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources.lookup import Lookup
from bisirl_ros.session.sighting import Sighting

TWIST_FRAMES = ("auto", "body", "world")
"""What a velocity's x is: as the kind of message has it, where the person faces, or frame_id's."""


@dataclass(frozen=True)
class SourceOptions:
    """What sources are told; each uses what it needs.

    twist_frame: one of TWIST_FRAMES
    lookup, frame: where TF frames are, and in which frame that is
    tf_prefix: how TF frames of people begin; may end in *
    Raises InputError for another twist_frame.
    """

    twist_frame: str = "auto"
    lookup: Lookup | None = None
    frame: str = "odom"
    tf_prefix: str = "person_"

    def __post_init__(self) -> None:
        if self.twist_frame not in TWIST_FRAMES:
            raise InputError(
                f"human_twist_frame = '{self.twist_frame}': choose one of {', '.join(TWIST_FRAMES)}"
            )

    def required_lookup(self, name: str) -> Lookup:
        """How to look up TF frames for the source `name`; raises InputError without."""
        if self.lookup is None:
            raise InputError(
                f"human_source '{name}': positions come by TF; install tf2_msgs"
                " (sudo apt install ros-$ROS_DISTRO-tf2-msgs), or choose another human_source"
            )
        return self.lookup


@dataclass(frozen=True)
class Source:
    """One kind of tracker.

    name: value of the parameter human_source
    topic: default name, relative; "": nothing is subscribed to
    kind: type of its messages, "nav_msgs/msg/Odometry"; None: `read` is given the names of all TF
    frames instead
    convert: a message as a sighting
    """

    name: str
    topic: str
    kind: str | None
    convert: Callable[[Any], Sighting]

    def read(self, message: Any) -> Sighting:
        """What a message says; raises InputError, with the topic, where it cannot be used."""
        where = self.topic or self.name
        try:
            return self.convert(message)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        except AttributeError as error:
            raise InputError(
                f"{where}: the message is not as expected ({error}); build another version of its"
                " package"
            ) from error
