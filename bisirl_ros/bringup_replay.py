"""A bag played over ROS to a watching bisirl_node: what launch/replay.launch.py starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bisirl_ros.bringup import Bringup, NodeSpec
from bisirl_ros.config import setting
from bisirl_ros.errors import InputError

CLOCK_HZ = 100.0
"""A callback a control period needs a finer clock than the 40 Hz that a player has by itself."""
OUTPUTS = (
    "policy", "learning", "reward", "outer_objective", "predicted_motion", "comfort_map",
    "bisirl_node/intervention", "bisirl_node/transition_event",
)  # fmt: skip
"""What the recorded node told: it is told anew."""
NOT_PLAYED = ("/clock", "/rosout", "/parameter_events", "/diagnostics")
ASIDE = "replayed/cmd_vel"
"""Where velocities go, recorded and new: to no robot."""


@dataclass(frozen=True)
class ReplayLaunchArguments:
    """Launch arguments of a replay over ROS."""

    bag: str = setting("", doc="folder of the recording")
    rate: float = setting(1.0, doc="recorded per real second", low=0.1, high=20.0)
    loop: bool = setting(False, doc="begin again at the end; what was learned is kept")
    scenario: str = setting("crossing", doc="name or .yaml path of what was done, and where")
    human_source: str = setting("people", doc="kind of people tracker")
    human_topic: str = setting("", doc="the tracker's topic; empty: as its kind has it")
    batch_s: float = setting(
        0.0, doc="interactions are cut every so long; 0: `episode` tells", unit="s", low=0.0
    )
    device: str = setting("auto", doc="the learner's: auto, cpu, cuda or cuda:i")
    seed: int = setting(0, doc="of the learner", low=0)
    namespace: str = setting("", doc="namespace of all nodes, and of what was recorded")
    params_file: str = setting("", doc="YAML file with further parameters")
    log_level: str = setting(
        "info", doc="of all nodes", choices=("debug", "info", "warn", "error", "fatal")
    )


def replay(arguments: ReplayLaunchArguments) -> Bringup:
    """The node that watches; raises InputError where there is no such bag."""
    a = arguments
    if not a.bag or not Path(a.bag).expanduser().exists():
        raise InputError(f"bag '{a.bag}': no such file or folder; give bag:=FOLDER")
    names = ("scenario", "human_source", "human_topic", "batch_s", "device", "seed")
    parameters = {name: getattr(a, name) for name in names}
    parameters |= {"use_sim_time": True, "observe_only": True, "time_scale": a.rate}
    remaps = (("/tf", "tf"), ("/tf_static", "tf_static"), ("cmd_vel", ASIDE))
    spec = NodeSpec("bisirl_node", parameters, remaps)
    return Bringup((spec,), a.namespace, a.params_file, a.log_level)


def player(arguments: ReplayLaunchArguments) -> list[str]:
    """`ros2 bag play`, the one clock there is, and never onto a robot's cmd_vel."""
    a = arguments
    prefix = f"/{a.namespace.strip('/')}".rstrip("/")
    command = ["ros2", "bag", "play", str(Path(a.bag).expanduser())]
    command += ["--clock", f"{CLOCK_HZ:g}", "--rate", f"{a.rate:g}"]
    command += ["--loop"] if a.loop else []
    command += ["--exclude-topics", *NOT_PLAYED, *(f"{prefix}/{topic}" for topic in OUTPUTS)]
    return [*command, "--remap", f"{prefix}/cmd_vel:={prefix}/{ASIDE}"]
