"""Which structure explains somebody: marginal likelihoods, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, outer_iteration
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import Explain, Explained, PeopleLikelihood
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.misfit import Misfit
from bisirl_ros.core.posterior import GIVEN, spread_of
from bisirl_ros.core.solver import Collected
from bisirl_ros.core.structures import AHEAD, Explanation, Family, believed
from bisirl_ros.errors import InputError

from .conftest import ConditionalLogit, Day, DaySolver, chosen_by, day

THETA = np.array([1.0, -2.0, 0.5])
LEARNED = LoopConfig(policy_steps=1, checked_episodes=0, structure="learned")
OTHER = "somehow else"
TURNED = "sees the first feature turned round"


def solve(evidence: Evidence, theta: Array) -> Array:
    return solve_lower_level(
        evidence, theta, trajectories=evidence.trajectories, tolerance=1e-8
    ).theta


def turned(like: ConditionalLogit, by: float) -> ConditionalLogit:
    """The same decisions by a mixture of the features: other weights explain them as well."""
    turn = np.eye(like.chosen.shape[-1])
    turn[0, 1] = by
    return ConditionalLogit(like.chosen @ turn, like.offered @ turn, like.log_area)


def squared(like: ConditionalLogit) -> ConditionalLogit:
    """Explained by another first feature, of which no weight makes the right one."""

    def other(values: Array) -> Array:
        return np.concatenate([np.abs(values[..., :1]), values[..., 1:]], -1)

    return ConditionalLogit(other(like.chosen), other(like.offered), like.log_area)


def explained(like: ConditionalLogit) -> Explain:
    return lambda: Explained(like, like)


def batch(like: ConditionalLogit) -> Mapping[str, Explain]:
    return {GIVEN: explained(squared(like)), TURNED: explained(like)}


def family(window: int = 200) -> Family:
    return Family(Evidence.start(3, 0.1, window))


def test_the_marginal_likelihood_is_the_integral() -> None:
    """One weight, many decisions: Laplace's is close to a sum over a grid."""
    like = chosen_by(np.array([0.8]), 60, np.random.default_rng(0))
    prior = Evidence.start(1, 0.1)
    found = Explanation(prior, np.zeros(1)).after(Explained(like, like), solve, asked=False)
    grid = np.linspace(-6.0, 6.0, 24001)
    log = np.array([-like.value(np.array([x])) - 0.05 * x * x for x in grid])
    exact = np.log(np.exp(log - log.max()).sum() * (grid[1] - grid[0])) + log.max()
    exact += 0.5 * np.log(0.1 / (2.0 * np.pi))
    assert found.log_evidence == pytest.approx(exact, abs=0.02)


def test_whoever_decides_otherwise_is_believed_to_before_long() -> None:
    rng, found = np.random.default_rng(1), family()
    assert found.leading == GIVEN
    for _ in range(6):
        found = found.after(batch(chosen_by(THETA, 30, rng)), solve)
    assert found.leading == TURNED and found.probability[TURNED] > 0.999
    assert np.abs(found.of[TURNED].theta - THETA).max() < 0.6
    for _ in range(6):
        found = found.after(batch(chosen_by(THETA, 30, rng)), solve)
    assert found.given_up == (GIVEN,) and list(found.of) == [TURNED]


def test_what_is_hardly_likelier_is_not_believed_instead() -> None:
    """Both explain the same; the other a little better, by a prior nat or two."""
    rng = np.random.default_rng(2)
    found = family()
    for _ in range(4):
        like = chosen_by(THETA, 20, rng)
        found = found.after({GIVEN: explained(turned(like, 0.1)), TURNED: explained(like)}, solve)
    ahead = found.of[TURNED].log_evidence - found.of[GIVEN].log_evidence
    assert abs(ahead) < AHEAD and found.leading == GIVEN
    assert sum(found.probability.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("nats", "before", "now"),
    [
        ((0.0, 1.4, -9.0), GIVEN, GIVEN),
        ((0.0, 1.4, -9.0), TURNED, GIVEN),  # taken back, once it is not ahead by enough any more
        ((0.0, 1.6, -9.0), GIVEN, TURNED),
        ((0.0, 5.0, 6.0), TURNED, TURNED),  # two that are alike do not take turns
        ((0.0, 5.0, 7.0), TURNED, OTHER),
        ((0.0, 5.0, 6.0), GIVEN, OTHER),
        ((None, 5.0, 6.0), GIVEN, OTHER),  # given up
    ],
)
def test_another_structure_is_believed_where_it_is_ahead(
    nats: tuple[float | None, ...], before: str, now: str
) -> None:
    nothing = Explanation(Evidence.start(1, 1.0), np.zeros(1))
    named = zip((GIVEN, TURNED, OTHER), nats, strict=True)
    of = {name: replace(nothing, lost=n) for name, n in named if n is not None}
    assert believed(of, before) == now


