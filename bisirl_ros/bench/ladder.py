"""What a scenario can show, measured with the truth in hand (FORMULATION section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from bisirl_ros.bench.cell import Size, played, usual_people
from bisirl_ros.bench.plan import LADDER
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.metrics.compare import against_baselines
from bisirl_ros.verify.parts import Parts

SEPARATES = 0.10
"""A step of the ladder counts where it is this share of the span below the oracle."""
SURE = 0.01


def climb(
    parts: Parts,
    scenario: str,
    seeds: Sequence[int],
    size: Size,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, list[dict[str, float]]]:
    """The figures of each step of the ladder, by seed."""
    wanted = {
        f"{scenario}, {step}, seed {seed}": (scenario, step, seed, asdict(size))
        for seed in seeds
        for step in LADDER
    }
    rows = parts.measure(rung, wanted, say)
    return {step: [rows[f"{scenario}, {step}, seed {seed}"] for seed in seeds] for step in LADDER}


def rung(scenario_name: str, step: str, seed: int, size: Mapping[str, int]) -> dict[str, float]:
    """One step, one seed."""
    scenario, size_ = load_scenario(scenario_name), Size(**size)
    theta = true_weights(scenario, seed=seed)
    plan = LADDER[step](scenario, theta, seed, size_)
    return played(scenario, plan, usual_people(scenario, theta), theta, size_.episodes, seed)


def certificate(rows: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """What the scenario separates: each step's return, and how far it is below the oracle's.

    below: mean over seeds, as a share of the span from go_to_goal to oracle (of the means)
    p: of the paired difference, corrected for the number of steps (Wilcoxon, Holm)
    """
    of = {step: np.array([row["return"] for row in found]) for step, found in rows.items()}
    span = float(of["oracle"].mean() - of["go_to_goal"].mean())
    paired = against_baselines(of["oracle"], {k: v for k, v in of.items() if k != "oracle"})
    steps = {
        step: {
            "return": float(values.mean()),
            "sd": float(values.std(ddof=1)) if len(values) > 1 else 0.0,
            "success": float(np.mean([row["success"] for row in rows[step]])),
            "collisions": float(np.mean([row["collisions"] for row in rows[step]])),
        }
        for step, values in of.items()
    }
    for step, against in paired.items():
        steps[step]["below"] = against.difference.mean / span if span > 0.0 else float("nan")
        steps[step]["p"] = against.p_holm
    return {
        "span": span,
        "steps": steps,
        "separates": [
            step
            for step in ("passive", "wrong_person", "no_anticipation")
            if span > 0.0 and steps[step]["below"] >= SEPARATES and steps[step]["p"] < SURE
        ],
    }


def told(scenario: str, found: Mapping[str, Any]) -> str:
    """The certificate as a table to read."""
    lines = [
        f"{scenario}: the truth known, span {found['span']:.2f}",
        f"{'step':<16} {'return':>8} {'sd':>6} {'below oracle':>13} {'p':>7}"
        f" {'done':>6} {'touch':>6}",
    ]
    for step, row in found["steps"].items():
        below = f"{row['below']:13.1%} {row['p']:7.4f}" if "below" in row else " " * 21
        lines.append(
            f"{step:<16} {row['return']:8.2f} {row['sd']:6.2f} {below}"
            f" {row['success']:6.1%} {row['collisions']:6.1%}"
        )
    what = ", ".join(found["separates"]) or "nothing"
    return "\n".join([*lines, f"separates: {what}"])
