"""The page about safety is the code's own."""

from __future__ import annotations

from pathlib import Path

from bisirl_ros.control.drawn import page, states
from bisirl_ros.control.faults import TABLE

PAGE = Path(__file__).parents[2] / "docs" / "safety.md"


def test_the_page_says_what_the_code_does() -> None:
    """Where this fails: python -m bisirl_ros.control.drawn, between the two marks."""
    text = PAGE.read_text(encoding="utf-8")
    _, block = text.split("<!-- from the code -->\n")
    assert block.split("<!-- until here -->")[0] == page()


def test_every_fault_is_in_the_page_and_every_restraining_one_in_the_diagram() -> None:
    assert all(f"| {fault.value} |" in page() for fault in TABLE)
    assert all(fault.value in states() for fault, rule in TABLE.items() if rule.reaction)
