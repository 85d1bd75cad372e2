"""people_msgs/People (wg-perception/people, branch ros2): everybody, with velocities.

Velocities are points in the header's frame; their z and reliability mean different things to
different authors (hunav_sim puts the turning rate there, and the heading in the position's z), so
that neither is used. `people_velocity_tracker` of the same repository, from which others were made,
sets no stamp, no frame_id while nobody is there, and a velocity of zero before it has one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources.headers import sighting
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import Sighting, clean_identity


def people_msgs(options: SourceOptions) -> Source:
    """Everybody in one message; who has no name is anonymous."""
    if options.twist_frame == "body":
        raise InputError(
            "human_twist_frame = 'body': people_msgs/Person tells no heading; choose auto or world"
        )
    return Source("people_msgs", "people", "people_msgs/msg/People", _read)


def _read(message: Any) -> Sighting:
    time_s = stamp_s(message.header.stamp)
    reports = (
        PersonReport(
            clean_identity(person.name),
            time_s,
            np.array([person.position.x, person.position.y]),
            np.array([person.velocity.x, person.velocity.y]),
            None,
            None,
        )
        for person in message.people
    )
    heights = (person.position.z for person in message.people)
    return sighting(message.header, reports, True, heights)
