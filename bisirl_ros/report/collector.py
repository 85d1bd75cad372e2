"""From what a run tells, message by message, to its record: for a node, and for a bag."""

from __future__ import annotations

from typing import Any

import numpy as np

from bisirl_ros.config import from_mapping
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.inputs.host import Listening, Quality
from bisirl_ros.io.contract import Snapshot, unpack_snapshot
from bisirl_ros.messages.people import odometry_to_person
from bisirl_ros.messages.records import (
    EVALUATION,
    LEARNING,
    read_episode,
    read_estimates,
    read_json,
    read_truth,
)
from bisirl_ros.messages.robot import message_bytes, odometry_to_robot, stamp_s
from bisirl_ros.report.behaviour import misfits, structures
from bisirl_ros.report.learned import learned_reward
from bisirl_ros.report.record import EpisodeRecord, RunRecord

LEARNING_TOLD = (
    "episode", "device", "settings", "inner", "inner_s", "updates", "update_s", "objective",
    "control_period_ms", "decisions", "held_out",
)  # fmt: skip
"""What has to be in a record of topic `learning`."""


def read_learning(message: Any) -> dict[str, Any]:
    """A record of topic `learning`; raises InputError where something is missing."""
    return read_json(message, LEARNING, "learning", LEARNING_TOLD)


class RunCollector:
    """Fills a run's record.

    policies: that were deployed; settings: the learner's; over: whether no episode will follow
    people_topic: where everybody is; before: how many episodes of other recordings are there
    Raises InputError for a message that makes no sense.
    """

    def __init__(
        self,
        run: RunRecord,
        messages: Listening,
        people_topic: str = "people/ground_truth",
        before: int = 0,
    ) -> None:
        self.run, self._before = run, before
        self.policies: list[Snapshot] = []
        self.settings = LoopConfig()
        self.over = False
        self._open: EpisodeRecord | None = None
        self._grades: dict[int, dict[str, Any]] = {}  # may come before the episode they are of
        self._robot_path: list[list[float]] = []
        self._people_paths: dict[str, list[list[float]]] = {}
        text, odometry = "std_msgs/msg/String", "nav_msgs/msg/Odometry"
        listen = messages.listen
        listen(text, "episode", self._on_episode, Quality.EVENTS)
        listen(text, "evaluation", self._on_evaluation, Quality.EVENTS)
        listen(text, "people/truth", self._on_truth, Quality.LATCHED)
        listen("std_msgs/msg/UInt8MultiArray", "policy", self._on_policy, Quality.LATCHED)
        listen(odometry, "odom", self._on_robot, Quality.STANDARD)
        listen(odometry, people_topic, self._on_person, Quality.PEOPLE)

    def _on_episode(self, message: Any) -> None:
        record = read_episode(message)
        self.run.backend = record.get("backend", "")
        if record["event"] == "started":
            version = self.policies[-1].version if self.policies else 0
            self._open = EpisodeRecord(
                self._before + record["episode"] + 1,
                policy_version=version,
                route=record["route"],
                goals=record["goals"],
            )
            self._robot_path, self._people_paths = [], {}
        elif record["event"] == "finished":
            self._close(record)
        elif record["event"] == "run_finished":
            self.over = True

    def _on_robot(self, message: Any) -> None:
        if self._open is not None:
            state = odometry_to_robot(message)
            self._robot_path.append([stamp_s(message.header.stamp), *state[:2]])

    def _on_person(self, message: Any) -> None:
        if self._open is not None:
            seen = odometry_to_person(message)
            path = self._people_paths.setdefault(seen.identity, [])
            path.append([seen.stamp_s, *seen.position])

    def learning(self, record: dict[str, Any]) -> None:
        """What was learned from an episode, as topic `learning` tells it."""
        episode = self.find(record["episode"])
        if episode is None:
            return
        theta, std = read_estimates(record, len(self.run.scenario.feature_names))
        self.settings = from_mapping(LoopConfig, record["settings"], "learning: settings")
        self.run.device = record["device"]
        episode.theta, episode.theta_std = theta, std
        episode.misfit = misfits(record["people"])
        episode.structure = structures(record["people"])
        episode.timing = record.get("timing", "")
        episode.inner, episode.inner_s = record["inner"], record["inner_s"]
        episode.outer_updates, episode.update_s = record["updates"], record["update_s"]
        episode.objective = record["objective"]
        episode.decisions, episode.held_out = record["decisions"], record["held_out"]
        episode.control_period_ms = record["control_period_ms"]
        self.run.reward = learned_reward(self.run, record)

    def _on_evaluation(self, message: Any) -> None:
        record = read_json(message, EVALUATION, "evaluation", ("episode",))
        self._grades.setdefault(record["episode"], {}).update(record)

    def _on_truth(self, message: Any) -> None:
        self.run.theta_true = read_truth(message)

    def _on_policy(self, message: Any) -> None:
        self.policies.append(unpack_snapshot(message_bytes(message), "policy"))

    def grade(self) -> None:
        """Give every episode what simulated people said of it until now."""
        for episode in self.run.episodes[self._before :]:
            grade = self._grades.get(episode.episode - 1 - self._before, {})
            episode.return_ = grade.get("return")
            episode.relative_error = grade.get("relative_error")
            episode.errors = grade.get("errors") or {}

    def find(self, index: int) -> EpisodeRecord | None:
        """The record of an episode by its index from 0, as the learner knows it."""
        return next((e for e in self.run.episodes if e.episode == index + 1), None)

    def _close(self, record: dict[str, Any]) -> None:
        episode, self._open = self._open, None
        if record.get("outcome") == "reset" or episode is None:
            return
        episode.outcome = record.get("outcome")
        episode.min_distance_m = record.get("min_distance_m")
        episode.duration_s = record.get("duration_s")
        episode.people_paths = {name: np.array(p) for name, p in self._people_paths.items()}
        episode.robot_path = np.array(self._robot_path).reshape(-1, 3)
        self.run.episodes.append(episode)
