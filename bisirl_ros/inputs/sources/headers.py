"""What a message's header says of all people in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import UNTOLD_S, Sighting


def sighting(
    header: Any, people: Iterable[PersonReport], complete: bool, heights: Iterable[float] = ()
) -> Sighting:
    """People under a header, as a `Sighting`; a stamp of zero is not told.

    A frame_id loses slashes before it, which ROS 1 had and tf2 knows none with.
    """
    return Sighting(
        header.frame_id.lstrip("/"),
        told_stamp_s(header),
        tuple(people),
        complete,
        tuple(float(z) for z in heights),
    )


def told_stamp_s(header: Any) -> float | None:
    """A header's stamp [s]; None where it was not set."""
    time_s = stamp_s(header.stamp)
    return None if time_s == UNTOLD_S else time_s
