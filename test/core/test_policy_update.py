"""A step that imagination calls worse is not taken, or not whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.core.policy_update import SETTLED, improve_repeatedly
from bisirl_ros.errors import InputError

from .conftest import DaySolver


class Hill(DaySolver):
    """f = - |phi - 1|^2 / 2 + luck; `sense` = -1 points its gradient the wrong way.

    own: deviation of the luck that is not the same for all policies
    """

    def __init__(self, sense: float = 1.0, own: float = 0.0) -> None:
        super().__init__()
        self.sense, self.own, self.asked = sense, own, 0

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: object,
        recent: Sequence[object],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        slope = self.sense * (1.0 - phi)
        value = float(-0.5 * (phi - 1.0).square().sum())
        return OuterTerms(value, slope, np.zeros(3), lambda w: torch.zeros((1, len(phi))).to(phi))

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: object,
        recent: Sequence[object],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        self.asked += 1
        luck = 5.0 * rng.normal(size=episodes)
        luck += self.own * np.random.default_rng(self.asked).normal(size=episodes)
        return float(-0.5 * (phi - 1.0).square().sum()) + luck


def stepped(hill: Hill, phi: float, **settings: float) -> tuple[float, float]:
    """phi after one plain step from `phi`, and the share of it that was taken."""
    config = LoopConfig(**{"optimiser": "sgd", "policy_steps": 1, **settings})  # type: ignore[arg-type]
    state: LoopState = LoopState.start(torch.tensor([phi]).double(), 3, config, 0, people=True)
    found = improve_repeatedly(hill, state, config)  # type: ignore[arg-type]
    return float(state.phi.detach()), found.share


@pytest.mark.parametrize(
    ("rate", "sense", "share"),
    [(1.0, 1.0, 1.0), (1.9, 1.0, 1.0), (3.0, 1.0, 0.5), (7.0, 1.0, 0.25), (9.0, 1.0, 0.0),
     (0.1, -1.0, 0.0)],
)  # fmt: skip
def test_it_goes_as_far_as_is_no_worse(rate: float, sense: float, share: float) -> None:
    """From 0 towards 1: a step of twice the way is as good as none, one of more is worse."""
    phi, taken = stepped(Hill(sense), 0.0, learning_rate=rate)
    assert taken == share
    assert phi == pytest.approx(share * rate * sense)


def test_a_refused_step_leaves_no_momentum_behind() -> None:
    """The next steps lead where they are told, not where the refused ones led."""
    hill, config = Hill(-1.0), LoopConfig(policy_steps=6)
    state: LoopState = LoopState.start(torch.zeros(1).double(), 3, config, 0, people=True)
    assert improve_repeatedly(hill, state, config).share == 0.0  # type: ignore[arg-type]
    hill.sense = 1.0
    assert improve_repeatedly(hill, state, config).share == 1.0  # type: ignore[arg-type]
    assert state.phi.item() > 0.1


class Gamble(Hill):
    """What is gained on average is paid for where luck is bad."""

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: object,
        recent: Sequence[object],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        return float(phi.sum()) + (1.0 + 10.0 * float(phi.sum())) * rng.normal(size=episodes)


@pytest.mark.parametrize(("risk", "share"), [("estimate", 1.0), ("mean", 1.0), ("cvar", 0.0)])
def test_a_cautious_robot_does_not_gamble(risk: str, share: float) -> None:
    config = LoopConfig(optimiser="sgd", policy_steps=1, learning_rate=0.5, risk=risk)
    for known, taken in ((None, share), (np.zeros(3), 1.0)):  # of the oracle nothing is in doubt
        state: LoopState = LoopState.start(torch.zeros(1).double(), 3, config, 0, people=True)
        found = improve_repeatedly(Gamble(), state, config, known_theta=known)  # type: ignore[arg-type]
        assert found.share == taken


def test_where_nothing_is_checked_the_step_is_the_optimisers() -> None:
    for settings in ({"checked_episodes": 0}, {"beta_i": 1.0}):
        hill = Hill(-1.0)
        assert stepped(hill, 0.0, learning_rate=0.1, **settings) == (pytest.approx(-0.1), 1.0)
        assert hill.asked == 0


def test_no_policy_learned_is_nothing_to_check() -> None:
    hill = Hill()
    assert stepped(hill, 0.3, policy_steps=0) == (pytest.approx(0.3), 1.0)
    assert hill.asked == 0


def test_what_is_close_is_looked_at_longer() -> None:
    """A step that gains much is taken after one look at both; one that gains little after more."""
    asked = []
    for rate in (1.0, 0.04):
        hill = Hill(own=0.2)
        _, taken = stepped(hill, 0.0, learning_rate=rate, checked_episodes=2048)
        assert taken == 1.0
        asked.append(hill.asked)
    assert asked[0] == 2 < asked[1]


class Hills(Hill):
    """One of height 1 at 1, a higher one of height 3 at -2; steps lead to the nearer.

    uneven: how much more luck there is for policies further up
    """

    def __init__(self, uneven: float = 0.0) -> None:
        super().__init__()
        self.uneven = uneven

    def _value(self, phi: float) -> float:
        return max(1.0 - 0.5 * (phi - 1.0) ** 2, 3.0 - 0.5 * (phi + 2.0) ** 2)

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: object,
        recent: Sequence[object],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        at = float(phi)
        top = 1.0 if 1.0 - 0.5 * (at - 1.0) ** 2 > 3.0 - 0.5 * (at + 2.0) ** 2 else -2.0
        return OuterTerms(
            self._value(at), top - phi, np.zeros(3), lambda w: torch.zeros((1, len(phi))).to(phi)
        )

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: object,
        recent: Sequence[object],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        luck = 5.0 * (1.0 + self.uneven * float(phi))
        return self._value(float(phi)) + luck * rng.normal(size=episodes)


def begun(*starts: float, **settings: Any) -> tuple[LoopState[Any], LoopConfig]:
    """A state whose first start is deployed."""
    config = LoopConfig(**{"optimiser": "sgd", "policy_steps": 1, "learning_rate": 0.3, **settings})
    phi, *rivals = [torch.tensor([start]).double() for start in starts]
    return LoopState.start(phi, 3, config, 0, people=True, rivals=rivals), config


def test_of_several_starts_the_best_is_deployed_and_who_will_not_be_is_given_up() -> None:
    state, config = begun(0.5, -1.5, 2.0)
    first = improve_repeatedly(Hills(), state, config)  # type: ignore[arg-type]
    assert first.switched and state.phi.item() < -1.5
    assert [rival.phi.item() > 0.0 for rival in state.rivals] == [True, True]
    for _ in range(SETTLED):
        assert not improve_repeatedly(Hills(), state, config).switched  # type: ignore[arg-type]
    assert state.phi.item() == pytest.approx(-2.0, abs=0.05) and state.rivals == []
    assert state.updates == SETTLED + 1  # of the policy deployed, however many there are


def test_a_rival_that_is_hardly_worse_or_better_stays_one() -> None:
    """What is not sure neither switches nor gives up: behaviour does not change back and forth."""
    for starts in ((-2.0, -2.1), (-2.1, -2.0)):
        state, config = begun(*starts, learning_rate=0.0)
        for _ in range(SETTLED + 3):
            assert not improve_repeatedly(Hills(1.0), state, config).switched  # type: ignore[arg-type]
        assert [state.phi.item(), *(r.phi.item() for r in state.rivals)] == pytest.approx(starts)


def test_rivals_are_checked_like_the_policy_deployed() -> None:
    state, config = begun(0.0, -1.0)
    improve_repeatedly(Hill(-1.0), state, config)  # type: ignore[arg-type]
    assert [state.phi.item(), state.rivals[0].phi.item()] == [0.0, -1.0]


def test_who_changes_places_takes_their_momentum_along() -> None:
    state, config = begun(0.5, -1.5, optimiser="adam", policy_steps=3, learning_rate=0.01)
    momentum = {}
    for phi in (0.5, -1.5):
        alone, _ = begun(phi, optimiser="adam")
        improve_repeatedly(Hills(), alone, config)  # type: ignore[arg-type]
        momentum[phi] = alone.ascent.inertia["exp_avg"]
    assert improve_repeatedly(Hills(), state, config).switched  # type: ignore[arg-type]
    assert torch.equal(state.ascent.inertia["exp_avg"], momentum[-1.5])
    assert torch.equal(state.rivals[0].ascent.inertia["exp_avg"], momentum[0.5])


def test_what_raises_leaves_rivals_as_they_were() -> None:
    state, config = begun(0.5, -1.5, 2.0)
    state.updates = SETTLED
    with pytest.raises(RuntimeError, match="later"), state.whole_or_not_at_all():
        improve_repeatedly(Hills(), state, config)  # type: ignore[arg-type]
        assert state.phi.item() < 0.0 and len(state.rivals) < 2
        raise RuntimeError("later")
    assert [state.phi.item(), *(r.phi.item() for r in state.rivals)] == [0.5, -1.5, 2.0]


def test_where_no_policy_is_learned_none_is_exchanged() -> None:
    state, config = begun(0.5, -1.5)
    config = replace(config, policy_steps=0)
    assert not improve_repeatedly(Hills(), state, config).switched  # type: ignore[arg-type]
    assert state.phi.item() == 0.5


@pytest.mark.parametrize(
    "settings", [{"checked_episodes": 0}, {"beta_i": 1.0}, {"policy_steps": 0}, {"risk": "cvar"}]
)
def test_which_start_is_best_has_to_be_told(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="policy_starts"):
        LoopConfig(policy_starts=2, **settings)
