"""Transforms over time, and from one frame to another through the tree that they form.

It does what tf2 does (Foote, "tf: The transform library", TePRA 2013; its `BufferCore` and
`TimeCache`), except where `FrameBuffer` says otherwise.
"""

from __future__ import annotations

import collections
import functools
import math
from collections.abc import Iterator

from bisirl_ros.errors import InputError
from bisirl_ros.frames.link import Link
from bisirl_ros.frames.transform import IDENTITY, Transform

MOST_FRAMES = 1000
"""Children; people who come and go have a frame each."""
MOST_NAMED = 20


def frame_name(name: str) -> str:
    """A frame's name without leading '/'; raises InputError where nothing is left."""
    stripped = name.lstrip("/")
    if not stripped:
        raise InputError(f"frame_id '{name}' is empty; name the frame that the values are in")
    return stripped


class FrameBuffer:
    """Poses of child frames in their parents, each kept for keep_s [s] before its newest.

    stale_s: how long after its newest stamp a link still counts, unmoved [s]

    As in tf2: a child has one parent; fixed transforms hold at all times; stamps may come in any
    order; one that is more than keep_s older than its link's newest is refused and counted in
    `refused["old"]` (TF_OLD_DATA), until `clear`. Unlike in tf2: the newest pose holds for
    stale_s, where tf2 extrapolates nothing; a second pose of the same stamp replaces the first; a
    child that changes its parent forgets its poses in the old one, and what is older is refused
    as old; a loop is refused, unless a link of it has been silent for keep_s, which is then
    forgotten; of more than MOST_FRAMES children the longest silent is forgotten.
    Not made for several threads. Raises InputError unless keep_s > 0 and stale_s >= 0 are finite.
    """

    def __init__(self, keep_s: float = 10.0, stale_s: float = 0.5) -> None:
        if not (0.0 < keep_s < math.inf and 0.0 <= stale_s < math.inf):
            raise InputError(
                f"tf: keep_s = {keep_s:g}, stale_s = {stale_s:g}: give finite times, keep_s > 0"
            )
        self._keep_s, self._stale_s = keep_s, stale_s
        self._links: dict[str, Link] = {}
        self.refused: collections.Counter[str] = collections.Counter()

    def put(
        self, parent: str, child: str, transform: Transform, stamp_s: float, fixed: bool = False
    ) -> None:
        """Take in the pose of `child` in `parent` at stamp_s [s]; fixed: at all times.

        Raises InputError for an empty name, a child that is its parent, a stamp that is not
        finite, a loop, or more than MOST_FRAMES fixed children.
        """
        parent, child = frame_name(parent), frame_name(child)
        if parent == child:
            raise InputError(f"tf: {parent} -> {child}: a frame in itself; check what publishes it")
        if not math.isfinite(stamp_s):
            raise InputError(f"tf: {parent} -> {child}: stamp is {stamp_s}; give a finite time")
        link = self._links.get(child)
        moved = link is not None and link.parent != parent
        if link is not None and not (fixed or link.fixed):
            least_s = link.newest_s - (0.0 if moved else self._keep_s)
            if stamp_s < least_s:
                self.refused["old"] += 1
                return
        if link is None or moved:
            self._open(parent, child, stamp_s, fixed)
        if link is None or moved or link.fixed != fixed:
            was = link.parent if link is not None and moved else ""
            link = self._links[child] = Link(parent, child, fixed, was)
        link.put(transform, stamp_s, self._keep_s)

    def find(self, target: str, source: str, time_s: float) -> Transform:
        """Pose of `source` in `target` at time_s [s], along the shortest chain of links.

        Between two stamps of a link its pose is interpolated; for up to stale_s after the newest,
        that one is used: whatever moves is then up to stale_s behind. The same frame needs no link.
        Raises InputError where a time is not kept or too long after the newest, or no chain
        connects them.
        """
        if not math.isfinite(time_s):
            raise InputError(f"tf: asked for time {time_s}; give a finite time")
        ups, downs = self._chain(frame_name(target), frame_name(source))
        return _along(ups, time_s, self._stale_s, downs)

    def latest(self, target: str, source: str) -> tuple[Transform, float]:
        """Newest pose of `source` in `target` for which all links have a stamp, and its time [s].

        That is the newest stamp of the longest silent link, at which all are read, as in tf2; inf
        where nothing moves. Raises InputError where no chain connects them, or a link no longer
        keeps what it was then.
        """
        ups, downs = self._chain(frame_name(target), frame_name(source))
        moving = [link for link in ups + downs if not link.fixed]
        if not moving:
            return _along(ups, 0.0, 0.0, downs), math.inf
        silent = min(moving, key=lambda link: link.newest_s)
        ahead = max(moving, key=lambda link: link.oldest_s)
        if ahead.oldest_s > silent.newest_s:
            raise InputError(
                f"tf: {silent}: its newest is {ahead.oldest_s - silent.newest_s:.2f} s older than"
                f" what is kept of {ahead}; check what publishes it"
            )
        return _along(ups, silent.newest_s, 0.0, downs), silent.newest_s

    def clear(self) -> None:
        """Forget what moves, because time jumped; what is fixed stays."""
        self._links = {child: link for child, link in self._links.items() if link.fixed}

    def _chain(self, target: str, source: str) -> tuple[list[Link], list[Link]]:
        """Links from `source` up to the first common ancestor, and from `target` up to it."""
        ups, downs = list(self._up(source)), list(self._up(target))
        sources = [source, *(link.parent for link in ups)]
        targets = [target, *(link.parent for link in downs)]
        met = next((name for name in targets if name in sources), None)
        if met is None:
            raise InputError(
                f"tf: '{source}' (below '{sources[-1]}') and '{target}' (below '{targets[-1]}') are"
                f" not connected; known: {self._known()}; publish what links the two"
            )
        return ups[: sources.index(met)], downs[: targets.index(met)]

    def _up(self, frame: str) -> Iterator[Link]:
        """Links from a frame up to the root of its tree."""
        while (link := self._links.get(frame)) is not None:
            yield link
            frame = link.parent

    def _open(self, parent: str, child: str, stamp_s: float, fixed: bool) -> None:
        """Make sure that a new link closes no loop, and that there is room for it."""
        above = list(self._up(parent))
        names = [parent, *(link.parent for link in above)]
        if child in names:
            loop = above[: names.index(child)]
            old_s = -math.inf if fixed else stamp_s - self._keep_s
            silent = [link for link in loop if not link.fixed and link.newest_s < old_s]
            if not silent:
                raise InputError(
                    f"tf: {parent} -> {child} closes a loop with"
                    f" {', '.join(map(str, reversed(loop)))}; check what publishes them"
                )
            for link in silent:
                del self._links[link.child]
        if child not in self._links and len(self._links) >= MOST_FRAMES:
            moving = [link for link in self._links.values() if not link.fixed]
            if not moving:
                raise InputError(f"tf: {child}: more than {MOST_FRAMES} fixed frames; publish less")
            del self._links[min(moving, key=lambda link: link.newest_s).child]

    def _known(self) -> str:
        names = sorted({*self._links, *(link.parent for link in self._links.values())})
        more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
        return ", ".join(names[:MOST_NAMED] + more) or "no frame"


def _along(ups: list[Link], time_s: float, stale_s: float, downs: list[Link]) -> Transform:
    """Up some links, and down others, at a time [s]."""
    up, down = _climb(ups, time_s, stale_s), _climb(downs, time_s, stale_s)
    return down.inverse().compose(up) if downs else up


def _climb(links: list[Link], time_s: float, stale_s: float) -> Transform:
    """Pose of the lowest frame of a chain in its highest; links from the lowest to the highest."""
    poses = [link.at(time_s, stale_s) for link in links]
    return functools.reduce(lambda low, high: high.compose(low), poses) if poses else IDENTITY