def test_what_is_condensed_is_still_counted() -> None:
    """The log evidence of a window of three is that of all batches, to a fraction of a nat."""
    rng, short, long = np.random.default_rng(3), family(3), family()
    for _ in range(10):
        step = batch(chosen_by(THETA, 15, rng))
        short, long = short.after(step, solve).carry(), long.after(step, solve).carry()
    assert len(short.of[TURNED].evidence.batches) == 3
    for name in short.of:
        both = [x.of[name].log_evidence for x in (short, long)]
        assert both[0] == pytest.approx(both[1], abs=0.5)
    assert long.of[TURNED].log_evidence < -100.0  # it is not small because nothing was counted


def test_what_is_published_is_as_wide_as_all_that_may_be() -> None:
    one, other = (Explanation(Evidence.start(1, 1.0), np.array([theta])) for theta in (0.0, 3.0))
    of = Family(Evidence.start(1, 1.0), of={GIVEN: one, TURNED: replace(other, lost=4.5)})
    assert of.probability == pytest.approx({GIVEN: 0.5, TURNED: 0.5})  # 3^2 / 2 = 4.5
    own = np.array([[0.5]])
    ways = of.ways(np.zeros(1), own, Evidence.covariance)
    assert [(way.structure, way.theta[0]) for way in ways] == [(GIVEN, 0.0), (TURNED, 3.0)]
    spread = spread_of(ways, np.zeros(1))
    assert spread[0, 0] == pytest.approx(0.5 * 0.5 + 0.5 * (1.0 + 9.0))


def test_somebody_is_doubted_whom_no_structure_explains() -> None:
    def said(most: float) -> Explanation:
        misfit = Misfit(np.zeros(1), np.eye(1), np.ones(1), most)
        return Explanation(replace(Evidence.start(1, 1.0), misfit=misfit), np.zeros(1))

    prior = Evidence.start(1, 1.0)
    assert not Family(prior, 0.01, {GIVEN: said(9.0), TURNED: said(1.0)}).doubted
    assert Family(prior, 0.01, {GIVEN: said(9.0), TURNED: said(5.0)}).doubted
    assert not Family(prior, 0.01, {GIVEN: Explanation(prior, np.zeros(1))}).doubted
    far = replace(said(1.0), lost=-10.0)  # all but excluded: it need not be rejected as well
    assert Family(prior, 0.01, {GIVEN: said(9.0), TURNED: far}).doubted


class Torn(DaySolver):
    """A game whose own features are wrong for everybody but one."""

    def __init__(self, but: str = "ben") -> None:
        super().__init__()
        self._but = but

    def likelihood(self, batch: Day, phi: object, before: Collected[Day] = ()) -> PeopleLikelihood:
        of = {
            name: ConditionalLogit(
                batch.chosen[batch.whose == i], batch.offered[batch.whose == i], np.zeros(5)
            )
            for i, name in enumerate(batch.identities)
        }
        right = {name: like if name == self._but else squared(like) for name, like in of.items()}
        otherwise = {
            name: {
                GIVEN: explained(right[name]),
                TURNED: explained(squared(like) if name == self._but else like),
            }
            for name, like in of.items()
        }
        return PeopleLikelihood(right, {}, otherwise)


def lived(
    batches: int, people: dict[str, Array], seed: int = 4
) -> tuple[LoopState[Day], OuterReport]:

    rng = np.random.default_rng(seed)
    state: LoopState[Day] = LoopState.start(torch.zeros(2), 3, LEARNED, 0, people=True)
    for _ in range(batches):
        phi = state.phi
        report = outer_iteration(Torn(), state, LEARNED, day(people, 40, rng), phi)
    return state, report


