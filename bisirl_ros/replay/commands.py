"""`bisirl replay BAG`: what would have been learned from a recording, under any settings."""

from __future__ import annotations

import gc
import json
import math
import time
from collections.abc import Iterator
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
    """`bisirl replay BAG...`: the same run folder as `bisirl sim` writes."""
    from bisirl_ros.bags.reading import Bag
    from bisirl_ros.core.one_core import stay_on_one_core  # torch takes seconds to import
    from bisirl_ros.replay.source import Topics, bag_of, parameters_of
    from bisirl_ros.report.record import RunRecord
    from bisirl_ros.report.run_folder import RunFolder, new_run_folder
    from bisirl_ros.report.versions import versions

    paths = [Path(path).expanduser() for path in given.pop("bags")]
    arguments = ReplayArguments(**given)
    check(arguments, "bisirl replay")
    settings = [*arguments.set, *([f"scenario={arguments.scenario}"] if arguments.scenario else [])]
    chosen = dict(map(assigned, settings))
    with Bag(bag_of(paths[0])) as bag:
        name = paths[0].resolve().name
        folder = RunFolder(arguments.run_dir or new_run_folder("runs", f"replay-{name}"))
        parameters = parameters_of(bag, chosen, folder.path, say)
    stay_on_one_core()
    run = RunRecord(parameters.load(), parameters.seed, versions=versions())
    topics = Topics(arguments.odom, arguments.people_topic, arguments.cmd_vel)
    length_s = learn(list(map(bag_of, paths)), topics, parameters, run, folder)
    folder.write_summary(run)
    folder.write_reward(run)
    folder.write_plots(run)
    conclude(run, folder, length_s)
    return 0


def learn(bags: list[Path], topics: Any, parameters: Any, run: Any, folder: Any) -> float:
    """Fill the run's record with what is learned of bags; how long they are in all [s]."""
    from bisirl_ros.bags.reading import Bag
    from bisirl_ros.replay.replay import Replay, ReplayWorker
    from bisirl_ros.replay.several import Several
    from bisirl_ros.replay.source import names_in
    from bisirl_ros.report.progress import header, progress_line

    lengths_s: list[float] = []

    def opened() -> Iterator[Replay]:
        for path in bags:
            with Bag(path) as bag:
                lengths_s.append(bag.end_s - bag.start_s)
                names = names_in(bag, topics, parameters)
                yield Replay(bag, names, parameters, run, say, told)

    def told(episode: Any) -> None:
        say(progress_line(run, episode))

    def done(replay: Replay) -> None:
        replay.collector.grade()
        for about, count in replay.host.complaints.items():
            if count > 1:
                say(f"{about}: said once, {count} times in all")

    began_s = time.monotonic()
    several = Several(opened(), done)
    keep_parameters(parameters, folder)
    say(header(run.scenario))
    gc.collect()
    gc.freeze()  # what is imported by now stays, and need not be looked through again and again
    try:
        ReplayWorker(parameters.worker(run.scenario), several).run()
    finally:
        gc.unfreeze()
    run.wall_s = time.monotonic() - began_s
    return sum(lengths_s)


def conclude(run: Any, folder: Any, length_s: float) -> None:
    """The end of what is said."""
    from bisirl_ros.report.progress import closing
    from bisirl_ros.report.record import held_out

    say(closing(run, folder.path))
    likelihood = held_out(run)
    if likelihood is not None:
        decisions = sum(episode.decisions for episode in run.episodes[1:])
        say(f"held out: {likelihood:.3f} nat per decision, of {decisions} not yet learned from")
    say(f"{length_s:.0f} s of recording in {run.wall_s:.1f} s: {length_s / run.wall_s:.0f} times")


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
