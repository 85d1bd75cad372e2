"""Which pairs of faults are drawn, and what is required of them."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.verify.robot.kinds import KINDS
from bisirl_ros.verify.robot.reactions import Reaction
from bisirl_ros.verify.robot.stage import StageSettings
from bisirl_ros.verify.robot.together import (
    PAIRS,
    Pair,
    drawn,
    name_of,
    of_group,
    possible,
    required,
)


def test_no_pair_is_drawn_twice_and_each_has_a_stage_for_both() -> None:
    pairs = drawn(PAIRS, 0)
    assert len({frozenset((p.one, p.other)) for p in pairs}) == PAIRS
    assert pairs == drawn(PAIRS, 0) and pairs != drawn(PAIRS, 1)
    for pair in possible():
        for name in (pair.one, pair.other):
            assert KINDS[name].settings in (StageSettings(), pair.settings)
    families = {frozenset((p.one, p.other)) for p in possible()}
    assert frozenset(("tracker silent", "tracker floods")) not in families
    assert frozenset(("policy not finite", "learner killed")) not in families
    assert frozenset(("tracker silent", "stop asked")) in families


@pytest.mark.parametrize(
    ("one", "other", "reaction"),
    [
        ("tracker floods", "parameter out of range", Reaction.DRIVE),
        ("goal withdrawn", "learner killed", Reaction.STOP),
        ("stop asked", "odometry silent", Reaction.LATCH),
        ("person too near", "odometry silent", Reaction.STOP),
        ("person too near", "goal withdrawn", Reaction.LATCH),
    ],
)
def test_the_stronger_reaction_is_required_of_who_can_know(
    one: str, other: str, reaction: Reaction
) -> None:
    assert required(one, other) is required(other, one) is reaction


@pytest.mark.ros
@pytest.mark.slow
def test_two_faults_stop_a_running_node_and_it_recovers_from_both() -> None:
    pair = Pair("tracker silent", "goal withdrawn", StageSettings())
    (row,) = of_group([pair], 0).items()
    assert row[0] == name_of(pair)
    assert row[1]["wrong"] == []
    assert row[1]["holds"]
