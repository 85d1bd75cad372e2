"""`bisirl bench`, `bisirl ladder` and `bisirl report`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.io.plain import json_ready
from bisirl_ros.parent import cores
from bisirl_ros.report.run_folder import RunFolder, new_run_folder
from bisirl_ros.verify.engines import ENGINES, engine_named
from bisirl_ros.verify.parts import Parts

LADDER = "ladder"
LADDER_SEEDS, LADDER_SEEDS_QUICK = 10, 1


@dataclass(frozen=True)
class BenchArguments:
    """Arguments of `bisirl bench`; what is not given is the configuration's."""

    config: str = setting("", doc="YAML file of the grid; none: benchmarks/grid.yaml as it came")
    scenarios: tuple[str, ...] = setting((), doc="names, or paths of .yaml files")
    people: tuple[str, ...] = setting((), doc="kinds of people")
    methods: tuple[str, ...] = setting((), doc="what is compared")
    seeds: int | None = setting(None, doc="how many, counted from 0", low=1, high=100000)
    quick: bool = setting(False, doc="a look at whether everything runs, one seed")
    out: str = setting("", doc="folder of the cells, to begin or go on with; empty: under runs/")
    jobs: int = setting(
        0, doc="cells side by side; 0: one a core, of the cluster with ray", low=0, high=1024
    )
    engine: str = setting(
        "process", doc="what measures: this machine, or a ray cluster", choices=tuple(ENGINES)
    )


@dataclass(frozen=True)
class LadderArguments:
    """Arguments of `bisirl ladder SCENARIO`."""

    seeds: int | None = setting(None, doc="how many, counted from 0", low=1, high=100000)
    quick: bool = setting(False, doc="a look at whether it runs, one seed")
    out: str = setting("", doc="folder of the result; empty makes one under runs/")
    jobs: int = setting(0, doc="processes side by side; 0: one a core", low=0, high=1024)


def run_bench(given: dict[str, Any]) -> int:
    """`bisirl bench`; 1 where a cell failed."""
    lists = ("scenarios", "people", "methods")
    arguments = BenchArguments(**{**given, **{name: tuple(given[name]) for name in lists}})
    check(arguments, "bisirl bench")
    engine = engine_named(arguments.engine)
    from bisirl_ros.bench.grid import Grid, read_grid
    from bisirl_ros.bench.provenance import provenance
    from bisirl_ros.bench.run import run_grid
    from bisirl_ros.core.one_core import stay_on_one_core

    grid = read_grid(Path(arguments.config)) if arguments.config else Grid()
    if arguments.quick:
        grid = grid.quick()
    options = {name: getattr(arguments, name) for name in (*lists, "seeds")}
    grid = replace(grid, **{name: value for name, value in options.items() if value})
    stay_on_one_core()
    out = Path(arguments.out).expanduser() if arguments.out else new_run_folder("runs", "bench")
    jobs = arguments.jobs or (0 if arguments.engine == "ray" else cores())
    rows = run_grid(grid, out, provenance(), _say, jobs, engine=engine)
    failed = {name: row["failed"] for name, row in rows.items() if "failed" in row}
    for name, why in failed.items():
        _say(f"failed: {name}: {why}")
    _say(
        f"{len(rows) - len(failed)} of {len(rows)} cells: {out}; read them by: bisirl report {out}"
    )
    return int(bool(failed))


def run_ladder(given: dict[str, Any]) -> int:
    """`bisirl ladder SCENARIO`: what it can show, measured with the truth in hand."""
    name = given.pop("scenario")
    arguments = LadderArguments(**given)
    check(arguments, "bisirl ladder")
    from bisirl_ros.bench.cell import Size
    from bisirl_ros.bench.grid import QUICK_SIZE
    from bisirl_ros.bench.ladder import certificate, climb, told
    from bisirl_ros.bench.provenance import provenance
    from bisirl_ros.core.one_core import stay_on_one_core
    from bisirl_ros.crowd.scenario import load_scenario

    scenario = load_scenario(name).name
    size = QUICK_SIZE if arguments.quick else Size()
    count = arguments.seeds or (LADDER_SEEDS_QUICK if arguments.quick else LADDER_SEEDS)
    stay_on_one_core()
    out = Path(arguments.out).expanduser() if arguments.out else new_run_folder("runs", LADDER)
    folder = RunFolder(out)
    run = {LADDER: name, "size": asdict(size)}
    parts = Parts(folder.path / f"{LADDER}.jsonl", arguments.jobs or cores(), run)
    rows = climb(parts, name, range(count), size, _say)
    found = certificate(rows)
    whole = {**run, "seeds": list(range(count)), **provenance(), "found": found, "rows": rows}
    text = json.dumps(json_ready(whole), indent=2, ensure_ascii=False, allow_nan=False)
    folder.write(f"{LADDER}.json", (text + "\n").encode())
    _say("\n" + told(scenario, found))
    return 0


def run_report(given: dict[str, Any]) -> int:
    """`bisirl report DIR`."""
    folder = Path(given["folder"]).expanduser()
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder of a `bisirl bench`")
    from bisirl_ros.bench.report import report  # torch takes seconds to import

    for path in report(folder):
        _say(str(path))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
