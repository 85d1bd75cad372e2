"""What drives gives way only to what imagination calls better."""

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
from bisirl_ros.core.policy_update import SETTLED, deploy_the_best, improve_repeatedly
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


def begun(*starts: float, **settings: Any) -> tuple[LoopState[Any], LoopConfig]:
    """A state whose first start is deployed."""
    config = LoopConfig(**{"optimiser": "sgd", "policy_steps": 1, **settings})
    phi, *others = [torch.tensor([start]).double() for start in starts]
    return LoopState.start(phi, 3, config, 0, people=True, more_starts=others), config


def stepped(hill: Hill, phi: float, **settings: Any) -> tuple[float, bool]:
    """What is deployed after one plain step from `phi`, and whether that is new."""
    state, config = begun(phi, **settings)
    found = improve_repeatedly(hill, state, config)  # type: ignore[arg-type]
    return state.phi.item(), found.renewed


@pytest.mark.parametrize(
    ("rate", "sense", "reached"),
    [(1.0, 1.0, 1.0), (1.9, 1.0, 1.9), (3.0, 1.0, 0.15), (0.1, -1.0, 0.0)],
)
def test_the_best_find_is_deployed_if_it_is_better(
    rate: float, sense: float, reached: float
) -> None:
    """From 0 towards 1: a step of twice the way is as good as none, one of more is worse; the mean
    has gone a twentieth of it."""
    phi, deployed = stepped(Hill(sense), 0.0, learning_rate=rate)
    assert phi == pytest.approx(reached)
    assert deployed == (reached > 0.0)


def test_a_search_that_is_lost_returns_without_its_momentum() -> None:
    """The next steps lead where they are told, not where the lost ones led."""
    hill = Hill(-1.0)
    state, config = begun(0.0, optimiser="adam", policy_steps=6)
    assert not improve_repeatedly(hill, state, config).renewed  # type: ignore[arg-type]
    (search,) = state.searches
    assert search.phi.item() == search.mean.item() == state.phi.item() == 0.0
    hill.sense = 1.0
    assert improve_repeatedly(hill, state, config).renewed  # type: ignore[arg-type]
    assert state.phi.item() > 0.1


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_search_returns_from_where_nothing_is_a_number(bad: float) -> None:
    class Cliff(Hill):
        def returns(self, phi: Tensor, *rest: Any) -> Array:
            return super().returns(phi, *rest) + (bad if float(phi) < 0.0 else 0.0)

    hill = Cliff(-1.0)
    state, config = begun(0.0, learning_rate=0.1)
    for hill.sense in (-1.0, 1.0):
        improve_repeatedly(hill, state, config)  # type: ignore[arg-type]
    assert state.phi.item() == pytest.approx(0.1, abs=1e-3)


def test_of_policies_that_are_as_good_few_are_deployed() -> None:
    """A sixth of what is not better seems so by more than its error; of two finds somewhat more."""
    hill = Hill(0.0, own=1.0)
    state, config = begun(1.0, learning_rate=0.0)
    renewed = 0
    for i in range(100):
        state.searches[0].return_to(state.phi + 1e-6 * (-1) ** i)
        renewed += improve_repeatedly(hill, state, config).renewed  # type: ignore[arg-type]
    assert 5 < renewed < 40
    state.searches[0].return_to(state.phi)
    for _ in range(10):  # what has not moved is not new, whatever luck says
        assert not improve_repeatedly(hill, state, config).renewed  # type: ignore[arg-type]


def test_the_mean_is_deployed_where_steps_are_noisy() -> None:
    class Shaken(Hill):
        def outer_terms(self, phi: Tensor, *rest: Any) -> OuterTerms:
            terms = super().outer_terms(phi, *rest)
            return replace(terms, d_phi=terms.d_phi + 10.0 * rest[3].normal())

    state, config = begun(0.0, learning_rate=0.2, policy_steps=6)
    (search,) = state.searches
    means = []
    for _ in range(40):
        if improve_repeatedly(Shaken(), state, config).renewed:  # type: ignore[arg-type]
            means.append(torch.equal(state.phi, search.mean))
    assert abs(state.phi.item() - 1.0) < 0.1 and sum(means) > len(means) / 2


def test_a_search_goes_on_where_it_may_be_worse_and_the_policy_stays() -> None:
    """Luck of its own hides what is worse by little: what drives waits for something better."""
    hill = Hill(-1.0, own=30.0)
    state, config = begun(0.9, learning_rate=0.05)
    phi, waited = state.phi.item(), 0
    for _ in range(20):
        deployed = improve_repeatedly(hill, state, config).renewed  # type: ignore[arg-type]
        assert deployed or state.phi.item() == phi
        waited += not deployed and state.searches[0].phi.item() < phi
        phi = state.phi.item()
    assert waited


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


@pytest.mark.parametrize(("risk", "dares"), [("estimate", True), ("mean", True), ("cvar", False)])
def test_a_cautious_robot_does_not_gamble(risk: str, dares: bool) -> None:
    for known, does in ((None, dares), (np.zeros(3), True)):  # of the oracle nothing is in doubt
        state, config = begun(0.0, learning_rate=0.5, risk=risk)
        found = improve_repeatedly(Gamble(), state, config, known_theta=known)  # type: ignore[arg-type]
        assert found.renewed == does


