"""What a person sees of the learner watching recordings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from bisirl_ros.core.metrics import held_out_mean
from bisirl_ros.io.plain import json_ready
from bisirl_ros.report.behaviour import behaviour_lines, misfits, structures
from bisirl_ros.report.record import INTERVAL_STDS

ASSUMPTION = "assumed: each person was going to where their walk ends; the robot moves as recorded"


@dataclass
class PeopleRecord:
    """One line per recording, in the order they were played.

    learned: `learning` reports, each with its recording's `name`, and theta and std of each person
    """

    feature_names: tuple[str, ...]
    learned: list[dict[str, Any]] = field(default_factory=list)
    played: int = 0


def people_header() -> str:
    """Titles above `people_line`."""
    return (
        f"{'recording':<22}{'decisions':>10}{'held-out':>11}{'const.vel.':>12}   weights (+- std)"
    )


def people_line(record: PeopleRecord, row: dict[str, Any]) -> str:
    """One recording: log-likelihood per decision before learning from it, and weights after."""
    weights = "  ".join(
        _whose(name, row["people"])
        + "  ".join(
            f"{feature} {_plain(value)}+-{_plain(std)}"
            for feature, value, std in zip(
                record.feature_names, of["theta"], of["std"], strict=True
            )
        )
        for name, of in row["people"].items()
    )
    held_out = (row["held_out"], row["constant_velocity"])
    shown = "".join(f"{_nats(v):>{w}}" for v, w in zip(held_out, (11, 12), strict=True))
    if row is record.learned[0]:
        shown = f"{'(trains)':>11}{'(trains)':>12}"
    return f"{row['name'][:21]:<22}{row['decisions']:>10}{shown}   {weights}"


def people_summary(record: PeopleRecord) -> dict[str, Any]:
    """Held-out means over the decisions of all recordings but the first, weights, per recording."""

    def mean(key: str) -> float | None:
        return held_out_mean((row["decisions"], row[key]) for row in record.learned)

    people = record.learned[-1]["people"] if record.learned else {}
    summary = {
        "assumption": ASSUMPTION,
        "feature_names": record.feature_names,
        "recordings_played": record.played,
        "recordings_learned_from": len(record.learned),
        "held_out_decisions": sum(row["decisions"] for row in record.learned[1:]),
        "held_out_log_likelihood": mean("held_out"),
        "constant_velocity_log_likelihood": mean("constant_velocity"),
        "theta_hat": {name: of["theta"] for name, of in people.items()},
        "theta_std": {name: of["std"] for name, of in people.items()},
        "recordings": record.learned,
    }
    return dict(json_ready(summary))


def people_closing(record: PeopleRecord) -> str:
    """Weights with 95 % intervals, and the comparison in one sentence."""
    summary = people_summary(record)
    lines = ["", f"{'person':<12}{'feature':<18}{'weight':>9} +- 95 %"]
    for name, theta in summary["theta_hat"].items():
        std = summary["theta_std"][name]
        for feature, v, s in zip(record.feature_names, theta, std, strict=True):
            half = None if s is None else INTERVAL_STDS * s
            lines.append(f"{name:<12}{feature:<18}{_plain(v):>9} +- {_plain(half)}")
    ours = summary["held_out_log_likelihood"]
    theirs = summary["constant_velocity_log_likelihood"]
    if ours is not None and theirs is not None:
        word = "above" if ours > theirs else "NOT above"
        lines.append(
            f"held-out log-likelihood per decision: {ours:.3f}, {word} a constant-velocity "
            f"Gaussian's {theirs:.3f} ({summary['held_out_decisions']} decisions)"
        )
    last = record.learned[-1]["people"] if record.learned else {}
    lines += [*behaviour_lines(misfits(last), structures(last)), ASSUMPTION]
    return "\n".join(lines)


def _whose(name: str, people: dict[str, Any]) -> str:
    return f"{name}: " if len(people) > 1 else ""


def _plain(value: float | None) -> str:
    return "n/a" if value is None or not math.isfinite(value) else f"{value:.2f}"


def _nats(value: float | None) -> str:
    return "n/a" if value is None or not math.isfinite(value) else f"{value:.3f}"
