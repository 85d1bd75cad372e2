"""The node's state as diagnostic_msgs/DiagnosticArray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from bisirl_ros.nodes.conversions import to_stamp

LEVELS = {
    "ok": DiagnosticStatus.OK,
    "warn": DiagnosticStatus.WARN,
    "error": DiagnosticStatus.ERROR,
    "stale": DiagnosticStatus.STALE,
}


@dataclass(frozen=True)
class Status:
    """One component; level: one of LEVELS."""

    name: str
    level: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


def diagnostics_message(node: str, statuses: Sequence[Status], time_s: float) -> DiagnosticArray:
    """Everything of a node at time_s [s]; names are "node: component", as aggregators expect."""
    message = DiagnosticArray()
    message.header.stamp = to_stamp(time_s)
    for status in statuses:
        values = [KeyValue(key=key, value=_shown(value)) for key, value in status.values.items()]
        message.status.append(
            DiagnosticStatus(
                level=LEVELS[status.level],
                name=f"{node}: {status.name}",
                message=status.message,
                hardware_id=node,
                values=values,
            )
        )
    return message


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