def test_where_nothing_is_checked_the_step_is_the_optimisers() -> None:
    for settings in ({"checked_episodes": 0}, {"beta_i": 1.0}):
        hill = Hill(-1.0)
        assert stepped(hill, 0.0, learning_rate=0.1, **settings) == (pytest.approx(-0.1), True)
        assert hill.asked == 0


def test_no_policy_learned_is_nothing_to_check() -> None:
    hill = Hill()
    assert stepped(hill, 0.3, policy_steps=0) == (pytest.approx(0.3), False)
    assert hill.asked == 0


def test_what_is_sure_is_seen_at_once_and_a_small_gain_by_all_episodes() -> None:
    """What is rare and costs much may undo a small gain, and is not seen in the first look."""
    for reached, asked in ((1.0, 3), (-9.0, 3), (0.01, 3 * 4)):
        hill = Hill(own=0.01)  # looks at what is deployed, at the iterate, and at the mean
        state, config = begun(0.0, learning_rate=0.0)
        state.searches[0].phi.detach().fill_(reached)
        state.searches[0].mean = torch.tensor([0.9 * reached]).double()
        assert improve_repeatedly(hill, state, config).renewed == (reached > 0.0)  # type: ignore[arg-type]
        assert hill.asked == asked


class Lottery(Hill):
    """Below 0 a disaster comes in nearly a quarter of all episodes; above it never, nor luck."""

    def returns(self, phi: Tensor, *rest: Any) -> Array:
        luck = rest[-1].random(rest[-2])
        return np.where(luck < 0.24, -10.0, 0.0) if float(phi) < 0.0 else -5.0 + 0.0 * luck


def test_by_the_worst_episodes_nothing_is_lost_that_is_better_by_them() -> None:
    """What is known from below may be better: the search goes on."""
    state, config = begun(-0.1, learning_rate=0.3, risk="cvar")
    improve_repeatedly(Lottery(), state, config)  # type: ignore[arg-type]
    assert state.searches[0].phi.item() > 0.0 > state.phi.item()


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


def test_of_several_starts_the_best_is_deployed_and_who_will_not_be_is_given_up() -> None:
    state, config = begun(0.5, -1.5, 2.0, learning_rate=0.3)
    first = improve_repeatedly(Hills(), state, config)  # type: ignore[arg-type]
    assert first.switched and first.renewed and state.phi.item() < -1.5
    leader, *others = state.searches
    assert leader.phi.item() == state.phi.item()
    assert [other.phi.item() > 0.0 for other in others] == [True, True]
    for _ in range(SETTLED):
        assert not improve_repeatedly(Hills(), state, config).switched  # type: ignore[arg-type]
    assert state.phi.item() == pytest.approx(-2.0, abs=0.05) and state.searches == [leader]
    assert state.updates == SETTLED + 1  # of each search


def test_another_start_that_is_hardly_worse_or_better_goes_on_beside() -> None:
    """What is not sure neither switches nor gives up: behaviour does not change back and forth."""
    for starts in ((-2.0, -2.1), (-2.1, -2.0)):
        state, config = begun(*starts, learning_rate=0.0)
        for _ in range(SETTLED + 3):
            assert not improve_repeatedly(Hills(1.0), state, config).switched  # type: ignore[arg-type]
        assert [state.phi.item(), *(s.phi.item() for s in state.searches)] == pytest.approx(
            [starts[0], *starts]
        )


def test_only_what_need_not_be_steady_takes_another_start_that_is_hardly_better() -> None:
    """An oracle is no robot: at its end the best find counts, whichever start it is of."""
    for steady in (True, False):
        state, config = begun(0.0, 0.1, learning_rate=0.0)
        deploy_the_best(Hill(own=1.0), state, config, steady=steady)  # type: ignore[arg-type]
        assert state.phi.item() == (pytest.approx(0.1) if not steady else 0.0)


def test_what_raises_leaves_searches_as_they_were() -> None:
    state, config = begun(0.5, -1.5, 2.0, optimiser="adam", learning_rate=0.3)
    improve_repeatedly(Hill(), state, config)  # type: ignore[arg-type]
    state.updates = SETTLED
    before = [(search, repr(search.remembered())) for search in state.searches]
    phi = state.phi
    with pytest.raises(RuntimeError, match="later"), state.whole_or_not_at_all():
        improve_repeatedly(Hills(), state, config)  # type: ignore[arg-type]
        assert [(s, repr(s.remembered())) for s in state.searches] != before
        assert len(state.searches) < 3
        raise RuntimeError("later")
    assert [(s, repr(s.remembered())) for s in state.searches] == before
    assert state.phi is phi and state.updates == SETTLED


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


def test_of_few_episodes_the_error_is_not_known() -> None:
    with pytest.raises(InputError, match="checked_episodes must be 0 or at least 16, got 5"):
        LoopConfig(checked_episodes=5)
