"""The example in the README runs as it stands, and learns."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).parents[1] / "README.md"


def test_the_example_learns_the_persons_reward(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.S)
    names: dict[str, object] = {}
    exec(compile(example, str(README), "exec"), names)  # our own text
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 11 and lines[-1].startswith("truth")
    theta, truth = names["state"].theta, names["PERSON"]
    assert np.linalg.norm(theta - truth) < 0.2 * np.linalg.norm(truth)
