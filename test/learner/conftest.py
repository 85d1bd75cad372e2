"""What the tests of the learner's processes share."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of that name, where a spawned process finds it too."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("stand_ins")


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makers of episodes' logs."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("logs")
