"""REP-155: hri_msgs/IdsList says whose bodies are tracked, TF where each `body_<id>` is.

An identity is a body's, which lasts as long as it is tracked. Frames `person_<id>` are not used:
they stay where somebody was last seen.
"""

from __future__ import annotations

from typing import Any

from bisirl_ros.inputs.sources.headers import told_stamp_s
from bisirl_ros.inputs.sources.lookup import found_by
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import UNTOLD_S, Sighting, clean_identity

BODY = "body_"


def hri(options: SourceOptions) -> Source:
    """Everybody who is tracked, at the stamp of their own transform.

    Whom TF does not know is left out, and the sighting is not complete then: they are there, but
    nobody knows where.
    """
    lookup = options.required_lookup("hri")

    def convert(message: Any) -> Sighting:
        heard_s = told_stamp_s(message.header)
        reports = []
        for identity in message.ids:
            found = found_by(lookup, BODY + identity)
            if found is not None:
                place, time_s = found
                if time_s == UNTOLD_S and heard_s is not None:
                    time_s = heard_s
                name = clean_identity(identity)
                reports.append(PersonReport(name, time_s, place, None, None, None))
        complete = len(reports) == len(message.ids)
        return Sighting(options.frame, heard_s, tuple(reports), complete)

    return Source("hri", "humans/bodies/tracked", "hri_msgs/msg/IdsList", convert)
