"""Kinds of people trackers: one small file each; a message of any becomes one `Sighting`.

`registry` knows all of them by name.
"""

from __future__ import annotations

from bisirl_ros.inputs.sources.lookup import Lookup
from bisirl_ros.inputs.sources.registry import SOURCES, source
from bisirl_ros.inputs.sources.source import TWIST_FRAMES, Source, SourceOptions

__all__ = ["SOURCES", "TWIST_FRAMES", "Lookup", "Source", "SourceOptions", "source"]
