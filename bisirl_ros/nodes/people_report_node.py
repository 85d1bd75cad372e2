"""people_report_node: a line per recording, and the comparison at the end."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from std_msgs.msg import String

from bisirl_ros.config import setting
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.messages.records import LEARNING, read_episode, read_estimates, read_json
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.qos import EVENTS
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.report.people import (
    PeopleRecord,
    people_closing,
    people_header,
    people_line,
    people_summary,
)
from bisirl_ros.report.run_folder import SUMMARY, RunFolder, new_run_folder

SILENCE_S = 5.0
TOLD = ("episode", "decisions", "held_out", "constant_velocity")
"""What has to be in a record of topic `learning`."""


@dataclass(frozen=True)
class PeopleReportParameters:
    """Parameters of people_report_node."""

    scenario: str = setting("people", doc="name or .yaml path of the scenario")
    run_dir: str = setting("", doc="folder of the run; empty makes one under runs/")


class PeopleReportNode(BisirlNode):
    """Finishes when all recordings were played and the learner has been silent for a while."""

    def __init__(self) -> None:
        super().__init__("people_report_node")
        p = declare(self, PeopleReportParameters)
        self._folder = RunFolder(p.run_dir or new_run_folder("runs", "people"))
        self._record = PeopleRecord(load_scenario(p.scenario).feature_names)
        self._names: dict[int, str] = {}
        self._over, self._heard_s = False, time.monotonic()
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.listen(String, "learning", self._on_learning, EVENTS)
        self.steady_timer(0.2, self._check)
        print(people_header(), flush=True)

    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        self._heard_s = time.monotonic()
        if record["event"] == "started":
            self._names[record["episode"]] = str(record.get("name", record["episode"]))
            self._record.played = len(self._names)
        self._over = self._over or record["event"] == "run_finished"

    def _on_learning(self, message: String) -> None:
        row = read_json(message, LEARNING, "learning", TOLD)
        read_estimates(row, len(self._record.feature_names))
        row["name"] = short(self._names.get(row["episode"], str(row["episode"])))
        self._heard_s = time.monotonic()
        self._record.learned.append(row)
        print(people_line(self._record, row), flush=True)
        self._save()

    def _check(self) -> None:
        done = len(self._record.learned) == len(self._names)
        if self._over and (done or time.monotonic() - self._heard_s > SILENCE_S):
            self.finished = True

    def _save(self) -> None:
        text = json.dumps(people_summary(self._record), indent=2, allow_nan=False)
        self._folder.write(SUMMARY, (text + "\n").encode())

    def on_stop(self) -> None:
        """The comparison so far."""
        self._save()
        print(people_closing(self._record), flush=True)
        print(f"folder: {self._folder.path}", flush=True)


def short(name: str) -> str:
    """A recording's name without its two nanosecond stamps, but the start's last digits."""
    head, _, tail = name.partition("_from_")
    return head.removeprefix("track_") + (f" {tail[4:10]}" if tail else "")


NODE = PeopleReportNode
