"""How far people look ahead, how they discount and how their body lags, by profile likelihood.

For each of a few values, all others as the scenario has them, the weights are fitted anew: a wrong
one moves every weight. The temperature needs no profile: weights are in units of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bisirl_ros.crowd.person import Person
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.held_out import learned
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, walks_of

VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "horizon": (1, 2, 3, 4, 5),
    "discount": (0.5, 0.65, 0.8, 0.95),
    "lag_s": (0.01, 0.2, 0.4),
}


@dataclass(frozen=True)
class Profile:
    """log_likelihood: of each value, at the weights that fit it best, less the largest."""

    name: str
    values: tuple[Any, ...]
    log_likelihood: tuple[float, ...]

    @property
    def best(self) -> Any:
        """The likeliest of the values."""
        return self.values[self.log_likelihood.index(max(self.log_likelihood))]


def profiles(
    recordings: Sequence[SceneRecording],
    person: Person,
    destinations: int,
    say: Callable[[str], None],
) -> list[Profile]:
    """One of each name of VALUES."""
    found = []
    for name, values in VALUES.items():
        people = [replace(person, **{name: value}) for value in values]
        likely = [_likely(recordings, one, destinations) for one in people]
        most = max(likely)
        profile = Profile(name, values, tuple(one - most for one in likely))
        found.append(profile)
        pairs = zip(values, profile.log_likelihood, strict=True)
        told = ", ".join(f"{value:g}: {one:.1f}" for value, one in pairs)
        say(f"{name}, log-likelihood less the largest: {told}")
    return found


def _likely(recordings: Sequence[SceneRecording], person: Person, destinations: int) -> float:
    walks = walks_of(recordings, person)
    chosen = Chosen.by(person, walks)
    known = Destinations.of(walks.end, destinations)
    return -WalksLikelihood(chosen, known).value(learned(chosen, known).theta)
