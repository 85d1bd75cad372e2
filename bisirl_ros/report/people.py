"""What a person sees of the learner watching recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bisirl_ros.io.plain import json_ready
from bisirl_ros.report.record import INTERVAL_STDS

ASSUMPTION = "assumed: each person was going to where their walk ends; the robot moves as recorded"


@dataclass
class PeopleRecord:
    """One line per recording, in the order they were played.

    learned: `learning` reports, each with its recording's `name`
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
        f"{name} {value:.2f}+-{std:.2f}"
        for name, value, std in zip(record.feature_names, row["theta"], row["std"], strict=True)
    )
    held_out = (row["held_out"], row["constant_velocity"])
    shown = "".join(f"{_nats(v):>{w}}" for v, w in zip(held_out, (11, 12), strict=True))
    if row is record.learned[0]:
        shown = f"{'(trains)':>11}{'(trains)':>12}"
    return f"{row['name'][:21]:<22}{row['decisions']:>10}{shown}   {weights}"


def people_summary(record: PeopleRecord) -> dict[str, Any]:
    """Held-out means over the decisions of all recordings but the first, weights, per recording."""
    later = record.learned[1:]
    total = sum(row["decisions"] for row in later)

    def mean(key: str) -> float | None:
        if not total:
            return None
        return float(sum(row[key] * row["decisions"] for row in later) / total)

    last = record.learned[-1] if record.learned else None
    summary = {
        "assumption": ASSUMPTION,
        "feature_names": record.feature_names,
        "recordings_played": record.played,
        "recordings_learned_from": len(record.learned),
        "held_out_decisions": total,
        "held_out_log_likelihood": mean("held_out"),
        "constant_velocity_log_likelihood": mean("constant_velocity"),
        "theta_hat": last and last["theta"],
        "theta_std": last and last["std"],
        "recordings": record.learned,
    }
    return dict(json_ready(summary))


def people_closing(record: PeopleRecord) -> str:
    """Weights with 95 % intervals, and the comparison in one sentence."""
    summary = people_summary(record)
    lines = ["", f"{'feature':<18}{'weight':>9} +- 95 %"]
    estimates: Sequence[tuple[str, float, float]] = (
        list(zip(record.feature_names, summary["theta_hat"], summary["theta_std"], strict=True))
        if summary["theta_hat"]
        else []
    )
    lines += [f"{n:<18}{v:>9.2f} +- {INTERVAL_STDS * s:.2f}" for n, v, s in estimates]
    ours = summary["held_out_log_likelihood"]
    theirs = summary["constant_velocity_log_likelihood"]
    if ours is not None and theirs is not None:
        word = "above" if ours > theirs else "NOT above"
        lines.append(
            f"held-out log-likelihood per decision: {ours:.3f}, {word} a constant-velocity "
            f"Gaussian's {theirs:.3f} ({summary['held_out_decisions']} decisions)"
        )
    lines.append(ASSUMPTION)
    return "\n".join(lines)


def _nats(value: float | None) -> str:
    return "n/a" if value is None or not math.isfinite(value) else f"{value:.3f}"
