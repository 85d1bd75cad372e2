"""What is known of NavWareSet's scenes, by number: what was staged, and how the robot drove."""

from __future__ import annotations

from typing import Final

KIND: Final = "navwareset"
STAGED: Final[dict[str, tuple[str, ...]]] = {
    "frontal approach": ("01", "08", "15", "21"),
    "pedestrian obstruction": ("02", "09", "16", "22"),
    "blind corner": ("03", "10", "17", "23"),
    "perpendicular crossing": ("05", "12", "19", "25"),
    "circular crossing": ("06", "13", "20", "26"),
}
COMPLIANT: Final = ("01", "02", "03", "05", "06", "15", "16", "17", "19", "20")
"""With a robot that drove with regard for people; the others had little."""
