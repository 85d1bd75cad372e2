"""report_node: a line per episode, and the run folder. It watches; nothing depends on it."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from std_msgs.msg import String, UInt8MultiArray

from bisirl_ros import __version__
from bisirl_ros.config import setting
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.io.contract import Snapshot, unpack_snapshot
from bisirl_ros.nodes.conversions import (
    EVALUATION,
    LEARNING,
    TRUTH,
    message_bytes,
    odometry_to_human,
    odometry_to_robot,
    read_episode,
    read_json,
    stamp_s,
)
from bisirl_ros.nodes.ros import EVENTS, LATCHED, STANDARD, BisirlNode, declare
from bisirl_ros.report.progress import closing, header, progress_line
from bisirl_ros.report.record import EpisodeRecord, RunRecord
from bisirl_ros.report.run_folder import RunFolder, new_run_folder

LATE_EPISODES = 5
EPISODES = 256
"""Played per policy for the comparison with the oracle."""
PATIENCE_S = 20.0
TRUTH_PATIENCE_S = 2.0


@dataclass(frozen=True)
class ReportParameters:
    """Parameters of report_node."""

    scenario: str = setting("crossing", doc="name or .yaml path of the scenario")
    seed: int = setting(0, doc="as bisirl_node's", low=0)
    run_dir: str = setting("", doc="folder of the run; empty makes one under runs/")
    oracle: bool = setting(True, doc="at the end, compare with the same learner given theta*")


class ReportNode(BisirlNode):
    """Collects what the others publish; finishes when the run is over and all is in."""

    def __init__(self) -> None:
        super().__init__("report_node")
        self._p = p = declare(self, ReportParameters)
        self._scenario = load_scenario(p.scenario)
        self._folder = RunFolder(p.run_dir or new_run_folder("runs", self._scenario.name))
        self._run = RunRecord(self._scenario, p.seed, versions=versions())
        self._began_s = time.monotonic()
        self._open: EpisodeRecord | None = None
        self._policies: list[Snapshot] = []
        self._grades: dict[int, dict[str, Any]] = {}  # may come before the episode they are of
        self._over_since_s: float | None = None
        self._printed = 0
        self._settings = LoopConfig()
        self._interrupted = True
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.listen(String, "learning", self._on_learning, EVENTS)
        self.listen(String, "evaluation", self._on_evaluation, EVENTS)
        self.listen(String, "human/truth", self._on_truth, LATCHED)
        self.listen(UInt8MultiArray, "policy", self._on_policy, LATCHED)
        self.listen(Odometry, "odom", self._on_robot, STANDARD)
        self.listen(Odometry, "human/odom", self._on_human, STANDARD)
        self.steady_timer(0.2, self._check)
        say(header(self._scenario.feature_names))

    # -- inputs -------------------------------------------------------------------------------
    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        self._run.backend = record.get("backend", "")
        if record["event"] == "started":
            version = self._policies[-1].version if self._policies else 0
            self._open = EpisodeRecord(record["episode"] + 1, policy_version=version)
            self._paths: dict[str, list[list[float]]] = {"human": [], "robot": []}
        elif record["event"] == "finished" and self._open is not None:
            self._close_episode(record)
        elif record["event"] == "run_finished":
            self._over_since_s = time.monotonic()

    def _close_episode(self, record: dict[str, Any]) -> None:
        episode, self._open = self._open, None
        if record.get("outcome") == "reset" or episode is None:
            return
        episode.outcome = record.get("outcome")
        episode.min_distance_m = record.get("min_distance_m")
        episode.duration_s = record.get("duration_s")
        episode.human_path = np.array(self._paths["human"]).reshape(-1, 3)
        episode.robot_path = np.array(self._paths["robot"]).reshape(-1, 3)
        self._run.episodes.append(episode)

    def _on_learning(self, message: String) -> None:
        record = read_json(message, LEARNING, "learning")
        episode = self._episode(record["episode"])
        if episode is None:
            return
        self._run.device, self._settings = record["device"], LoopConfig(**record["settings"])
        episode.theta, episode.theta_std = record["theta"], record["std"]
        episode.inner, episode.inner_s = record["inner"], record["inner_s"]
        episode.outer_updates, episode.update_s = record["updates"], record["update_s"]
        episode.objective = record["objective"]
        episode.control_period_ms = record["control_period_ms"]

    def _on_evaluation(self, message: String) -> None:
        record = read_json(message, EVALUATION, "evaluation")
        self._grades.setdefault(record["episode"], {}).update(record)

    def _on_truth(self, message: String) -> None:
        self._run.theta_true = read_json(message, TRUTH, "human/truth")["theta"]

    def _on_policy(self, message: UInt8MultiArray) -> None:
        self._policies.append(unpack_snapshot(message_bytes(message), "policy"))

    def _on_robot(self, message: Odometry) -> None:
        self._trace("robot", message, odometry_to_robot(message))

    def _on_human(self, message: Odometry) -> None:
        self._trace("human", message, odometry_to_human(message))

    def _trace(self, who: str, message: Odometry, state: np.ndarray) -> None:
        if self._open is not None:
            self._paths[who].append([stamp_s(message.header.stamp), state[0], state[1]])

    def _episode(self, index: int) -> EpisodeRecord | None:
        """The record of an episode by its index from 0, as it is told in messages."""
        return next((e for e in self._run.episodes if e.episode == index + 1), None)

    # -- telling ------------------------------------------------------------------------------
    def _check(self) -> None:
        """Print what is complete; finish when the run is over and everything has come."""
        for episode in self._run.episodes:
            grade = self._grades.get(episode.episode - 1, {})
            episode.return_ = grade.get("return")
            episode.relative_error = grade.get("relative_error")
        while self._printed < len(self._run.episodes):
            episode = self._run.episodes[self._printed]
            later = self._printed + 1 < len(self._run.episodes)
            if not (complete(episode) or later or self._waited_long()):
                return
            say(progress_line(self._run, episode))
            self._printed += 1
            self._save()
        over = self._over_since_s is not None and self._printed == len(self._run.episodes)
        if over and (self._run.theta_true is not None or self._waited_long()):
            self._interrupted = False
            self.finished = True

    def _waited_long(self) -> bool:
        since = self._over_since_s
        return since is not None and time.monotonic() - since > PATIENCE_S

    def _save(self) -> None:
        self._run.wall_s = time.monotonic() - self._began_s
        self._folder.write_summary(self._run)

    def on_stop(self) -> None:
        """Whatever happened: the summary and the plots, whole."""
        self._run.interrupted = self._interrupted
        for episode in self._run.episodes[self._printed :]:
            say(progress_line(self._run, episode))
        if self._interrupted:
            self._wait_for_truth()
        self._save()
        self._folder.write_plots(self._run)
        if self._p.oracle and not self._interrupted and self._run.theta_true is not None:
            self._compare_with_oracle(np.array(self._run.theta_true))
            self._save()
            self._folder.write_plots(self._run)
        say(closing(self._run, self._folder.path))

    def _wait_for_truth(self) -> None:
        """A simulated human tells on their own way out."""
        import rclpy

        deadline = time.monotonic() + TRUTH_PATIENCE_S
        while self._run.theta_true is None and time.monotonic() < deadline:
            if self.count_publishers("human/truth") == 0:
                return
            rclpy.spin_once(self, timeout_sec=0.1)

    def _compare_with_oracle(self, theta: np.ndarray) -> None:
        """J_l of the late policies and of the oracle's, over the same starts and luck."""
        import torch

        from bisirl_ros.crowd.oracle import oracle_policy
        from bisirl_ros.crowd.played_return import play

        torch.set_num_threads(1)
        updates = max((e.outer_updates for e in self._run.episodes), default=0)
        late = [s.phi.float() for s in self._policies if s.version > 0][-LATE_EPISODES:]
        if not updates or not late:
            return
        say("comparing with the oracle: the same learner, given the person's true weights ...")
        oracle = oracle_policy(
            self._scenario,
            theta,
            self._settings,
            updates,
            self._p.seed,
            go_on=lambda: not self.stopping(),
        )
        if oracle is not None:
            ours = [play(self._scenario, phi, theta, EPISODES, seed=1) for phi in late]
            self._run.late_return = float(np.mean([played.returns for played in ours]))
            best = play(self._scenario, oracle, theta, EPISODES, seed=1)
            self._run.oracle_return = float(best.returns.mean())


def complete(episode: EpisodeRecord) -> bool:
    """Whether all that is told about an episode has come."""
    return None not in (episode.theta, episode.return_, episode.relative_error)


def versions() -> dict[str, str]:
    """What this run ran on."""
    found = {"bisirl_ros": __version__, "python": platform.python_version()}
    for name in ("torch", "numpy", "pybullet", "ros-rclpy", "safetensors"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def say(text: str) -> None:
    """To the person at the terminal, at once."""
    print(text, flush=True)


NODE = ReportNode
