"""What a bag tells in records: episodes, what was learned, what held the robot back."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bisirl_ros.control.faults import TABLE, Reaction
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.messages.records import (
    INTERVENTION,
    LEARNING,
    read_episode,
    read_estimates,
    read_json,
    read_truth,
)
from bisirl_ros.report.behaviour import misfits
from bisirl_ros.view.scene import DOUBT, DRIFT, EPISODE, GATE, Estimate, Event, Goals

USUAL = {fault.value for fault, rule in TABLE.items() if rule.usual}
"""What holds the robot back without anything being wrong."""


class Records:
    """Takes records one by one; `..._s` is when they came, from the beginning of the bag on.

    left_out: how often one could not be taken, by why; routes: as told with episodes
    """

    def __init__(self) -> None:
        self.features: tuple[str, ...] = ()
        self.estimates: list[Estimate] = []
        self.truth: dict[str, list[float]] = {}
        self.goals: list[Goals] = []
        self.routes: list[tuple[float, Array]] = []
        self.scenario = ""
        self.left_out: Counter[str] = Counter()
        self._events: list[Event] = []
        self._open: dict[str, Event] = {}
        self._misfit: dict[str, str] = {}

    def take(self, what: str, came_s: float, message: Any) -> None:
        """A message of topic `what`; what makes no sense is counted, and left out."""
        try:
            getattr(self, f"_on_{what}")(came_s, message)
        except InputError as error:
            self.left_out[str(error)] += 1

    def events(self, end_s: float) -> tuple[Event, ...]:
        """In order of time; what is not over ends with the bag."""
        for kind in tuple(self._open):
            self._close(kind, end_s)
        return tuple(sorted(self._events, key=lambda event: event.time_s))

    def _on_episode(self, came_s: float, message: Any) -> None:
        record = read_episode(message)
        number = record["episode"] + 1
        if record["route"] is not None:
            self.routes.append((came_s, record["route"]))
        if record["goals"]:
            self.goals.append(Goals(came_s, record["goals"]))
        if record["event"] == "started":
            self._close(EPISODE, came_s)
            name = record.get("name")
            text = f"episode {number}" + (f" ({name})" if name else "")
            self._open[EPISODE] = Event(came_s, came_s, EPISODE, text)
        elif record["event"] == "finished":
            self._close(EPISODE, came_s, f": {record.get('outcome') or 'finished'}")

    def _on_learning(self, came_s: float, message: Any) -> None:
        record = read_json(message, LEARNING, "learning", ("features", "people"))
        features = tuple(str(name) for name in record["features"])
        if self.features and features != self.features:
            raise InputError("learning: other features than before; give one learner's topic")
        theta, std = read_estimates(record, len(features))
        self.features = features
        self.estimates.append(Estimate(came_s, theta, std))
        drifted = record.get("drifted") or {}
        for name in drifted:
            text = f"{name} seems to have changed; what was seen before counts less"
            self._events.append(Event(came_s, came_s, DRIFT, text))
        told = misfits(record["people"])
        for name in sorted({*told, *self._misfit}):
            how = told.get(name)
            if how != self._misfit.get(name):
                text = (
                    f"{name} {how}: no reward explains that"
                    if how
                    else f"{name} is explained again"
                )
                self._events.append(Event(came_s, came_s, DOUBT, text, usual=not how))
        self._misfit = told

    def _on_intervention(self, came_s: float, message: Any) -> None:
        record = read_json(message, INTERVENTION, "intervention", ("why", "reaction"))
        why, reaction = str(record["why"]), str(record["reaction"])
        strength = {r.name.lower(): int(r) for r in Reaction}.get(reaction, 0)
        text = f"{why}: {'slower' if reaction == 'drive' else reaction}"
        going_on = self._open.get(GATE)
        if going_on is not None and going_on.text == text:
            return
        self._close(GATE, came_s)
        if why:
            event = Event(came_s, came_s, GATE, text, strength, usual=why in USUAL)
            self._open[GATE] = event

    def _on_truth(self, came_s: float, message: Any) -> None:
        self.truth = read_truth(message)

    def _on_policy(self, came_s: float, message: Any) -> None:
        from bisirl_ros.io.contract import unpack_snapshot
        from bisirl_ros.messages.robot import message_bytes

        if not self.scenario:
            self.scenario = unpack_snapshot(message_bytes(message), "policy").scenario

    def _close(self, kind: str, now_s: float, more: str = "") -> None:
        event = self._open.pop(kind, None)
        if event is not None:
            self._events.append(
                Event(
                    event.time_s,
                    now_s,
                    kind,
                    event.text + more,
                    event.strength,
                    event.usual,
                )
            )
