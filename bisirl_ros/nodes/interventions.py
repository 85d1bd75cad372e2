"""Topic `~/intervention`: what was asked, what was sent, which rule, since when."""

from __future__ import annotations

import collections
from typing import Any

from std_msgs.msg import String

from bisirl_ros.control.faults import Reaction
from bisirl_ros.messages.records import INTERVENTION
from bisirl_ros.nodes.conversions import json_message
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.qos import EVENTS
from bisirl_ros.session.driver import Driven

AGAIN_S = 0.5


class Interventions:
    """Tells whenever what holds the robot back changes, and twice a second while something does.

    counts: ticks that each rule or fault held it back
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._publisher = endpoints.publisher(String, "~/intervention", EVENTS)
        self.counts: collections.Counter[str] = collections.Counter()
        self._why, self._since_s, self._told_s = "", 0.0, 0.0

    def tell(self, driven: Driven, steady_s: float) -> None:
        """What was done in the tick at steady_s [s]."""
        if driven.why:
            self.counts[driven.why] += 1
        changed = driven.why != self._why
        if changed:
            self._why, self._since_s = driven.why, steady_s
        if changed or (driven.why and steady_s - self._told_s >= AGAIN_S):
            self._told_s = steady_s
            self._publisher.publish(json_message(self._record(driven, steady_s)))

    def _record(self, driven: Driven, steady_s: float) -> dict[str, Any]:
        asked = None if driven.asked is None else [float(v) for v in driven.asked]
        return {
            "schema": INTERVENTION,
            "why": driven.why,
            "reaction": driven.verdict.reaction.name.lower(),
            "limited": driven.verdict.reaction is Reaction.DRIVE and bool(driven.rule),
            "for_s": steady_s - self._since_s,
            "asked": asked,
            "sent": [float(v) for v in driven.twist],
            "counts": dict(self.counts),
        }
