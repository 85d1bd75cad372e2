"""The parameters of bisirl_node."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bisirl_ros.config import setting
from bisirl_ros.control.fallback import FallbackSettings
from bisirl_ros.control.gate import GateSettings
from bisirl_ros.control.guard import GuardSettings
from bisirl_ros.control.surroundings import ObstacleSettings
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID
from bisirl_ros.crowd.comfort import ComfortSettings
from bisirl_ros.crowd.foreseen import FORESIGHTS, REALISED
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.inputs.people_input import Tracker
from bisirl_ros.inputs.sources import SOURCES, TWIST_FRAMES
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.parameters.scenario import ScenarioParameters
from bisirl_ros.session.driver import DriverSettings
from bisirl_ros.session.settings import SessionSettings
from bisirl_ros.tracking.people.settings import IdentitySettings


@dataclass(frozen=True)
class BisirlParameters(ScenarioParameters):
    """Parameters of bisirl_node."""

    learner: LoopConfig = setting(LoopConfig(), doc="settings of the double loop")
    device: str = setting("auto", doc="where the learner imagines: auto, cpu, cuda or cuda:i")
    compile: str = setting(
        "auto",
        doc="imagine by compiled code, which takes minutes to make: auto (on a GPU), on, off",
        choices=("auto", "on", "off"),
    )
    seed: int = setting(0, doc="of the learner", low=0)
    control_rate: float = setting(20.0, doc="of cmd_vel", unit="Hz", low=1.0, high=200.0)
    time_scale: float = setting(
        1.0,
        doc="ROS seconds per real second; acceleration limits are per ROS second",
        low=0.05,
        high=20.0,
    )
    observe_only: bool = setting(False, doc="learn from watching; publish no velocity")
    foresight: str = setting(
        REALISED, doc="what people foresaw of a robot that is watched", choices=FORESIGHTS
    )
    start_enabled: bool = setting(True, doc="drive without waiting for ~/enable")
    human_source: str = setting("people", doc="kind of people tracker", choices=tuple(SOURCES))
    human_topic: str = setting("", doc="the tracker's topic; empty: as its kind has it")
    human_twist_frame: str = setting(
        "auto",
        doc="frame of its velocities; auto: as the kind of message has it",
        choices=TWIST_FRAMES,
    )
    human_tf_prefix: str = setting("person_", doc="how TF frames of people begin, with source tf")
    identities: IdentitySettings = setting(
        IdentitySettings(), doc="for trackers that tell nobody from another"
    )
    human_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01, high=10.0)
    odom_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01, high=10.0)
    global_frame: str = setting("odom", doc="frame of all inputs")
    enable_stamped_cmd_vel: bool = setting(True, doc="cmd_vel is TwistStamped, else Twist")
    checkpoint: str = setting("", doc="file to go on from; empty starts anew")
    save_to: str = setting("", doc="file to keep the learner's state in; empty keeps none")
    initial_reward: str = setting(
        "", doc="reward.json of others, from which people's rewards are learned; empty: weakly 0"
    )
    batch_s: float = setting(
        0.0,
        doc="cut interactions every so long where no 'episode' topic tells; 0 waits for it",
        unit="s",
        low=0.0,
        high=600.0,
    )
    grid: tuple[int, ...] = setting(
        LIKELIHOOD_GRID, doc="rings, spokes of candidates explaining data", low=2, high=200
    )
    learner_timeout_s: float = setting(
        60.0, doc="a learner is stalled that is silent about a batch so long", unit="s", low=1.0
    )
    autostart: bool = setting(True, doc="configure and activate at once; else wait to be managed")
    gate: GateSettings = setting(GateSettings(), doc="of every command")
    guard: GuardSettings = setting(GuardSettings(), doc="of faults")
    fallback: FallbackSettings = setting(FallbackSettings(), doc="without a policy")
    obstacles: ObstacleSettings = setting(ObstacleSettings(), doc="of what stands around")
    comfort: ComfortSettings = setting(ComfortSettings(), doc="of comfort_map")
    executor: str = setting("events", doc="rclpy executor", choices=("events", "single"))

    def session(self) -> SessionSettings:
        """What of it is the session's."""
        return SessionSettings(
            control_period_s=1.0 / self.control_rate,
            time_scale=self.time_scale,
            observe_only=self.observe_only,
            people_timeout_s=self.human_timeout_s,
            robot_timeout_s=self.odom_timeout_s,
            batch_s=self.batch_s,
            frame=self.global_frame,
            driver=DriverSettings(self.gate, self.guard, self.fallback),
        )

    def worker(self, scenario: Scenario) -> WorkerConfig:
        """What of it is the learner's, who does not improve a policy that nobody follows."""
        loop = self.learner
        if self.observe_only:
            loop = replace(loop, policy_steps=0, policy_starts=1)
        return WorkerConfig(
            scenario,
            loop,
            self.seed,
            self.device,
            self.checkpoint,
            self.save_to,
            (self.grid[0], self.grid[1]),
            self.observe_only,
            self.foresight,
            compile=self.compile,
            initial_reward=self.initial_reward,
        )

    def tracker(self) -> Tracker:
        """What of it is about who tells of people."""
        return Tracker(
            self.human_source,
            self.human_topic,
            self.human_twist_frame,
            self.human_tf_prefix,
            self.identities,
        )
