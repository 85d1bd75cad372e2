"""report_node: a line per episode, and the run folder. It watches; nothing depends on it."""

from __future__ import annotations

import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
from std_msgs.msg import String

from bisirl_ros.config import setting
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.qos import EVENTS
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.parameters.scenario import ScenarioParameters
from bisirl_ros.report.collector import RunCollector, read_learning
from bisirl_ros.report.progress import closing, header, progress_line
from bisirl_ros.report.record import EpisodeRecord, RunRecord
from bisirl_ros.report.run_folder import RunFolder, new_run_folder
from bisirl_ros.report.versions import versions

LATE_EPISODES = 5
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
        self._told_to_wait, self._silent_since_s = False, 0.0
        self._printed, self._interrupted = 0, True
        self._collector = RunCollector(self._run, Endpoints(self))
        self.listen(String, "learning", self._on_learning, EVENTS)
        self.steady_timer(0.2, self._check)
        say(header(self._scenario))

    def _on_learning(self, message: String) -> None:
        self._silent_since_s = time.monotonic()
        self._collector.learning(read_learning(message))

    # -- telling ------------------------------------------------------------------------------
    def _check(self) -> None:
        """Print what is complete; finish when the run is over and everything has come."""
        self._collector.grade()
        if not self._collector.over:
            self._silent_since_s = time.monotonic()
        while self._printed < len(self._run.episodes):
            episode = self._run.episodes[self._printed]
            later = self._printed + 1 < len(self._run.episodes)
            if not (self._complete(episode) or later or self._waited_long()):
                return
            say(progress_line(self._run, episode))
            self._printed += 1
            self._save()
        told = self._run.theta_true is not None or self._waited_long()
        if self._collector.over and self._printed == len(self._run.episodes) and told:
            self._interrupted = False
            self.finished = True

    def _waited_long(self) -> bool:
        silent_s = time.monotonic() - self._silent_since_s
        if self._collector.over and silent_s > TOLD_AFTER_S and not self._told_to_wait:
            self._told_to_wait = True
            self.get_logger().info(f"waiting for the learner, {PATIENCE_S:g} s at most")
        return self._collector.over and silent_s > PATIENCE_S

    def _save(self) -> None:
        self._run.wall_s = time.monotonic() - self._began_s
        self._folder.write_summary(self._run)
        self._folder.write_reward(self._run)

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
        from bisirl_ros.report.oracle import Planner, compare

        updates = max((e.outer_updates for e in self._run.episodes), default=0)
        late = [s.phi.float() for s in self._collector.policies if s.version > 0][-LATE_EPISODES:]
        names = self._scenario.identities
        if not updates or not late or not names or set(true) != set(names):
            return
        say("comparing with the same learner, given the truth, and without what it learned ...")
        planner = Planner(
            self._scenario, updates, self._collector.settings, self._p.seed, self._run.device
        )
        theta = np.array([true[name] for name in names])
        try:
            found = compare(planner, theta, late, go_on=lambda: not self.stopping())
        except BrokenProcessPool:
            why = "a process was killed, perhaps for its memory"
            self.get_logger().error(f"nothing to compare with: {why}")
            return
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
