"""What is said of how people behave: in which way they decide, and where no reward explains it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bisirl_ros.core.posterior import GIVEN

UNTOLD, MOST = 0.05, 2
"""A structure at least so probable is not told from the one that is believed; so many are named."""


def misfits(people: Mapping[str, Any]) -> dict[str, str]:
    """How each of them differs, by identity, in a report of topic `learning`: its "people"."""
    told = {name: (of.get("misfit") or {}).get("how") for name, of in people.items()}
    return {name: str(how) for name, how in told.items() if how}


def structures(people: Mapping[str, Any]) -> dict[str, str]:
    """In which way each decides who does not as given, or may not, as `misfits`."""
    return {name: told for name, of in people.items() if (told := _structure(of))}


def _structure(of: Mapping[str, Any]) -> str:
    believed, every = of.get("structure", GIVEN), of.get("structures") or {}
    untold = [name for name, p in every.items() if p >= UNTOLD and name != believed][:MOST]
    if believed == GIVEN and not untold:
        return ""
    told = "decides as given" if believed == GIVEN else believed
    told += f" (probability {every.get(believed, 0.0):.2f})"
    return told + "".join(f", or {name} ({every[name]:.2f})" for name in untold)


def behaviour_lines(misfit: Mapping[str, str], structure: Mapping[str, str]) -> list[str]:
    """A line for each."""
    return [f"{name} {told}" for name, told in structure.items()] + [
        f"{name} {how}: no reward of these features explains that, trust the weights less"
        for name, how in misfit.items()
    ]
