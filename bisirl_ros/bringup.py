"""Which nodes run, with which parameters: one description for `ros2 launch` and `bisirl sim`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bisirl_ros.config import setting
from bisirl_ros.params_file import given_to
from bisirl_ros.report.run_folder import BAG


@dataclass(frozen=True)
class NodeSpec:
    """One process: a node, its parameters and remaps.

    decisive: the run is over when this one ends well
    """

    executable: str
    parameters: dict[str, Any]
    remappings: tuple[tuple[str, str], ...] = (("/tf", "tf"), ("/tf_static", "tf_static"))
    decisive: bool = False


@dataclass(frozen=True)
class SimArguments:
    """Launch arguments of the simulation."""

    scenario: str = setting("guide", doc="name or .yaml path of the scenario")
    people: int = setting(-1, doc="how many take part; -1: as the scenario says", low=-1, high=50)
    drive: str = setting("", doc="differential, omni or ackermann; empty: as the scenario says")
    robot: str = setting("", doc="name or .yaml path of a robot; empty: as the scenario says")
    episodes: int = setting(12, doc="episodes to play; 0 plays on", low=0, high=100000)
    seed: int = setting(0, doc="of starts, people and learner", low=0)
    real_time_factor: float = setting(1.0, doc="simulated per real second", low=0.05, high=10.0)
    backend: str = setting("auto", doc="physics", choices=("auto", "bullet", "kinematic"))
    device: str = setting("auto", doc="the learner's: auto, cpu, cuda or cuda:i")
    compile: str = setting(
        "auto", doc="the learner's code: auto (on a GPU), on, off", choices=("auto", "on", "off")
    )
    headless: bool = setting(True, doc="no window")
    namespace: str = setting("", doc="namespace of all nodes and topics")
    use_sim_time: bool = setting(True, doc="nodes follow /clock")
    params_file: str = setting("", doc="YAML file with further parameters")
    autostart: bool = setting(True, doc="the robot drives without waiting for ~/enable")
    log_level: str = setting(
        "info", doc="of all nodes", choices=("debug", "info", "warn", "error", "fatal")
    )
    run_dir: str = setting("", doc="folder of the run; empty makes one under runs/")
    checkpoint: str = setting("", doc="learner checkpoint to go on from")
    initial_reward: str = setting("", doc="reward.json of others to start from; empty: none")
    oracle: bool = setting(True, doc="at the end, compare with the learner given theta*")
    record: bool = setting(False, doc="write everything to the bag RUN/bag")


@dataclass(frozen=True)
class PeopleArguments:
    """Arguments of the people demonstration."""

    files: tuple[str, ...] = setting(doc="recordings of a person and a robot")
    rate: float = setting(8.0, doc="recorded per real second", low=0.1, high=20.0)
    seed: int = setting(0, doc="of the learner", low=0)
    log_level: str = setting(
        "info", doc="of all nodes", choices=("debug", "info", "warn", "error", "fatal")
    )
    namespace: str = setting("", doc="namespace of all nodes and topics")
    params_file: str = setting("", doc="YAML file with further parameters")
    run_dir: str = setting("", doc="folder of the run; empty makes one under runs/")
    record: bool = setting(False, doc="write everything to the bag RUN/bag")


@dataclass(frozen=True)
class Bringup:
    """Nodes that belong together, and what they share."""

    nodes: tuple[NodeSpec, ...]
    namespace: str = ""
    params_file: str = ""
    log_level: str = "info"
    run_dir: Path = field(default_factory=Path)

    @property
    def names(self) -> list[str]:
        """The nodes' full names."""
        prefix = f"/{self.namespace.strip('/')}".rstrip("/")
        return [f"{prefix}/{spec.executable}" for spec in self.nodes]

    def recorded(self, bag: Path) -> Bringup:
        """The same with a recorder, which keeps the nodes' parameters with the bag.

        Raises InputError for a parameter file that cannot be read.
        """
        kept = {
            spec.executable: spec.parameters
            | (given_to(self.params_file, name) if self.params_file else {})
            for spec, name in zip(self.nodes, self.names, strict=True)
        }
        config = json.dumps({"parameters": kept}, default=list)
        recorder = NodeSpec("recorder_node", {"bag": str(bag), "config": config})
        return replace(self, nodes=(*self.nodes, recorder))


def simulation(arguments: SimArguments, run_dir: Path) -> Bringup:
    """World, simulated people, learner and report.

    The control rate is multiplied by the real time factor, so that the robot decides as often per
    simulated second at every factor.
    """
    a = arguments
    which = {"scenario": a.scenario, "people": a.people, "drive": a.drive, "robot": a.robot}
    which = {**which, "seed": a.seed}
    shared = {**which, "use_sim_time": a.use_sim_time}
    world = {
        **which,
        "episodes": a.episodes,
        "real_time_factor": a.real_time_factor,
        "backend": a.backend,
        "headless": a.headless,
    }
    learner = {
        **shared,
        "device": a.device,
        "compile": a.compile,
        "control_rate": 20.0 * a.real_time_factor,
        "time_scale": a.real_time_factor,
        "human_timeout_s": 0.5 / min(1.0, a.real_time_factor),
        "odom_timeout_s": 0.5 / min(1.0, a.real_time_factor),
        "start_enabled": a.autostart,
        "guard.auto_resume": True,
        "checkpoint": a.checkpoint,
        "initial_reward": a.initial_reward,
        "save_to": str(run_dir / "checkpoint.safetensors"),
    }
    report = {**which, "run_dir": str(run_dir), "oracle": a.oracle}
    found = Bringup(
        (
            NodeSpec("bisirl_node", learner),
            NodeSpec("human_node", shared),
            NodeSpec("sim_node", world),
            NodeSpec("report_node", report, decisive=True),
        ),
        a.namespace,
        a.params_file,
        a.log_level,
        run_dir,
    )
    return found.recorded(run_dir / BAG) if a.record else found


def people(arguments: PeopleArguments, run_dir: Path) -> Bringup:
    """Recordings of real people, and the learner watching them."""
    a = arguments
    learner = {
        "scenario": "people",
        "seed": a.seed,
        "use_sim_time": True,
        "observe_only": True,
        "time_scale": a.rate,
        "device": "cpu",
        "human_timeout_s": 2.0,
        "odom_timeout_s": 2.0,
        "save_to": str(run_dir / "checkpoint.safetensors"),
    }
    found = Bringup(
        (
            NodeSpec("bisirl_node", learner),
            NodeSpec("recording_node", {"files": list(a.files), "rate": a.rate}),
            NodeSpec(
                "people_report_node",
                {"scenario": "people", "run_dir": str(run_dir)},
                decisive=True,
            ),
        ),
        a.namespace,
        a.params_file,
        a.log_level,
        run_dir,
    )
    return found.recorded(run_dir / BAG) if a.record else found
