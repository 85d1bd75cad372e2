"""What a tracker said of everybody in one message, free of ROS."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bisirl_ros.errors import InputError
from bisirl_ros.session.reports import PersonReport

UNTOLD_S = 0.0
"""A stamp that nobody set: ROS messages begin with it."""
MOST_CHARACTERS = 64
"""So much of an identity is kept: it becomes a key, and part of lines and of markers' names."""


@dataclass(frozen=True)
class Sighting:
    """What a tracker said in one message; values may be NaN, for who receives it to refuse.

    frame_id: of all positions, velocities and covariances; may be "" where there are no people
    stamp_s: when they were seen [s]; None: not told (`stamped` fills in the arrival)
    people: everybody in it, however many; identity "" where the tracker gives none, and then their
    order means nothing: the next message may have another
    complete: whether somebody who is not in it is not there (then an empty one says: nobody), or
    the message is about those in it alone
    heights: z of each [m], for who turns positions out of a frame that is not level; () where
    frame_id is level for sure
    Raises InputError where two of the people have the same identity.
    """

    frame_id: str
    stamp_s: float | None
    people: tuple[PersonReport, ...]
    complete: bool
    heights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for person in self.people:
            if person.identity and person.identity in seen:
                raise InputError(
                    f"'{person.identity}' is there twice in one message, which is not used;"
                    f" let the tracker give each person an identity of their own, different within"
                    f" {MOST_CHARACTERS} characters"
                )
            seen.add(person.identity)

    def stamped(self, arrival_s: float) -> Sighting:
        """The same, seen at arrival_s [s] where no stamp was told."""
        if self.stamp_s is not None and all(one.stamp_s != UNTOLD_S for one in self.people):
            return self
        people = tuple(
            replace(person, stamp_s=arrival_s) if person.stamp_s == UNTOLD_S else person
            for person in self.people
        )
        stamp_s = arrival_s if self.stamp_s is None else self.stamp_s
        return replace(self, stamp_s=stamp_s, people=people)


def clean_identity(name: str) -> str:
    """A tracker's name for somebody without what cannot be printed, 64 characters at most.

    Line breaks, control and invisible characters, surrogates, and white space around it go; the
    rest is kept as it is. "" is nobody's name.
    """
    shown = "".join(c for c in name if c.isprintable())
    return shown.strip()[:MOST_CHARACTERS].rstrip()
