"""The `bisirl` command."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bisirl_ros.bags.commands import run_bag
from bisirl_ros.bench.commands import (
    BenchArguments,
    LadderArguments,
    run_bench,
    run_ladder,
    run_report,
)
from bisirl_ros.bringup import PeopleArguments, SimArguments, people, simulation
from bisirl_ros.calibrate.commands import CalibrateArguments, run_calibrate
from bisirl_ros.config import check
from bisirl_ros.entry import require_ros
from bisirl_ros.errors import InputError, exit_cleanly
from bisirl_ros.importing.arguments import KINDS, ImportArguments
from bisirl_ros.importing.commands import run_import
from bisirl_ros.parent import cores
from bisirl_ros.real_people.commands import RealPeopleArguments, run_people_study
from bisirl_ros.replay.commands import ReplayArguments, run_replay
from bisirl_ros.replay.compare import run_compare
from bisirl_ros.report.run_folder import RunFolder, new_run_folder
from bisirl_ros.supervisor import supervise
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.run import VerifyArguments, chosen, closing, run_suite
from bisirl_ros.verify.suites import SUITES, experiments_of
from bisirl_ros.view.commands import ViewArguments, run_view


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are the package's: one line, exit status 2."""

    def error(self, message: str) -> typing.NoReturn:
        """Raise InputError instead of printing the usage."""
        raise InputError(f"{message}; see {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of `bisirl`."""
    return exit_cleanly(lambda: _dispatch(sys.argv[1:] if arguments is None else arguments))


def _dispatch(arguments: Sequence[str]) -> int:
    parser = Parser(prog="bisirl", description="Learn a person's reward while interacting.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    _options(
        commands.add_parser("sim", help="robot and simulated people, end to end"), SimArguments
    )
    demo = commands.add_parser("people-demo", help="learn a real person's reward from recordings")
    demo.add_argument("files", nargs="+", metavar="FILE", help="recordings, played in this order")
    _options(demo, PeopleArguments, skip=("files",))
    _options(
        commands.add_parser("people", help="what recorded people want, held out by scene"),
        RealPeopleArguments,
    )
    verify = commands.add_parser("verify", help="what the package claims, measured")
    verify.add_argument("suite", choices=SUITES, metavar="SUITE", help=", ".join(SUITES))
    for parser_of in (verify, commands.add_parser("theory", help="short for: verify theory")):
        parser_of.add_argument("keys", nargs="*", metavar="EXPERIMENT", help="default: all")
        _options(parser_of, VerifyArguments, skip=("keys",))
    _options(
        commands.add_parser("bench", help="scenarios x people x methods x seeds"), BenchArguments
    )
    ladder = commands.add_parser("ladder", help="what a scenario can show, the truth known")
    ladder.add_argument("scenario", metavar="SCENARIO", help="a name, or the path of a .yaml file")
    _options(ladder, LadderArguments)
    report = commands.add_parser("report", help="tables and plots of a `bench` folder")
    report.add_argument("folder", metavar="DIR", help="the --out of `bisirl bench`")
    calibrate = commands.add_parser("calibrate", help="a robot's drive, from a minute of driving")
    calibrate.add_argument("bag", metavar="BAG", help="what ros2 bag record left: folder or file")
    _options(calibrate, CalibrateArguments)
    replay = commands.add_parser("replay", help="what is learned from a recording")
    bags = "bags, or folders of runs that hold one: one learner, one after the other"
    replay.add_argument("bags", metavar="BAG", nargs="+", help=bags)
    _options(replay, ReplayArguments)
    compare = commands.add_parser("compare", help="what changed from one run to another")
    compare.add_argument("one", metavar="RUN", help="the folder of a run")
    compare.add_argument("other", metavar="RUN", help="the folder of another")
    view = commands.add_parser("view", help="what happened, as one page or for Foxglove")
    view.add_argument("source", metavar="RUN|BAG", help="a run folder, or a bag's folder or file")
    _options(view, ViewArguments)
    imported = commands.add_parser("import", help="bags of tables of people")
    imported.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    imported.add_argument("paths", nargs="+", metavar="PATH", help="tables, or folders of them")
    where = "the bag; of several files: the folder of their bags"
    imported.add_argument("-o", "--out", required=True, metavar="BAG", help=where)
    _options(imported, ImportArguments)
    bag = commands.add_parser("bag", help="what is in a bag; mend what a killed recorder left")
    bag.add_argument("action", choices=("info", "repair"), metavar="info|repair")
    bag.add_argument("bag", metavar="BAG", help="folder or file")
    given = vars(parser.parse_args(arguments))
    runs = {
        "sim": run_sim,
        "people-demo": run_people,
        "people": run_people_study,
        "verify": run_experiments,
        "theory": run_experiments,
        "bench": run_bench,
        "ladder": run_ladder,
        "report": run_report,
        "calibrate": run_calibrate,
        "bag": run_bag,
        "replay": run_replay,
        "import": run_import,
        "view": run_view,
        "compare": run_compare,
    }
    return runs[given.pop("command")](given)


def run_sim(given: dict[str, Any]) -> int:
    """`bisirl sim`: the same nodes as launch/sim.launch.py, started by this process."""
    arguments = SimArguments(**given)
    check(arguments, "bisirl sim")
    from bisirl_ros.crowd.scenario import load_scenario  # torch takes seconds to import
    from bisirl_ros.learner.beginning import initial_belief
    from bisirl_ros.robots.profile import with_robot

    scenario = load_scenario(arguments.scenario, arguments.people, arguments.drive)
    with_robot(scenario, arguments.robot)
    _existing(arguments.checkpoint, "checkpoint")
    initial_belief(arguments.initial_reward, scenario)
    _existing(arguments.params_file, "params_file")
    require_ros()
    folder = _run_folder(arguments.run_dir, scenario.name)
    return supervise(simulation(arguments, folder))


def run_people(given: dict[str, Any]) -> int:
    """`bisirl people-demo FILE...`."""
    arguments = PeopleArguments(**{**given, "files": tuple(given["files"])})
    check(arguments, "bisirl people-demo")
    for file in arguments.files:
        _existing(file, "recording")
    _existing(arguments.params_file, "params_file")
    require_ros()
    folder = _run_folder(arguments.run_dir, "people")
    return supervise(people(arguments, folder))


def run_experiments(given: dict[str, Any]) -> int:
    """`bisirl verify SUITE --out DIR`; 1 where a bar was measured and missed."""
    from bisirl_ros.core.one_core import stay_on_one_core  # torch takes seconds to import

    suite = given.pop("suite", "theory")
    arguments = VerifyArguments(**{**given, "keys": tuple(given["keys"])})
    check(arguments, f"bisirl verify {suite}")
    experiments = chosen(experiments_of(suite), arguments.keys)
    data = _existing_folder(arguments.data or os.environ.get("BISIRL_DATA", ""), "data")
    _existing(arguments.peer, "peer")
    setup = Setup(
        arguments.quick, arguments.seed, data, Path(arguments.peer) if arguments.peer else None
    )
    stay_on_one_core()
    folder = RunFolder(Path(arguments.out).resolve() if arguments.out else _new(suite))
    outcomes = run_suite(
        suite,
        experiments,
        setup,
        folder,
        lambda line: print(line, flush=True),
        arguments.jobs or cores(),
    )
    print("\n" + closing(outcomes, folder))
    return int(any(found.holds is False for found in outcomes.values()))


def _new(name: str) -> Path:
    return new_run_folder("runs", name)


def _run_folder(run_dir: str, name: str) -> Path:
    return RunFolder(Path(run_dir).resolve() if run_dir else _new(name)).path


def _existing(path: str, what: str) -> None:
    if path and not Path(path).is_file():
        raise InputError(f"{what} {path}: no such file; check the path")


def _existing_folder(path: str, what: str) -> Path | None:
    if path and not Path(path).is_dir():
        raise InputError(f"{what} {path}: no such folder; check the path")
    return Path(path) if path else None


def _options(parser: argparse.ArgumentParser, cls: type, skip: tuple[str, ...] = ()) -> None:
    """One option per field of an arguments dataclass; `ros2 launch` names (name:=value) too."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if field.name in skip:
            continue
        kind, meta = hints[field.name], field.metadata
        several = typing.get_origin(kind) is tuple
        if several or isinstance(kind, types.UnionType):  # of these, or else None
            kind = typing.get_args(kind)[0]
        unit = f" [{meta['unit']}]" if meta["unit"] else ""
        usual = "" if field.default in (None, ()) else f" (default: {field.default!r})"
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=_boolean if kind is bool else kind,
            default=field.default,
            choices=meta["choices"],
            nargs="+" if several else "?" if kind is bool else None,
            const=True if kind is bool else None,
            metavar=None if meta["choices"] else kind.__name__.upper(),
            help=f"{meta['doc']}{unit}{usual}",
        )


def _boolean(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(f"'{text}' is neither true nor false")
    return words[text.lower()]


if __name__ == "__main__":
    sys.exit(main())
