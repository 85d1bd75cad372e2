"""A recording that the tests of this folder look at."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def crossing() -> Any:
    """The module of that name."""
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        return importlib.import_module("crossing")
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="session")
def bag(crossing: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes, two of them whole."""
    path: Path = crossing.write_crossing(tmp_path_factory.mktemp("bags") / "walk", 22.0)
    return path
