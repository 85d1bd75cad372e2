"""The positions that were observed, of those a table holds."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.located import located_rows
from bisirl_ros.importing.repeated import found_anew

MOST_TO_TELL: Final = 20_000
"""Of times and people: beyond, drawn lines are looked for only where that is asked."""


class Observed(NamedTuple):
    """People's tracks (N, 3); how they were taken, and what was left out, for people."""

    people: dict[str, Array]
    told: list[str]
    found: list[str]


def observed(people: dict[str, Array], kind: str, arguments: ImportArguments) -> Observed:
    """Without positions sent again, and, where that is asked, drawn between located points."""
    if kind == "eth_ucy" and arguments.rows != "located":
        return Observed(people, [], [])  # annotated one by one
    people, again = found_anew(people)
    found = [f"{again} rows that repeat a position while walking are left out"] if again else []
    wanted = arguments.rows == "located" or (arguments.rows == "auto" and kind == "navwareset")
    stamps = np.unique(np.concatenate([track[:, 0] for track in people.values()]))
    if arguments.rows == "all" or (not wanted and len(stamps) * len(people) > MOST_TO_TELL):
        return Observed(people, [], found)
    places = np.full((len(stamps), len(people), 2), np.nan)
    at = {name: np.searchsorted(stamps, track[:, 0]) for name, track in people.items()}
    for place, (name, track) in enumerate(people.items()):
        places[at[name], place] = track[:, 1:3]
    kept = located_rows(stamps, places)
    if len(kept) == len(stamps):
        none = "positions: not on straight lines between fewer points, so all rows are used"
        return Observed(people, [none] if wanted else [], found)
    lines = "positions: drawn as straight lines between located points, "
    if not wanted:
        lines += "and all are used; --rows located keeps these points only"
        return Observed(people, [lines], found)
    lines += "of which only these are kept; --rows all keeps all"
    apart_s = float(np.median(np.diff(stamps[kept])))
    found.append(f"located {len(kept)} of {len(stamps)} times, {apart_s:.2g} s apart (median)")
    return Observed({n: t[_among(at[n], kept)] for n, t in people.items()}, [lines], found)


def _among(rows: NDArray[np.intp], kept: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of somebody's rows are kept; all, where none would be."""
    these = np.isin(rows, kept)
    return these if these.any() else np.ones(len(rows), bool)
