"""What is told of an outer iteration, as plain data."""

from __future__ import annotations

from typing import Any

from bisirl_ros.core.outer_report import OuterReport, PersonEstimate
from bisirl_ros.crowd.left_out import LeftOut
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.io.plain import json_ready


def told(report: OuterReport, scenario: Scenario) -> dict[str, Any]:
    """JSON-able; values that are not finite become None."""
    left_out = LeftOut(scenario)
    people = {name: _of_person(found, left_out) for name, found in report.people.items()}
    record = {
        "k": report.k,
        "updates": report.updates,
        "decisions": report.decisions,
        "people": people,
        "inner": {
            "status": report.inner.status.value,
            "iterations": report.inner.iterations,
            "grad_norm": report.inner.residual,
            "starts": report.inner.starts,
            "agreeing": report.inner.agreeing,
        },
        "held_out": report.held_out,
        "objective": report.objective,
        "rank": report.rank,
        "unidentified": report.identified.unidentified(scenario.feature_names),
        "drift": report.drift,
        "drifted": dict(report.drifted),
        "gradient_norms": list(report.gradient_norms),
        "renewed": report.renewed,
        "searches": report.searches,
        "switched": report.switched,
        "inner_s": report.inner_s,
        "update_s": list(report.update_s),
    }
    return dict(json_ready(record))


def _of_person(found: PersonEstimate, left_out: LeftOut) -> dict[str, Any]:
    """Of one person.

    misfit: log_evidence against the model, `how` they differ where it is enough, else None
    structure: by which they are explained; structures: probability of each, where that is learned
    """
    how = left_out.in_words(found.deviations) if found.doubted else None
    misfit = {"log_evidence": found.log_evidence, "how": how}
    return {
        "theta": found.theta.tolist(),
        "std": found.std.tolist(),
        "misfit": misfit,
        "structure": found.structure,
        "structures": dict(found.structures),
    }
