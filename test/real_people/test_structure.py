"""Profiles of how far people look ahead."""

from __future__ import annotations

import pytest

from bisirl_ros.real_people import structure
from bisirl_ros.real_people.structure import Profile, profiles
from bisirl_ros.real_people.walks import SceneRecording

from .walkers import PERSON


def test_the_likeliest_value() -> None:
    assert Profile("horizon", (1, 2, 3), (-4.0, 0.0, -1.0)).best == 2


def test_profiles_are_fitted_anew(
    recorded: list[SceneRecording], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structure, "VALUES", {"horizon": (1, 3), "lag_s": (0.01, 0.4)})
    said = list[str]()
    horizon, lag = profiles(recorded[:1], PERSON, 3, said.append)
    assert (horizon.name, horizon.values, lag.name) == ("horizon", (1, 3), "lag_s")
    for one in (horizon, lag):
        assert max(one.log_likelihood) == 0.0 and min(one.log_likelihood) < -1e-3
    assert said[0].startswith("horizon, log-likelihood less the largest: 1: ")
