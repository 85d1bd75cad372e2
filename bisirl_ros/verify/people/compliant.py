"""Whether people answer robots that have regard for them otherwise than those that have not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.real_people.answer import compliance
from bisirl_ros.real_people.navwareset import COMPLIANT
from bisirl_ros.real_people.report import difference_found
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.recorded import FOLDER, chosen, no_data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = "answered with an interval, whichever way it turns out"


def measure(setup: Setup, say: Say) -> Outcome:
    """Two rewards, and Wald's test of the weights on the robot."""
    if setup.data is None or not (setup.data / FOLDER).is_dir():
        return no_data(BAR)
    found = setup.parts.measure(of_all, {"compliant": (setup.data, setup.quick)}, say)["compliant"]
    at = found["by_distance_m"]
    for distance, (mean, std) in at.items():
        say(f"{distance} m: {mean:+.2f} +- {NORMAL_95 * std:.2f} of one decision's reward")
    say(f"no weight on the robot differs: p = {found['p']:.3f}")
    interval = {
        d: [mean - NORMAL_95 * std, mean + NORMAL_95 * std] for d, (mean, std) in at.items()
    }
    return Outcome(found, [], interval, BAR, True)


def of_all(data: Path, quick: bool) -> dict[str, Any]:
    """Of all walks."""
    regard, without, difference = compliance(chosen(data, quick))
    names = chosen(data, quick).looked.person.feature_names
    groups = {"with regard": regard, "without": without}
    return {
        **difference_found(difference),
        "scenes_with_regard": list(COMPLIANT),
        "weights": {
            group: {
                name: [float(value), float(std)]
                for name, value, std in zip(names, fit.theta, fit.deviation, strict=True)
            }
            for group, fit in groups.items()
        },
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """The difference by distance."""
    at = outcome.figures.get("by_distance_m", {})
    mean, std = ([pair[i] for pair in at.values()] for i in range(2))
    ax.errorbar([float(d) for d in at], mean, [NORMAL_95 * s for s in std], fmt="ko-", capsize=3)
    ax.axhline(0.0, color="k", lw=0.8, ls=":")
    ax.set_xlabel("distance to the robot [m]", fontsize=8)
    ax.set_ylabel("reward: with regard less without", fontsize=8)


EXPERIMENT = Experiment("compliant", "robots with regard, and without", measure, draw)
