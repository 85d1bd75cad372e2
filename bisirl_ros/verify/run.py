"""Runs the experiments, one after the other, and writes down what they found."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bisirl_ros.config import setting
from bisirl_ros.errors import InputError
from bisirl_ros.io.plain import json_ready
from bisirl_ros.report.plot_style import ALARM, GOOD, GREY, grid, png, titles
from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.parts import Parts

ACROSS = 112
"""Letters of a bar that stand beside each other above a plot."""
VERDICT = {True: "holds", False: "MISSED", None: "not measured"}


@dataclass(frozen=True)
class VerifyArguments:
    """Arguments of `bisirl verify`."""

    keys: tuple[str, ...] = setting(doc="experiments to run; none: all")
    out: str = setting("", doc="folder of the results; empty makes one under runs/")
    quick: bool = setting(False, doc="a one-minute version with few repetitions")
    seed: int = setting(0, doc="added to every seed", low=0)
    data: str = setting("", doc="folder with rust1987/; default: environment BISIRL_DATA")
    peer: str = setting("", doc="python that has the `imitation` package, for `speed`")
    jobs: int = setting(0, doc="processes side by side; 0: one a core", low=0, high=1024)


def run_suite(
    suite: str,
    experiments: Sequence[Experiment],
    setup: Setup,
    folder: RunFolder,
    say: Say,
    jobs: int = 1,
) -> dict[str, Outcome]:
    """Run experiments; after each, `SUITE.json` holds all that was found so far, and its plot.

    What the folder already holds, of the same seed and size, is not measured again; of an
    experiment in parts, no part is. jobs: processes that measure parts side by side
    """
    outcomes = _found_before(folder.path / f"{suite}.json", setup)
    for i, experiment in enumerate(experiments):
        began = time.perf_counter()
        say(f"[{i + 1}/{len(experiments)}] {experiment.key}: {experiment.title}")
        if experiment.key in outcomes:
            found = outcomes[experiment.key]
            say(f"      measured before, {VERDICT[found.holds]}: {found.bar}")
            continue
        parts = Parts(folder.path / "parts" / f"{experiment.key}.jsonl", jobs, _told(setup))
        outcome = experiment.run(replace(setup, parts=parts), lambda line: say(f"      {line}"))
        outcomes[experiment.key] = outcome
        folder.write(f"{suite}.json", _json(outcomes, setup))
        if outcome.holds is not None:
            folder.write(f"{experiment.key}.png", _picture(experiment, outcome))
        took = time.perf_counter() - began
        say(f"      {VERDICT[outcome.holds]}: {outcome.bar}  ({took:.1f} s)")
        if outcome.note:
            say(f"      note: {outcome.note}")
    return outcomes


def closing(outcomes: Mapping[str, Outcome], folder: RunFolder) -> str:
    """One line per experiment: its verdict and its bar."""
    width = max(len(key) for key in outcomes)
    rows = [
        f"{key:<{width}}  {VERDICT[found.holds]:<12}  {found.bar}"
        for key, found in outcomes.items()
    ]
    return "\n".join([*rows, "", f"results and plots: {folder.path}"])


def chosen(experiments: Sequence[Experiment], keys: Sequence[str]) -> list[Experiment]:
    """The experiments of these keys, all where there are none; InputError for an unknown key."""
    known = {experiment.key: experiment for experiment in experiments}
    for key in keys:
        if key not in known:
            raise InputError(f"experiment '{key}': unknown; choose from {', '.join(known)}")
    return [known[key] for key in dict.fromkeys(keys)] if keys else list(experiments)


def _found_before(path: Path, setup: Setup) -> dict[str, Outcome]:
    """Outcomes in an earlier file; raises InputError where they are of another seed or size."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        others = [key for key, value in found.items() if value.pop("setup") != _told(setup)]
        outcomes = {key: Outcome(**value) for key, value in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: cannot go on from it ({error}); choose another --out") from error
    if others:
        raise InputError(
            f"{path}: holds '{others[0]}' of another seed or size; choose another --out"
        )
    return outcomes


def _told(setup: Setup) -> dict[str, object]:
    return {"quick": setup.quick, "seed": setup.seed}


def _json(outcomes: Mapping[str, Outcome], setup: Setup) -> bytes:
    plain = json_ready(
        {key: {**asdict(outcome), "setup": _told(setup)} for key, outcome in outcomes.items()}
    )
    return (json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _picture(experiment: Experiment, outcome: Outcome) -> bytes:
    count = len(outcome.seeds)
    told = f"{count} seed{'' if count == 1 else 's'}" if count else "nothing drawn at random"
    figure, (ax,) = grid(f"{experiment.key}: {experiment.title}", told, 1, 1, (8.0, 3.6))
    experiment.draw(outcome, ax)
    titles(ax, "", textwrap.fill(f"{VERDICT[outcome.holds]}: {outcome.bar}", ACROSS))
    ax.texts[-1].set_color({True: GOOD, False: ALARM, None: GREY}[outcome.holds])
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(handles, labels, fontsize=8.5, frameon=False)
    return png(figure)
