"""The made-up people's decisions, once for all tests."""

from __future__ import annotations

import pytest

from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.walks import SceneRecording, walks_of

from .walkers import PERSON, chosen_of, recordings


@pytest.fixture(scope="session")
def recorded() -> list[SceneRecording]:
    return recordings()


@pytest.fixture(scope="session")
def chosen(recorded: list[SceneRecording]) -> Chosen:
    """216 decisions of 18 walks of 9 people."""
    return chosen_of(walks_of(recorded, PERSON))


@pytest.fixture(scope="session")
def known(chosen: Chosen) -> Destinations:
    return Destinations.of(chosen.walks.end, 3)


@pytest.fixture(scope="session")
def likelihood(chosen: Chosen, known: Destinations) -> WalksLikelihood:
    return WalksLikelihood(chosen, known)
