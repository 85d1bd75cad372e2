"""`bisirl people --data DIR`: what recorded people want, and how well that foretells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import KINDS

SUMMARY: Final = "people.json"
REWARD_FILE: Final = "reward.json"


@dataclass(frozen=True)
class RealPeopleArguments:
    """Arguments of `bisirl people`."""

    data: str = setting("", doc="folder of tables, those of each scene in a folder of its own")
    out: str = setting("", doc="folder of the results; empty makes one under runs/")
    kind: str = setting("navwareset", doc="of the tables", choices=KINDS)
    scenario: str = setting("walkers", doc="whose person says what people may care for")
    destinations: int = setting(
        8,
        doc="goals there may be, by ends of others' walks; 0: scenes share no places",
        low=0,
        high=40,
    )
    scenes: tuple[str, ...] = setting((), doc="only these; none: all")
    structure: bool = setting(False, doc="profiles of horizon, discount and lag, too")


def run_people_study(given: dict[str, Any]) -> int:
    """`bisirl people`: 0 where it was done; tables that cannot be read are told and left out."""
    arguments = RealPeopleArguments(**{**given, "scenes": tuple(given["scenes"])})
    check(arguments, "bisirl people")
    folder = Path(arguments.data).expanduser()
    if not arguments.data or not folder.is_dir():
        raise InputError(f"--data {arguments.data or '(none)'}: no such folder; name one of tables")
    from bisirl_ros.core.one_core import stay_on_one_core  # torch takes seconds to import
    from bisirl_ros.crowd.scenario import load_scenario
    from bisirl_ros.real_people.recordings import recordings_in
    from bisirl_ros.report.run_folder import RunFolder, new_run_folder

    stay_on_one_core()
    person = load_scenario(arguments.scenario).person
    recordings = recordings_in(folder, arguments.kind, person.decision_period_s, _say)
    if arguments.scenes:
        known = {one.scene for one in recordings}
        missing = [scene for scene in arguments.scenes if scene not in known]
        if missing or len(set(arguments.scenes)) < 2:
            raise InputError(
                f"--scenes {' '.join(arguments.scenes)}: give two or more of"
                f" {', '.join(sorted(known))}"
            )
        recordings = [one for one in recordings if one.scene in arguments.scenes]
    out = Path(arguments.out).resolve() if arguments.out else new_run_folder("runs", "people")
    _study(recordings, person, RunFolder(out).path, arguments)
    return 0


def _study(
    recordings: Sequence[Any], person: Any, out: Path, arguments: RealPeopleArguments
) -> None:
    """Fit, hold out, compare, draw, keep."""
    import numpy as np

    from bisirl_ros.io.files import write_whole
    from bisirl_ros.io.reward_file import LearnedReward, write_reward
    from bisirl_ros.real_people import plots, report
    from bisirl_ros.real_people.answer import COMPLIANT, compliance
    from bisirl_ros.real_people.chosen import Chosen
    from bisirl_ros.real_people.held_out import rivals, score
    from bisirl_ros.real_people.rewards import rewards
    from bisirl_ros.real_people.structure import profiles

    of = rivals(recordings, person)
    chosen: Chosen = of[0].chosen
    walks = chosen.walks
    _say(f"{len(chosen)} decisions of {len(set(walks.whose))} people in {len(walks.scene)} walks")
    found = rewards(chosen, arguments.destinations)
    for name, (value, std) in report.rewards_found(found)["everybody"].items():
        _say(f"  {name:24s} {value:8.3f} +- {1.96 * std:.3f}")
    summary: dict[str, Any] = {"rewards": report.rewards_found(found)}
    groups = {"all robots": found.all}
    if set(COMPLIANT) & set(walks.scenes) and set(walks.scenes) - set(COMPLIANT):
        regard, without, difference = compliance(chosen, arguments.destinations)
        groups |= {"robots with regard": regard, "robots without": without}
        summary["with_regard_less_without"] = report.difference_found(difference)
        _say(f"robots with regard against those without: p = {difference.p:.3f}")
    if arguments.structure:
        summary["structure"] = [
            vars(one) for one in profiles(recordings, person, arguments.destinations, _say)
        ]
    scores, drawn = [], {}
    for scene in walks.scenes:
        one, drawn[scene] = score(scene, of, recordings, destinations=arguments.destinations)
        scores.append(one)
        _say(f"scene {scene} held out: {float(one.by[of[0].name].mean()):.3f} a decision")
    summary["held_out"] = report.scores_found(scores)
    for line in report.table(summary["held_out"]):
        _say(line)
    source = f"bisirl people: {len(walks.scenes)} scenes of {arguments.kind}"
    write_reward(
        out / REWARD_FILE,
        LearnedReward.of(
            person, found.prior.mean, found.prior.covariance, len(found.people), source
        ),
    )
    write_whole(out / SUMMARY, json.dumps(summary, indent=1, default=np.ndarray.tolist).encode())
    write_whole(out / "answers.png", plots.answers(person, groups))
    write_whole(out / "weights.png", plots.weights(summary["rewards"]))
    write_whole(out / "fans.png", plots.fans(drawn))
    _say(f"results and plots: {out}")


def _say(line: str) -> None:
    print(line, flush=True)
