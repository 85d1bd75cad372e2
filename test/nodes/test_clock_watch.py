"""Who else keeps time is told by name, once it is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.nodes.clock_watch import DISCOVERY_S, UNNAMED, ClockWatch

OWN, EARLY_S, LATE_S = "sim_node", 0.5 * DISCOVERY_S, 1.5 * DISCOVERY_S


@pytest.mark.parametrize(
    ("names", "at_s", "alone", "told"),
    [
        ([OWN], EARLY_S, False, ""),
        ([OWN], LATE_S, True, ""),
        ([UNNAMED], LATE_S, True, ""),  # itself
        ([UNNAMED, OWN], EARLY_S, False, ""),
        ([UNNAMED, UNNAMED], EARLY_S, False, ""),
        ([UNNAMED, OWN], LATE_S, False, UNNAMED),
        ([OWN, OWN], EARLY_S, False, OWN),
        ([UNNAMED, "bag"], EARLY_S, False, "bag"),
    ],
)
def test_another_clock_is_refused_by_name(
    names: list[str], at_s: float, alone: bool, told: str
) -> None:
    node: Any = SimpleNamespace(
        failure=None,
        now_s=0.0,
        get_name=lambda: OWN,
        get_publishers_info_by_topic=lambda topic: [SimpleNamespace(node_name=n) for n in names],
    )
    node.steady_s = lambda: node.now_s
    watch = ClockWatch(node)
    node.now_s = at_s
    assert watch.alone() is alone
    assert (node.failure is None) is (told == "")
    assert told in str(node.failure)
