"""`bisirl people --data DIR`: what recorded people want, and how well that foretells them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import KINDS


@dataclass(frozen=True)
class RealPeopleArguments:
    """Arguments of `bisirl people`."""

    data: str = setting("", doc="folder of tables, those of each scene in a folder of its own")
    out: str = setting("", doc="folder of the results; empty makes one under runs/")
    kind: str = setting("navwareset", doc="of the tables", choices=KINDS)
    scenario: str = setting("walkers", doc="whose person says what people may care for")
    destinations: int = setting(
        -1,
        doc="goals there may be, by where others' walks ended; 0: scenes share no places; -1: 8 of"
        " navwareset, 0 of other kinds",
        low=-1,
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
    from bisirl_ros.real_people.held_out import DESTINATIONS
    from bisirl_ros.real_people.navwareset import KIND
    from bisirl_ros.real_people.recordings import recordings_in
    from bisirl_ros.real_people.study import Study
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
    count = arguments.destinations
    count = count if count >= 0 else DESTINATIONS * (arguments.kind == KIND)
    study = Study(recordings, person, arguments.kind, count, arguments.structure)
    out = Path(arguments.out).resolve() if arguments.out else new_run_folder("runs", "people")
    study.run(RunFolder(out).path, _say)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
