"""What may measure parts: processes of this machine, or a cluster of ray (https://docs.ray.io)."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.verify.parts import Engine, Found, Row, Wanted, in_processes, timed


def engine_named(name: str) -> Engine:
    """As `--engine` names them; raises InputError where it is unknown, or ray is not installed."""
    if name not in ENGINES:
        raise InputError(f"engine '{name}' is unknown; choose one of {', '.join(ENGINES)}")
    if name == "ray":
        _ray()
    return ENGINES[name]


def on_ray(run: Callable[..., Row], wanted: Wanted, jobs: int) -> Iterator[Found]:
    """The engine of a cluster: that of RAY_ADDRESS, else of this machine for as long as it takes.
    A part has one CPU and one thread of arithmetic. A machine that is lost is ray's to replace.

    run: a function of a module that all machines have, and what it needs with it
    jobs: parts that are asked for at a time; 0: all, of which as many run as there are CPUs
    Raises InputError where ray is not installed, no cluster answers, or it gives a part up.
    """
    if not wanted:
        return  # no cluster is started for nothing
    ray = _joined()
    try:
        part = ray.remote(num_cpus=1)(_alone)
        left, waiting = iter(wanted.items()), dict[Any, str]()
        while True:
            free = jobs - len(waiting) if jobs else None
            waiting |= {part.remote(run, value): key for key, value in islice(left, free)}
            if not waiting:
                return
            (found, *_), _ = ray.wait(list(waiting))
            yield waiting.pop(found), *ray.get(found)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise InputError(f"ray: {error}; the same command goes on from what was found") from error
    finally:
        ray.shutdown()


ENGINES: Mapping[str, Engine] = {"process": in_processes, "ray": on_ray}


def _ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise InputError(f"--engine ray needs ray: pip install ray ({error})") from error


def _joined() -> Any:
    ray, named = _ray(), os.environ.get("RAY_ADDRESS")
    if named:
        os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")  # else it tries for minutes
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init("auto" if named else "local", **quiet)
    except Exception as error:  # ray also raises plain ones
        why = str(error).strip().rpartition("\n")[2]
        raise InputError(f"ray: no cluster ({why}); see RAY_ADDRESS: {named or 'none'}") from error
    return ray


def _alone(run: Callable[..., Row], arguments: tuple[Any, ...]) -> tuple[Row, float]:
    from bisirl_ros.core.one_core import stay_on_one_core  # torch takes seconds to import

    stay_on_one_core()
    return timed(run, arguments)
