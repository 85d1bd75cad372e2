"""A bag, played through a session as fast as the learner asks for batches."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor

from bisirl_ros.bags.reading import Bag, Told
from bisirl_ros.control.faults import Fault
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.episode_log import EpisodeLog
from bisirl_ros.errors import InputError
from bisirl_ros.inputs.frames import KEEP_S, STALE_S, FrameListener, OwnFrames
from bisirl_ros.inputs.host import Quality
from bisirl_ros.inputs.obstacle_input import ObstacleInput
from bisirl_ros.inputs.people_input import PeopleInput
from bisirl_ros.inputs.robot_input import RobotInput
from bisirl_ros.io.contract import Snapshot, pack_log, unpack_snapshot
from bisirl_ros.learner.worker import Worker, WorkerConfig
from bisirl_ros.messages.records import INTERVENTION, LEARNING, read_episode, read_json
from bisirl_ros.messages.robot import message_bytes
from bisirl_ros.parameters.interaction import BisirlParameters
from bisirl_ros.replay.host import BagHost
from bisirl_ros.replay.source import TWISTS, clock_of
from bisirl_ros.report.collector import RunCollector
from bisirl_ros.report.record import EpisodeRecord, RunRecord
from bisirl_ros.session.session import Session

OVERTAKEN_S = 5.0
"""A policy that was deployed before an episode may be heard of so much later: topics overtake each
other, and a recorder finds one before the other."""
TF, BYTES = "tf2_msgs/msg/TFMessage", "std_msgs/msg/UInt8MultiArray"


class Replay:
    """What a node hears, decides and hands to its learner; the learner's inbox and outbox.

    run: is filled; names: as `source.names_in`; on_report: is called with each learner's report
    A recording of this package brings its policies along, and ticks where commands were sent; any
    other robot is watched.
    """

    def __init__(
        self,
        bag: Bag,
        names: dict[str, str],
        parameters: BisirlParameters,
        run: RunRecord,
        say: Callable[[str], None],
        on_report: Callable[[EpisodeRecord], None],
    ) -> None:
        p, scenario = parameters, run.scenario
        self._run, self._say, self._on_report = run, say, on_report
        self._before = len(run.episodes)
        self.host = host = BagHost(names, clock_of(bag, names["odom"], say), say)
        self.session = session = Session(scenario, p.session(), host.complain, host.steady_s)
        how = "own buffer over the bag's tf and tf_static"
        frames = FrameListener(host, p.global_frame, OwnFrames(KEEP_S, STALE_S), how)
        for topic, fixed in (("tf", False), ("tf_static", True)):
            host.listen(TF, topic, partial(frames.hear, topic, fixed), Quality.STANDARD)
        self._policies = policies_of(bag, names) if not p.observe_only else {}
        host.listen(BYTES, "policy", self._on_policy, Quality.LATCHED)
        for topic in (name for name in names if name.endswith("/intervention")):
            host.listen("std_msgs/msg/String", topic, self._on_intervention, Quality.EVENTS)
        RobotInput(host, host, frames, session)
        tracker, person = p.tracker(), scenario.person
        PeopleInput(host, host, frames, tracker, session, person.max_speed, p.global_frame)
        radius_m = person.radius_m
        session.driver.obstacles = ObstacleInput(host, host, frames, p.obstacles, radius_m)
        people = names.get("people/ground_truth", "people/odom")
        self.collector = RunCollector(run, host, people, self._before)
        commands = names.get("cmd_vel", "")
        if self._policies and bag.kinds.get(commands) in TWISTS:
            host.listen(TWISTS[0], "cmd_vel", lambda message: self._tick(), Quality.STANDARD)
        else:
            host.steady_timer(1.0 / p.control_rate, self._tick)
        self._messages = in_order(bag.messages(host.topics))
        self._logs: deque[EpisodeLog] = deque()

    # -- the learner's inbox and outbox -------------------------------------------------------
    def get(self, timeout: float) -> bytes | None:
        """The next batch, for which the bag is played on; None at its end."""
        while not self._logs:
            told = next(self._messages, None)
            if told is None:
                self.session.finish()
                self._take()
                break
            self.host.tell(told)
            self._take()
        return pack_log(self._logs.popleft()) if self._logs else None

    def put(self, update: tuple[bytes | None, str]) -> None:
        """What the learner has to say; raises InputError where that is that it failed."""
        data, text = update
        report = json.loads(text)
        if "error" in report:
            raise InputError(report["error"])
        for word in ("refused", "said"):
            if word in report:
                self._say(report[word])
        if data is None:
            return
        snapshot = unpack_snapshot(data, "learner")
        if not self._policies:
            self.session.offer(snapshot)
            self.session.adopt(self.host.now())
        if report:
            self._learned(snapshot, report)

    def policy(self, version: int) -> Tensor | None:
        """phi of the policy that was recorded as the version; None where none was."""
        found = self._policies.get(version)
        return None if found is None else found.phi

    # -- playing ------------------------------------------------------------------------------
    def _tick(self) -> None:
        now = self.host.now()
        self.session.tick(now)
        self.session.cut_by_time(now)
        self.session.adopt(now)

    def _on_policy(self, message: Any) -> None:
        if self._policies:
            now, snapshot = self.host.now(), unpack_snapshot(message_bytes(message), "policy")
            deployed_s = snapshot.deployed_s
            self.session.offer(snapshot)
            self.session.adopt(now if deployed_s is None else replace(now, ros_s=deployed_s))

    def _on_intervention(self, message: Any) -> None:
        """A policy that was late, by a clock that only the robot had, was not followed."""
        record = read_json(message, INTERVENTION, "intervention", ("why",))
        self.session.tell(Fault.POLICY_FAILED, record["why"] == Fault.POLICY_FAILED.value)

    def _take(self) -> None:
        for log in self.session.take():
            number = log.episode + self._before
            if log.episode < 0:  # nobody tells of episodes: they are numbered here
                number = len(self._run.episodes)
                self._run.episodes.append(EpisodeRecord(number + 1, outcome="watched"))
            self._logs.append(replace(log, episode=number))

    def _learned(self, snapshot: Snapshot, report: dict[str, Any]) -> None:
        record = {"schema": LEARNING, "features": list(snapshot.features), **report}
        self.collector.learning({**record, "control_period_ms": None})
        self.collector.grade()
        episode = self.collector.find(report["episode"])
        if episode is not None:
            self._on_report(episode)


class ReplayWorker(Worker):
    """The learner, to whom the policies are known that were recorded.

    bags: a `Replay`, or what stands for several
    """

    def __init__(self, config: WorkerConfig, bags: Any) -> None:
        super().__init__(config, bags, bags)
        self._recorded = bags.policy

    def run(self) -> None:
        """Learn from all of it; what is known at the end is kept, or where it was interrupted."""
        try:
            super().run()
        finally:
            super().keep(self._state)

    def keep(self, state: LoopState[Decisions]) -> None:
        """Not yet."""

    def policy(self, version: int) -> Tensor | None:
        """As recorded, else its own."""
        found = self._recorded(version)
        return super().policy(version) if found is None else found.to(self._state.phi)


def in_order(messages: Iterator[Told]) -> Iterator[Told]:
    """The messages of a bag, a policy before the first episode that it was deployed for."""
    waiting: deque[Told] = deque()
    for told in messages:
        while waiting and told.received_s - waiting[0].received_s > OVERTAKEN_S:
            yield waiting.popleft()
        place = _place_of(told, waiting)
        if place < len(waiting):  # as if heard just before: no clock goes forth and back
            told = told._replace(received_ns=waiting[place].received_ns)
        waiting.insert(place, told)
    yield from waiting


def _place_of(told: Told, waiting: deque[Told]) -> int:
    """Among those that wait; the last, but for a policy that was heard of late."""
    try:
        if told.kind == BYTES and told.topic.endswith("/policy"):
            deployed_s = unpack_snapshot(message_bytes(told.message), told.topic).deployed_s
            for place, other in enumerate(waiting if deployed_s is not None else ()):
                began = other.topic.endswith("/episode") and '"started"' in other.message.data
                if began and deployed_s < read_episode(other.message)["stamp_s"]:
                    return place
    except InputError:
        pass  # whoever listens to it will say so
    return len(waiting)


def policies_of(bag: Bag, names: dict[str, str]) -> dict[int, Snapshot]:
    """The policies that were deployed, by version; raises InputError for one that is damaged."""
    topic = names.get("policy", "")
    if bag.kinds.get(topic) != BYTES:
        return {}
    found = {}
    for told in bag.messages([topic]):
        snapshot = unpack_snapshot(message_bytes(told.message), f"{bag.path}: {topic}")
        found[snapshot.version] = snapshot
    return found
