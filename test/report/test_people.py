"""The lines about recorded people."""

from __future__ import annotations

import json
from typing import Any

from bisirl_ros.report.people import (
    PeopleRecord,
    people_closing,
    people_header,
    people_line,
    people_summary,
)

FEATURES = ("progress", "proximity")


def row(name: str, decisions: int, held_out: float | None, reference: float) -> dict[str, Any]:
    """A `learning` report of one recording."""
    return {
        "name": name,
        "decisions": decisions,
        "held_out": held_out,
        "constant_velocity": reference,
        "people": {"person_1": {"theta": [1.25, -2.5], "std": [0.5, None]}},
    }


def test_the_means_are_over_the_decisions_of_all_recordings_but_the_first() -> None:
    rows = [row("a", 99, -9.0, -9.0), row("b", 10, -1.0, -2.0), row("c", 30, -2.0, -2.0)]
    told = people_summary(PeopleRecord(FEATURES, rows, played=3))
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["held_out_log_likelihood"] == -1.75
    assert told["constant_velocity_log_likelihood"] == -2.0
    assert told["held_out_decisions"] == 40
    assert told["theta_hat"] == {"person_1": [1.25, -2.5]}
    text = people_closing(PeopleRecord(FEATURES, rows, played=3))
    assert "-1.750, above a constant-velocity Gaussian's -2.000 (40 decisions)" in text
    assert "1.25 +- 0.98" in text and "-2.50 +- n/a" in text


def test_a_line_stands_under_its_titles_and_the_first_recording_trains() -> None:
    record = PeopleRecord(FEATURES, [row("a", 9, -1.0, -2.0), row("b", 7, -1.5, -2.5)])
    first, second = (people_line(record, r) for r in record.learned)
    assert "(trains)" in first and "(trains)" not in second
    for title, value in {"held-out": "-1.500", "const.vel.": "-2.500", "decisions": "7"}.items():
        end = people_header().index(title) + len(title)
        assert second[:end].endswith(value)
    assert "progress 1.25+-0.50" in second and "proximity -2.50+-n/a" in second


def test_nothing_learned_is_told_as_such() -> None:
    record = PeopleRecord(FEATURES)
    assert people_summary(record)["theta_hat"] == {}
    assert "above" not in people_closing(record)
    record.learned = [row("a", 9, -1.0, -2.0), row("b", 7, None, -2.5)]
    assert people_summary(record)["held_out_log_likelihood"] is None


def test_whoever_does_not_fit_is_told_of() -> None:
    last = row("b", 7, -1.5, -2.5)
    last["people"] |= {
        "ann": {"theta": [1.0, 2.0], "std": [1.0, 1.0], "misfit": {"how": "turns aside more"}},
        "ben": {"theta": [1.0, 2.0], "std": [1.0, 1.0], "misfit": {"how": None}},
    }
    text = people_closing(PeopleRecord(FEATURES, [row("a", 9, -1.0, -2.0), last]))
    assert "ann turns aside more: no reward of these features explains that" in text
    assert text.count("explains that") == 1
