"""report_node: a line per episode, and the run folder. It watches; nothing depends on it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from std_msgs.msg import String, UInt8MultiArray

from bisirl_ros.config import from_mapping, setting
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.io.contract import Snapshot, unpack_snapshot
from bisirl_ros.nodes.conversions import message_bytes, odometry_to_robot, stamp_s
from bisirl_ros.nodes.conversions_people import odometry_to_person
from bisirl_ros.nodes.conversions_records import (
    EVALUATION,
    LEARNING,
    read_episode,
    read_estimates,
    read_json,
    read_truth,
)
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.qos import EVENTS, LATCHED, PEOPLE, STANDARD
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.nodes.scenario_parameters import ScenarioParameters
from bisirl_ros.report.behaviour import misfits, structures
from bisirl_ros.report.progress import closing, header, progress_line
from bisirl_ros.report.record import EpisodeRecord, RunRecord
from bisirl_ros.report.run_folder import RunFolder, new_run_folder
from bisirl_ros.report.versions import versions

LATE_EPISODES = 5
TOLD = (
    "episode", "device", "settings", "inner", "inner_s", "updates", "update_s", "objective",
    "control_period_ms",
)  # fmt: skip
"""What has to be in a record of topic `learning`."""
PATIENCE_S = 90.0
"""Without a word of the learner once the run is over: a busy machine is slow, not dead."""
TOLD_AFTER_S, TRUTH_PATIENCE_S = 10.0, 2.0


@dataclass(frozen=True)
class ReportParameters(ScenarioParameters):
    """Parameters of report_node."""

    seed: int = setting(0, doc="as bisirl_node's", low=0)
    run_dir: str = setting("", doc="folder of the run; empty makes one under runs/")
    oracle: bool = setting(True, doc="at the end, compare with the same learner given theta*")


class ReportNode(BisirlNode):
    """Collects what the others publish; finishes when the run is over and all is in."""

    def __init__(self) -> None:
        super().__init__("report_node")
        self._p = p = declare(self, ReportParameters)
        self._scenario = p.load()
        self._folder = RunFolder(p.run_dir or new_run_folder("runs", self._scenario.name))
        self._run = RunRecord(self._scenario, p.seed, versions=versions())
        self._began_s = time.monotonic()
        self._open: EpisodeRecord | None = None
        self._policies: list[Snapshot] = []
        self._grades: dict[int, dict[str, Any]] = {}  # may come before the episode they are of
        self._over, self._told_to_wait, self._silent_since_s = False, False, 0.0
        self._printed = 0
        self._settings = LoopConfig()
        self._interrupted = True
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.listen(String, "learning", self._on_learning, EVENTS)
        self.listen(String, "evaluation", self._on_evaluation, EVENTS)
        self.listen(String, "people/truth", self._on_truth, LATCHED)
        self.listen(UInt8MultiArray, "policy", self._on_policy, LATCHED)
        self.listen(Odometry, "odom", self._on_robot, STANDARD)
        self.listen(Odometry, "people/ground_truth", self._on_person, PEOPLE)
        self.steady_timer(0.2, self._check)
        say(header(self._scenario))

    # -- inputs -------------------------------------------------------------------------------
    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        self._run.backend = record.get("backend", "")
        if record["event"] == "started":
            version = self._policies[-1].version if self._policies else 0
            self._open = EpisodeRecord(
                record["episode"] + 1,
                policy_version=version,
                route=record["route"],
                goals=record["goals"],
            )
            self._robot_path: list[list[float]] = []
            self._people_paths: dict[str, list[list[float]]] = {}
        elif record["event"] == "finished" and self._open is not None:
            self._close_episode(record)
        elif record["event"] == "run_finished":
            self._silent_since_s = time.monotonic()
            self._over = True

    def _close_episode(self, record: dict[str, Any]) -> None:
        episode, self._open = self._open, None
        if record.get("outcome") == "reset" or episode is None:
            return
        episode.outcome = record.get("outcome")
        episode.min_distance_m = record.get("min_distance_m")
        episode.duration_s = record.get("duration_s")
        episode.people_paths = {name: np.array(p) for name, p in self._people_paths.items()}
        episode.robot_path = np.array(self._robot_path).reshape(-1, 3)
        self._run.episodes.append(episode)

    def _on_learning(self, message: String) -> None:
        self._silent_since_s = time.monotonic()
        record = read_json(message, LEARNING, "learning", TOLD)
        episode = self._episode(record["episode"])
        if episode is None:
            return
        theta, std = read_estimates(record, len(self._scenario.feature_names))
        self._settings = from_mapping(LoopConfig, record["settings"], "learning: settings")
        self._run.device = record["device"]
        episode.theta, episode.theta_std = theta, std
        episode.misfit = misfits(record["people"])
        episode.structure = structures(record["people"])
        episode.inner, episode.inner_s = record["inner"], record["inner_s"]
        episode.outer_updates, episode.update_s = record["updates"], record["update_s"]
        episode.objective = record["objective"]
        episode.control_period_ms = record["control_period_ms"]

    def _on_evaluation(self, message: String) -> None:
        record = read_json(message, EVALUATION, "evaluation", ("episode",))
        self._grades.setdefault(record["episode"], {}).update(record)

    def _on_truth(self, message: String) -> None:
        self._run.theta_true = read_truth(message)

    def _on_policy(self, message: UInt8MultiArray) -> None:
        self._policies.append(unpack_snapshot(message_bytes(message), "policy"))

    def _on_robot(self, message: Odometry) -> None:
        if self._open is not None:
            state = odometry_to_robot(message)
            self._robot_path.append([stamp_s(message.header.stamp), *state[:2]])

    def _on_person(self, message: Odometry) -> None:
        if self._open is not None:
            seen = odometry_to_person(message)
            path = self._people_paths.setdefault(seen.identity, [])
            path.append([seen.stamp_s, *seen.position])

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
            episode.errors = grade.get("errors") or {}
        while self._printed < len(self._run.episodes):
            episode = self._run.episodes[self._printed]
            later = self._printed + 1 < len(self._run.episodes)
            if not (self._complete(episode) or later or self._waited_long()):
                return
            say(progress_line(self._run, episode))
            self._printed += 1
            self._save()
        told = self._run.theta_true is not None or self._waited_long()
        if self._over and self._printed == len(self._run.episodes) and told:
            self._interrupted = False
            self.finished = True

    def _waited_long(self) -> bool:
        silent_s = time.monotonic() - self._silent_since_s
        if self._over and silent_s > TOLD_AFTER_S and not self._told_to_wait:
            self._told_to_wait = True
            self.get_logger().info(f"waiting for the learner, {PATIENCE_S:g} s at most")
        return self._over and silent_s > PATIENCE_S

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
            self._compare_with_oracle(self._run.theta_true)
            self._save()
            self._folder.write_plots(self._run)
        say(closing(self._run, self._folder.path))

    def _wait_for_truth(self) -> None:
        """Simulated people tell on their own way out."""
        import rclpy

        deadline = time.monotonic() + TRUTH_PATIENCE_S
        while self._run.theta_true is None and time.monotonic() < deadline:
            if self.count_publishers("people/truth") == 0:
                return
            rclpy.spin_once(self, timeout_sec=0.1)

    def _compare_with_oracle(self, true: dict[str, list[float]]) -> None:
        """J_l of the late policies and of the oracle's, over the same starts and luck."""
        from bisirl_ros.report.oracle import compare

        updates = max((e.outer_updates for e in self._run.episodes), default=0)
        late = [s.phi.float() for s in self._policies if s.version > 0][-LATE_EPISODES:]
        names = self._scenario.identities
        if not updates or not late or not names or set(true) != set(names):
            return
        say("comparing with the same learner, given the truth, and without what it learned ...")
        found = compare(
            self._scenario,
            np.array([true[name] for name in names]),
            late,
            updates,
            self._settings,
            self._p.seed,
            self._run.device,
            go_on=lambda: not self.stopping(),
        )
        if found is not None:
            self._run.late_return = found.late_return
            self._run.oracle_return = found.oracle_return
            self._run.other_returns = found.others

    def _complete(self, episode: EpisodeRecord) -> bool:
        """Whether all that is told about an episode has come; of nobody nothing is learned."""
        if self._scenario.people == 0:
            return episode.return_ is not None
        return None not in (episode.theta, episode.return_, episode.relative_error)


def say(text: str) -> None:
    """To the person at the terminal, at once."""
    print(text, flush=True)


NODE = ReportNode
