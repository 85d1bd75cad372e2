"""What is said of how people behave."""

from __future__ import annotations

from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.report.behaviour import behaviour_lines, misfits, structures

SHORT, STRAIGHT = "looks ahead 4 decisions, not 8", "foresees the robot going straight on"


def person(structure: str, **structures: float) -> dict[str, object]:
    names = {"given": GIVEN, "short": SHORT, "straight": STRAIGHT, "other": "discounts by 1"}
    return {"structure": structure, "structures": {names[k]: p for k, p in structures.items()}}


def test_only_who_decides_otherwise_or_may_is_told_of() -> None:
    people = {
        "ann": person(GIVEN, given=0.97, short=0.03),
        "ben": person(SHORT, short=0.99, given=0.01),
        "cem": person(GIVEN, given=0.6, straight=0.3, short=0.06, other=0.04),
        "dora": {"structure": GIVEN, "structures": {}},
        "emil": {},
    }
    assert structures(people) == {
        "ben": f"{SHORT} (probability 0.99)",
        "cem": f"decides as given (probability 0.60), or {STRAIGHT} (0.30), or {SHORT} (0.06)",
    }


def test_both_ways_of_not_fitting_are_lines() -> None:
    people = {"ann": {**person(SHORT, short=1.0), "misfit": {"how": "turns aside more"}}}
    lines = behaviour_lines(misfits(people), structures(people))
    assert lines[0] == f"ann {SHORT} (probability 1.00)"
    assert lines[1].startswith("ann turns aside more: no reward")
