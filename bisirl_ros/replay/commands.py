"""`bisirl replay BAG`: what would have been learned from a recording, under any settings."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.replay.kept import PARAMETERS


@dataclass(frozen=True)
class ReplayArguments:
    """Arguments of `bisirl replay BAG`."""

    set: tuple[str, ...] = setting(
        (), doc="parameters of bisirl_node, as name=value: learner.window=8 human_source=pose"
    )
    scenario: str = setting("", doc="name or .yaml path; empty: as recorded")
    odom: str = setting("", doc="topic of the robot's odometry; empty: odom in any namespace")
    people_topic: str = setting("", doc="topic of the tracker; empty: as human_source has it")
    cmd_vel: str = setting("", doc="topic of the commands; empty: cmd_vel beside the odometry")
    run_dir: str = setting("", doc="folder of the run; empty makes one under runs/")


def run_replay(given: dict[str, Any]) -> int:
    """`bisirl replay BAG`: the same run folder as `bisirl sim` writes."""
    path = Path(given.pop("bag")).expanduser()
    arguments = ReplayArguments(**given)
    check(arguments, "bisirl replay")
    from bisirl_ros.bags.reading import Bag
    from bisirl_ros.replay.source import Topics, bag_of, names_in, parameters_of
    from bisirl_ros.report.run_folder import RunFolder, new_run_folder

    settings = [*arguments.set, *([f"scenario={arguments.scenario}"] if arguments.scenario else [])]
    chosen = dict(map(assigned, settings))
    with Bag(bag_of(path)) as bag:
        folder = RunFolder(arguments.run_dir or new_run_folder("runs", f"replay-{path.name}"))
        parameters = parameters_of(bag, chosen, folder.path, say)
        topics = Topics(arguments.odom, arguments.people_topic, arguments.cmd_vel)
        return _replay(bag, names_in(bag, topics, parameters), parameters, folder)


def _replay(bag: Any, names: dict[str, str], parameters: Any, folder: Any) -> int:
    from bisirl_ros.core.one_core import stay_on_one_core  # torch takes seconds to import
    from bisirl_ros.replay.replay import Replay, ReplayWorker
    from bisirl_ros.report.progress import closing, header, progress_line
    from bisirl_ros.report.record import RunRecord, held_out
    from bisirl_ros.report.versions import versions

    stay_on_one_core()
    scenario = parameters.load()
    run = RunRecord(scenario, parameters.seed, versions=versions())
    say(header(scenario))
    began_s = time.monotonic()
    replay = Replay(
        bag, names, parameters, run, say, lambda episode: say(progress_line(run, episode))
    )
    keep_parameters(parameters, folder)
    ReplayWorker(parameters.worker(scenario), replay).run()
    run.wall_s = time.monotonic() - began_s
    replay.collector.grade()
    folder.write_summary(run)
    folder.write_plots(run)
    say(closing(run, folder.path))
    for about, count in replay.host.complaints.items():
        if count > 1:
            say(f"{about}: said once, {count} times in all")
    likelihood = held_out(run)
    if likelihood is not None:
        decisions = sum(episode.decisions for episode in run.episodes[1:])
        say(f"held out: {likelihood:.3f} nat per decision, of {decisions} not yet learned from")
    length_s = bag.end_s - bag.start_s
    say(f"{length_s:.0f} s of recording in {run.wall_s:.1f} s: {length_s / run.wall_s:.0f} times")
    return 0


def keep_parameters(parameters: Any, folder: Any) -> None:
    """As a parameter file, where `bisirl sim` leaves them."""
    plain = json.loads(json.dumps(asdict(parameters)))
    (folder.path / PARAMETERS.parent).mkdir(exist_ok=True)
    text = yaml.safe_dump({"/**": {"ros__parameters": plain}})
    folder.write(str(PARAMETERS), text.encode())


def assigned(text: str) -> tuple[str, Any]:
    """name=value, the value as YAML has it; raises InputError for anything else."""
    name, equals, value = text.partition("=")
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"--set {text}: the value is not YAML") from error
    if not name.strip() or not equals:
        raise InputError(f"--set {text}: write name=value, for instance learner.window=8")
    if isinstance(read, float) and not math.isfinite(read):
        raise InputError(f"--set {text}: give a finite number")
    return name.strip(), read


def say(text: str) -> None:
    """To the person at the terminal, at once."""
    print(text, flush=True)
