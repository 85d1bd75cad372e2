"""TF frames as people: whose name begins with a prefix is somebody, and the rest their identity."""

from __future__ import annotations

from collections.abc import Iterable

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources.lookup import Lookup, found_by
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import UNTOLD_S, Sighting, clean_identity


def tf(options: SourceOptions) -> Source:
    """Frames that TF heard of anew since the last `read`; raises InputError for an empty prefix.

    Never complete: TF does not forget who left, nor tell that nobody is there.
    """
    lookup = options.required_lookup("tf")
    prefix = options.tf_prefix.removesuffix("*")
    if not prefix:
        raise InputError(
            "the prefix of people's TF frames is empty, which would make everything a person;"
            " give for instance person_"
        )
    return Source("tf", "", None, _NewFrames(prefix, options.frame, lookup))


class _NewFrames:
    """Remembers each frame's stamp, so that one that TF merely keeps is nobody's news."""

    def __init__(self, prefix: str, frame: str, lookup: Lookup) -> None:
        self._prefix, self._frame, self._lookup = prefix, frame, lookup
        self._last_s: dict[str, float] = {}

    def __call__(self, names: Iterable[str]) -> Sighting:
        """People among the TF frames `names`; a static one, which has no stamp, is always news."""
        last_s, self._last_s, reports = self._last_s, {}, []
        for name in sorted(set(names)):
            if not name.startswith(self._prefix):
                continue
            identity = clean_identity(name[len(self._prefix) :])
            found = found_by(self._lookup, name)
            if not identity or found is None:
                continue
            place, time_s = found
            self._last_s[name] = time_s
            if time_s == UNTOLD_S or time_s != last_s.get(name):
                reports.append(PersonReport(identity, time_s, place, None, None, None))
        newest_s = max((report.stamp_s for report in reports), default=UNTOLD_S)
        return Sighting(
            self._frame, None if newest_s == UNTOLD_S else newest_s, tuple(reports), False
        )
