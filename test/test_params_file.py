"""Which nodes a parameter file reaches; nothing in it is ignored in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.params_file import for_everybody, reaches, refuse_strangers

NODES = ["/robot1/bisirl_node", "/robot1/sim_node"]


@pytest.mark.parametrize(
    ("section", "node", "does"),
    [
        ("/**", "/bisirl_node", True),
        ("/**", "/a/b/bisirl_node", True),
        ("/**/bisirl_node", "/bisirl_node", True),
        ("/**/bisirl_node", "/robot1/bisirl_node", True),
        ("/**/bisirl_node", "/robot1/sim_node", False),
        ("/*/bisirl_node", "/robot1/bisirl_node", True),
        ("/*/bisirl_node", "/bisirl_node", False),
        ("bisirl_node", "/bisirl_node", True),
        ("bisirl_node", "/robot1/bisirl_node", False),
        ("/robot1/bisirl_node", "/robot1/bisirl_node", True),
        ("/robot1/bisirl_nod", "/robot1/bisirl_node", False),
    ],
)
def test_a_section_reaches_whom_rcl_says(section: str, node: str, does: bool) -> None:
    assert reaches(section, node) is does


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bisirl_node: {ros__parameters: {seed: 1}}", "write '/\\*\\*/bisirl_node'"),
        ("/**/bisirl_nodes: {ros__parameters: {seed: 1}}", "reaches no node of this run"),
        ("robot2: {bisirl_node: {ros__parameters: {seed: 1}}}", "'robot2/bisirl_node'"),
        ("seed: 1", "holds no ros__parameters"),
        ("[1, 2]", "no parameter file|keys and values|mapping"),
        ("/**: {ros__parameters: {seed: 1}}\n/**: {ros__parameters: {seed: 2}}", "twice"),
    ],
)
def test_what_reaches_nobody_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        refuse_strangers(path, NODES)


def test_what_reaches_somebody_is_not(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "/**: {ros__parameters: {use_sim_time: true}}\n"
        "robot1: {sim_node: {ros__parameters: {seed: 1}}}\n"
        "/**/bisirl_node: {ros__parameters: {learner: {policy_steps: 3}}}\n"
    )
    refuse_strangers(path, NODES)


def test_what_is_given_to_everybody_is_known_by_its_full_name(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "/**: {ros__parameters: {learner: {policy_steps: 3}, batch_s: 4.0}}\n"
        "/**/bisirl_node: {ros__parameters: {seed: 1}}\n"
    )
    given = ["--ros-args", "--params-file", str(path), "-p", "x:=1"]
    assert for_everybody(given) == {"learner.policy_steps", "batch_s"}
    assert for_everybody([]) == frozenset()
