"""The method in docs/benchmark.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.bench.methods import METHODS
from bisirl_ros.bench.run import measured

DOCS = Path(__file__).parents[2] / "docs" / "benchmark.md"
SIZE = {"updates": 1, "starts": 1, "longer": 1, "episodes": 4}


def test_the_example_is_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), flags=re.S)
    monkeypatch.setitem(METHODS, "stroll", METHODS["go_to_goal"])  # taken back afterwards
    exec(compile(example, str(DOCS), "exec"), {"__name__": "stroll"})  # our own text
    slow, usual = (
        measured("crossing", "soft_expert", m, 0, SIZE, 1) for m in ("stroll", "go_to_goal")
    )
    assert "failed" not in slow
    assert np.isfinite(slow["return"]) and slow["duration_s"] > usual["duration_s"]


def test_every_method_is_described() -> None:
    assert [name for name in METHODS if f"`{name}`" not in DOCS.read_text()] == []
