"""What is said of people who behave as the model does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def misfits(people: Mapping[str, Any]) -> dict[str, str]:
    """How each of them differs, by identity, in a report of topic `learning`: its "people"."""
    told = {name: (of.get("misfit") or {}).get("how") for name, of in people.items()}
    return {name: str(how) for name, how in told.items() if how}


def misfit_lines(misfit: Mapping[str, str]) -> list[str]:
    """A line for each."""
    return [
        f"{name} {how}: no reward of these features explains that, trust the weights less"
        for name, how in misfit.items()
    ]