def test_the_double_loop_believes_of_each_person_what_explains_them() -> None:
    people = {"anna": THETA, "ben": -THETA}
    state, report = lived(6, people)
    assert report.people["anna"].structure == TURNED and report.people["ben"].structure == GIVEN
    assert next(iter(report.people["anna"].structures)) == TURNED
    for name, theta in people.items():
        found = report.people[name]
        assert np.abs(found.theta - theta).max() < 4.0 * found.std.max()
        assert np.abs(state.evidence.theta_of(state.theta, name) - theta).max() < 0.8
    assert state.evidence.structure_of("anna") == TURNED
    assert state.evidence.structure_of("somebody else") == GIVEN
    part = state.evidence.parts["anna"]  # its batches are those of the structure believed
    assert part.seen == 6 and part.gradient(report.people["anna"].theta) == pytest.approx(
        np.zeros(3), abs=1e-3
    )


def test_a_refused_batch_leaves_families_as_they_were() -> None:
    state, _ = lived(2, {"anna": THETA})
    before = state.evidence

    class Broken(Torn):
        def outer_terms(self, *arguments: object, **more: object) -> object:  # type: ignore[override]
            raise InputError("interactions: nothing to be learned")

    some = day({"anna": THETA}, 10, np.random.default_rng(0))
    with pytest.raises(InputError):
        outer_iteration(Broken(), state, LEARNED, some, state.phi)
    assert state.evidence is before


def test_people_who_teach_about_each_other_decide_as_given() -> None:
    with pytest.raises(InputError, match="structure 'learned' needs reward 'each', not 'pooled'"):
        LoopConfig(structure="learned", reward="pooled")


def test_what_a_batch_cannot_be_explained_by_is_given_up() -> None:
    """Or it would be compared by less than the others."""
    rng, found = np.random.default_rng(5), family()
    both = batch(chosen_by(THETA, 2, rng))
    found = found.after(both, solve)
    found = found.after({GIVEN: both[GIVEN]}, solve)
    assert found.given_up == (TURNED,) and found.leading == GIVEN
    again = found.after(both, solve)
    assert list(again.of) == [GIVEN] and again.of[GIVEN].evidence.seen == 3
    with pytest.raises(InputError, match="no way to decide"):
        again.after({TURNED: both[TURNED]}, solve)


def test_what_is_not_finite_is_given_up() -> None:
    like = chosen_by(THETA, 10, np.random.default_rng(6))
    broken = ConditionalLogit(like.chosen * np.nan, like.offered, like.log_area)
    found = family().after({GIVEN: explained(like), TURNED: explained(broken)}, solve)
    assert found.given_up == (TURNED,) and list(found.of) == [GIVEN]


def test_of_somebody_who_decides_otherwise_from_some_day_on_it_is_learned_anew() -> None:
    """They change what they want as well, so that the drift is noticed."""
    config = replace(LEARNED, drift_alarm=0.1)
    rng = np.random.default_rng(7)
    state: LoopState[Day] = LoopState.start(torch.zeros(2), 3, config, 0, people=True)
    believed, noticed = [], 0
    for k in range(24):
        who = {"anna": THETA} if k < 8 else {"ben": -3.0 * THETA}
        some = replace(day(who, 40, rng), identities=("dora",))
        solver = Torn() if k < 8 else Torn("dora")
        report = outer_iteration(solver, state, config, some, state.phi)
        noticed += bool(report.drifted)
        believed.append(report.people["dora"].structure)
        assert np.isfinite(report.people["dora"].std).all()
    assert noticed and believed[7] == TURNED and believed[-1] == GIVEN
    theta = report.people["dora"].theta
    assert np.abs(theta + 3.0 * THETA).max() < 4.0 * report.people["dora"].std.max()


def test_a_batch_that_the_believed_structure_cannot_explain_is_refused() -> None:
    state, _ = lived(6, {"anna": THETA})
    before = state.evidence

    class Recorded(Torn):
        def likelihood(
            self, batch: Day, phi: object, before: Collected[Day] = ()
        ) -> PeopleLikelihood:
            whole = super().likelihood(batch, phi)
            return replace(whole, otherwise={"anna": {GIVEN: whole.otherwise["anna"][GIVEN]}})

    some = day({"anna": THETA}, 10, np.random.default_rng(0))
    with pytest.raises(InputError, match=f"anna {TURNED}, which a recording"):
        outer_iteration(Recorded(), state, LEARNED, some, state.phi)
    assert state.evidence is before
