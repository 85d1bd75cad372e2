"""Every source, whatever of its package is installed."""

from __future__ import annotations

import pytest


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that are not released are there, as stand-ins."""
    from .definitions import install

    install(monkeypatch)
