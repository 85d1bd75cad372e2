"""Topic `/diagnostics`: how control, inputs and learner are."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray

from bisirl_ros.control.faults import TABLE, Fault, Reaction
from bisirl_ros.nodes.conversions_diagnostics import Status, diagnostics_message
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.interventions import Interventions
from bisirl_ros.nodes.learner_link import LearnerLink
from bisirl_ros.nodes.periods import Periods
from bisirl_ros.nodes.qos import STANDARD
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.session.session import Session

EVERY_S = 1.0
LEVEL = {
    Reaction.DRIVE: "warn",
    Reaction.FALLBACK: "error",
    Reaction.STOP: "error",
    Reaction.LATCH: "error",
}


class Diagnostics:
    """Publishes once a second what the node knows of itself."""

    def __init__(
        self,
        node: BisirlNode,
        endpoints: Endpoints,
        session: Session,
        learner: LearnerLink,
        periods: Periods,
        interventions: Interventions,
    ) -> None:
        self._node, self._session, self._learner = node, session, learner
        self._periods, self._interventions = periods, interventions
        self._publisher = endpoints.publisher(DiagnosticArray, "/diagnostics", STANDARD)
        self._heard: dict[str, int] = {}
        self._updates = 0
        self.active = False
        self.device = ""
        self.objective: float | None = None
        endpoints.steady_timer(EVERY_S, self.publish)

    def publish(self) -> None:
        """One message."""
        statuses = [self._control(), self._inputs(), self._learning()]
        message = diagnostics_message(
            self._node.get_fully_qualified_name().strip("/"), statuses, self._node.now_s()
        )
        self._publisher.publish(message)

    def _control(self) -> Status:
        verdict = self._session.driver.guard.verdict
        values: dict[str, Any] = {"reaction": verdict.reaction.name.lower()}
        values |= {f"period {k} [ms]": v for k, v in (self._periods.summary_ms() or {}).items()}
        values["missed deadlines"] = self._periods.missed
        values |= {f"held back: {k} [ticks]": v for k, v in self._interventions.counts.items()}
        fault = verdict.fault
        if not self.active:
            return Status("control", "ok", "inactive", values)
        if self._session.driven is None and fault is None:
            return Status("control", "ok", "watching", values)
        if fault is None or TABLE[fault].usual:
            return Status("control", "ok", "driving" if fault is None else fault.value, values)
        return Status("control", LEVEL[verdict.reaction], fault.value, values)

    def _inputs(self) -> Status:
        session, now = self._session, self._node.now()
        values: dict[str, Any] = {
            "odometry age [s]": session.robot.age_s(now.steady_s),
            "people age [s]": session.people.age_s(now),
            "people": len(session.people.present(now)),
        }
        for name, of in (("odometry", session.robot), ("people", session.people)):
            values[f"{name} rate [Hz]"] = (of.heard - self._heard.get(name, 0)) / EVERY_S
            values[f"{name} stamps old by, least [s]"] = of.lateness.least_s
            values[f"{name} stamps old by, median [s]"] = of.lateness.median_s
            values |= {f"{name} refused: {why}": count for why, count in of.refused.items()}
            self._heard[name] = of.heard
        silent = {
            Fault.ODOMETRY_SILENT,
            Fault.TRACKER_SILENT,
            Fault.SCAN_SILENT,
        } & session.driver.guard.holding
        if silent:
            return Status("inputs", "error", ", ".join(sorted(f.value for f in silent)), values)
        return Status("inputs", "ok", "heard", values)

    def _learning(self) -> Status:
        learner, session = self._learner, self._session
        values: dict[str, Any] = {
            "policy": -1 if session.deployed is None else session.deployed.version,
            "updates per s": (learner.updates - self._updates) / EVERY_S,
            "dropped batches": learner.dropped,
            "frozen": learner.frozen,
            "device": self.device,
        }
        if self.objective is not None:
            values["outer objective"] = self.objective
        self._updates = learner.updates
        wrong = {Fault.LEARNER_DEAD, Fault.LEARNER_STALLED, Fault.LEARNER_DIVERGED}
        wrong &= session.driver.guard.holding
        if wrong:
            return Status("learner", "error", ", ".join(sorted(f.value for f in wrong)), values)
        return Status("learner", "ok", "frozen" if learner.frozen else "learning", values)
