"""The guard and the gate as a page, from their own tables: `python -m bisirl_ros.control.drawn`."""

from __future__ import annotations

import dataclasses
from typing import Any

from bisirl_ros.control.fallback import FallbackSettings
from bisirl_ros.control.faults import TABLE, Reaction
from bisirl_ros.control.gate import GateSettings
from bisirl_ros.control.guard import GuardSettings

DOES = {
    Reaction.DRIVE: "drives on, and says so",
    Reaction.FALLBACK: "falls back",
    Reaction.STOP: "ramps to rest",
    Reaction.LATCH: "ramps to rest, latched",
}
BACK = {
    Reaction.FALLBACK: "fault gone",
    Reaction.STOP: "fault gone",
    Reaction.LATCH: "~/resume, and the fault gone",
}


def page() -> str:
    """Faults, states and parameters in Markdown."""
    return "\n\n".join([faults(), states(), parameters()]) + "\n"


def faults() -> str:
    """One row a fault, the strongest reactions last."""
    rows = ["| fault | holds while | the robot |", "| --- | --- | --- |"]
    for fault, rule in sorted(TABLE.items(), key=lambda item: item[1].reaction):
        rows.append(f"| {fault.value} | {rule.when} | {DOES[rule.reaction]} |")
    return "\n".join(rows)


def states() -> str:
    """The guard's states as a diagram; an arrow to the right is taken at once, whatever else."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> drive"]
    for reaction in Reaction:
        if reaction is Reaction.DRIVE:
            continue
        name = reaction.name.lower()
        causes = [fault.value for fault, rule in TABLE.items() if rule.reaction is reaction]
        lines.append(f"    drive --> {name}: {', '.join(causes)}")
        lines.append(f"    {name} --> drive: {BACK[reaction]}")
    lines.append("    fallback --> stop: after fallback_s, or a stronger fault")
    lines.append("    stop --> latch: a stronger fault")
    return "\n".join([*lines, "```"])


def parameters() -> str:
    """Every parameter of gate, guard and fallback."""
    rows = ["| parameter | default | what |", "| --- | --- | --- |"]
    for prefix, settings in (
        ("gate", GateSettings()),
        ("guard", GuardSettings()),
        ("fallback", FallbackSettings()),
    ):
        rows += _rows(prefix, settings)
    return "\n".join(rows)


def _rows(prefix: str, settings: Any) -> list[str]:
    rows = []
    for field in dataclasses.fields(settings):
        name, value = f"{prefix}.{field.name}", getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            rows += _rows(name, value)
            continue
        unit = f" {field.metadata['unit']}" if field.metadata["unit"] else ""
        shown = str(value).lower() if isinstance(value, bool) else f"{value:g}"
        rows.append(f"| `{name}` | {shown}{unit} | {field.metadata['doc']} |")
    return rows


if __name__ == "__main__":
    print(page(), end="")
