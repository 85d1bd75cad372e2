"""Checkpoints: whole, of their own game alone, and as if nothing had happened in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, outer_iteration
from bisirl_ros.core.likelihood import Explain, Explained, PeopleLikelihood
from bisirl_ros.core.misfit import Misfit
from bisirl_ros.core.people_evidence import REWARDS, PeopleEvidence
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.core.solver import Collected
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import (
    load_checkpoint,
    load_last_good,
    previous,
    save_checkpoint,
)
from bisirl_ros.io.contract import pack
from bisirl_ros.io.records import Records

from ..core.conftest import ConditionalLogit, Day, DaySolver, day

ANNA, BEN, CARA = np.array([1.0, -2.0, 0.5]), np.array([-1.0, 1.0, 0.5]), np.array([0.0, 1.0, -1.0])
CONFIG = LoopConfig(
    policy_steps=2, evidence_window=3, replayed_batches=2, drift_alarm=0.1, forgetting=0.3,
    inner_starts=2,
)  # fmt: skip
RECORDS: Records[Day] = Records(
    "game of days", {"features": ["a", "b", "c"], "horizon": 8}, 2, 3, Day, ConditionalLogit
)
DAYS = [{"anna": ANNA}] * 4 + [{"anna": -ANNA, "ben": BEN}] * 3
DAYS += [{"cara": CARA, "ben": BEN}, {"anna": -ANNA, "dora": BEN}, {"cara": CARA}]


def learn(state: LoopState[Day], config: LoopConfig, numbers: range) -> list[OuterReport]:
    solver, reports = DaySolver(), []
    for i in numbers:
        batch = replace(day(DAYS[i], 40, np.random.default_rng(i)), episode=i)
        phi = state.phi
        reports.append(outer_iteration(solver, state, config, batch, phi))
    return reports


def fresh(config: LoopConfig, people: bool = True) -> LoopState[Day]:
    others = [torch.full((2,), float(start)) for start in range(1, config.policy_starts)]
    return LoopState.start(torch.zeros(2), 3, config, 7, people=people, more_starts=others)


def same(a: LoopState[Day], b: LoopState[Day]) -> None:
    """Bit for bit."""
    assert torch.equal(a.phi, b.phi)
    for ours, theirs in zip(a.searches, b.searches, strict=True):
        assert torch.equal(ours.phi, theirs.phi) and torch.equal(ours.mean, theirs.mean)
        kept = theirs.ascent.inertia
        for name, value in ours.ascent.inertia.items():
            assert value is None or torch.equal(value, kept[name])
    assert (a.theta == b.theta).all()
    assert a.rng.bit_generator.state == b.rng.bit_generator.state
    assert (a.k, a.updates, len(a.recent)) == (b.k, b.updates, len(b.recent))
    for (_, ours), (_, theirs) in zip(a.collected, b.collected, strict=True):
        assert torch.equal(ours, theirs)
    assert a.evidence.identities == b.evidence.identities
    assert a.evidence.newest == b.evidence.newest
    assert a.evidence.trajectories == b.evidence.trajectories
    assert list(a.evidence.parts) == list(b.evidence.parts)
    for x, y in zip(a.evidence.parts.values(), b.evidence.parts.values(), strict=True):
        assert (x.seen, x.counted, len(x.batches)) == (y.seen, y.counted, len(y.batches))
        assert x.width == y.width
        for name in ("mean", "precision", "prior_mean", "prior"):
            assert (getattr(x, name) == getattr(y, name)).all()
    assert (a.evidence.covariance(a.theta) == b.evidence.covariance(b.theta)).all()
    for ours, theirs in zip(
        a.evidence.newcomer(a.theta), b.evidence.newcomer(b.theta), strict=True
    ):
        assert (ours == theirs).all()


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("reward", REWARDS)
def test_among_people_it_goes_on_as_if_never_interrupted(
    reward: str, optimiser: str, tmp_path: Path
) -> None:
    """People condensed, forgotten, away, back and new; luck that is drawn."""
    config = replace(CONFIG, reward=reward, optimiser=optimiser, policy_starts=3)
    path, whole, broken = tmp_path / "c.safetensors", fresh(config), fresh(config)
    reports = learn(whole, config, range(10))
    for i in range(10):
        learn(broken, config, range(i, i + 1))
        if i in (0, 6, 8):
            kept = broken
            save_checkpoint(path, broken, RECORDS, {"lag": 0.1 + 0.2, "seen": [1, 2]})
            broken, extra = load_checkpoint(path, RECORDS, config)
            assert extra == {"lag": 0.1 + 0.2, "seen": [1, 2]}
            same(broken, kept)
            assert broken.recent[-1].identities == kept.recent[-1].identities
            assert broken.recent[-1].episode == i
    same(whole, broken)
    assert any(part.condensed for part in whole.evidence.parts.values())
    assert any(report.drifted for report in reports)
    if reward != "shared":
        assert whole.evidence.identities == ("anna", "ben", "cara", "dora")


def test_no_more_searches_go_on_than_are_asked_for(tmp_path: Path) -> None:
    """What compares them may not be there: a learner that checks nothing has one."""
    path, several = tmp_path / "c.safetensors", replace(CONFIG, policy_starts=3)
    save_checkpoint(path, fresh(several), RECORDS)
    for starts in (3, 2, 1):
        config = replace(CONFIG, policy_starts=starts)
        assert len(load_checkpoint(path, RECORDS, config)[0].searches) == starts
    save_checkpoint(path, fresh(CONFIG), RECORDS)  # others were given up, or there were none
    assert len(load_checkpoint(path, RECORDS, several)[0].searches) == 1


def test_what_was_not_found_better_is_not_deployed_by_who_checks_nothing(tmp_path: Path) -> None:
    path, state = tmp_path / "c.safetensors", fresh(CONFIG)
    state.searches[0].step(torch.ones(2), 0.5)
    save_checkpoint(path, state, RECORDS)
    for checked, kept in ((512, True), (0, False)):
        found, _ = load_checkpoint(path, RECORDS, replace(CONFIG, checked_episodes=checked))
        assert torch.equal(found.searches[0].phi, state.searches[0].phi) == kept
        assert torch.equal(found.searches[0].phi, found.phi) != kept
    state.searches = []
    save_checkpoint(path, state, RECORDS)
    with pytest.raises(InputError, match="no search"):
        load_checkpoint(path, RECORDS, CONFIG)


def test_before_anybody_was_met_there_is_nothing_to_lose(tmp_path: Path) -> None:
    for people in (True, False):
        path = tmp_path / "c.safetensors"
        save_checkpoint(path, fresh(CONFIG, people), RECORDS)
        state, extra = load_checkpoint(path, RECORDS, CONFIG)
        assert (state.k, extra, len(state.theta)) == (0, {}, 0 if people else 3)
        assert isinstance(state.evidence, PeopleEvidence) == people


def spoilt(state: LoopState[Day], **changes: Any) -> LoopState[Day]:
    """The state with changes to what is known of anna."""
    anna = replace(state.evidence.parts["anna"], **changes)
    return replace(state, evidence=state.evidence.with_parts({"anna": anna}))


def test_how_far_a_prior_was_widened_is_kept(tmp_path: Path) -> None:
    path, state = tmp_path / "c.safetensors", fresh(CONFIG)
    learn(state, CONFIG, range(2))
    wide = spoilt(state, width=3.7)
    save_checkpoint(path, wide, RECORDS)
    same(load_checkpoint(path, RECORDS, CONFIG)[0], wide)
    for bad in (0.0, 0.5):
        save_checkpoint(path, spoilt(state, width=bad), RECORDS)
        with pytest.raises(InputError, match="width"):
            load_checkpoint(path, RECORDS, CONFIG)


def test_what_was_said_against_the_model_is_kept(tmp_path: Path) -> None:
    """And what is damaged of it is refused."""
    path, state = tmp_path / "c.safetensors", fresh(CONFIG)
    learn(state, CONFIG, range(2))
    misfit = Misfit(np.array([3.0, 20.0]), np.diag([1.0, 4.0]), np.array([0.5, 2.0]), most=7.0)
    save_checkpoint(path, spoilt(state, misfit=misfit), RECORDS)
    loaded, _ = load_checkpoint(path, RECORDS, CONFIG)
    found = loaded.evidence.parts["anna"].misfit
    assert found is not None
    for name in ("total", "spread", "unit", "most"):
        assert np.array_equal(getattr(found, name), getattr(misfit, name))
    assert loaded.evidence.doubts("anna")
    for bad in (np.diag([1.0, np.nan]), np.eye(3)):
        save_checkpoint(path, spoilt(state, misfit=replace(misfit, spread=bad)), RECORDS)
        with pytest.raises(InputError, match="misfit_spread"):
            load_checkpoint(path, RECORDS, CONFIG)


def test_what_else_may_explain_people_is_kept(tmp_path: Path) -> None:
    """A loop that learns structures goes on as if never interrupted; damage is refused."""
    config = LoopConfig(policy_steps=0, evidence_window=3, structure="learned", drift_alarm=0.1)
    path, whole, broken = tmp_path / "c.safetensors", fresh(config), fresh(config)
    for i in range(6):
        batch = day({"anna": ANNA, "ben": BEN}, 20, np.random.default_rng(i))
        for state in (whole, broken):
            outer_iteration(TwoWays(), state, config, batch, state.phi)
        if i == 3:
            save_checkpoint(path, broken, RECORDS)
            broken, _ = load_checkpoint(path, RECORDS, config)
    same(whole, broken)
    ours, theirs = whole.evidence.families, broken.evidence.families
    assert list(ours) == list(theirs) == ["anna", "ben"]
    for name, family in ours.items():
        other = theirs[name]
        assert (family.leading, family.given_up) == (other.leading, other.given_up)
        assert family.leading == "by their signs too" and family.false_alarm == other.false_alarm
        for structure, one in family.of.items():
            assert (one.theta == other.of[structure].theta).all()
            assert one.log_evidence == other.of[structure].log_evidence
        family.of[family.leading].theta[:] = np.nan
    save_checkpoint(path, whole, RECORDS)
    with pytest.raises(InputError, match="theta has shape"):
        load_checkpoint(path, RECORDS, config)
    with pytest.raises(InputError, match="structure was learned, this learner's is given"):
        load_checkpoint(path, RECORDS, replace(config, structure="given"))


class TwoWays(DaySolver):
    """The structure as given is wrong: features of which only the sizes are known."""

    def likelihood(
        self, batch: Day, phi: torch.Tensor, before: Collected[Day] = ()
    ) -> PeopleLikelihood:
        right = dict(super().likelihood(batch, phi).of)
        wrong = {
            name: ConditionalLogit(abs(like.chosen), abs(like.offered), like.log_area)  # type: ignore[attr-defined]
            for name, like in right.items()
        }

        def ways(name: str) -> dict[str, Explain]:
            return {
                GIVEN: lambda: Explained(wrong[name], wrong[name]),
                "by their signs too": lambda: Explained(right[name], right[name]),
            }

        return PeopleLikelihood(wrong, {}, {name: ways(name) for name in right})


def test_what_is_unfit_is_refused_in_one_line(tmp_path: Path) -> None:
    state, path = fresh(CONFIG), tmp_path / "c.safetensors"
    learn(state, CONFIG, range(2))

    def refused(match: str, records: Records[Day] = RECORDS, config: LoopConfig = CONFIG) -> None:
        with pytest.raises(InputError, match=match) as error:
            load_checkpoint(path, records, config)
        assert "\n" not in str(error.value) and str(path) in str(error.value)

    save_checkpoint(path, state, RECORDS)
    whole = path.read_bytes()
    changes: tuple[Callable[[], object], ...] = (
        lambda: path.write_bytes(whole[:-3]),
        lambda: path.write_bytes(b"not a checkpoint"),
        lambda: path.write_bytes(pack("bisirl.checkpoint/2", {"phi": np.zeros(2)}, {})),
        path.unlink,
    )
    for change in changes:
        change()
        refused("checkpoint")
    for broken in (
        replace(state, theta=np.full(3, np.nan)),
        replace(state, theta=np.zeros(6)),
        spoilt(state, precision=-np.eye(3)),
        spoilt(state, prior=np.zeros((3, 3))),
        spoilt(state, prior_mean=np.zeros(2)),
        spoilt(state, mean=np.full(3, np.inf)),
        replace(state, evidence=replace(state.evidence, identities=("ben",))),
    ):
        save_checkpoint(path, broken, RECORDS)
        refused("damaged or unfit")
    path.write_bytes(whole)
    refused("damaged or unfit", replace(RECORDS, phi_size=3))
    refused("damaged or unfit", replace(RECORDS, n_features=4))
    other = replace(RECORDS, name="game b", identity={"features": ["a"], "horizon": 8})
    refused(r"its features \(a, b, c\), game b has \(a\)", other)
    refused("its horizon 8, .*another thing", replace(RECORDS, identity={"horizon": 9}))
    refused("its reward is each, this learner's pooled", config=replace(CONFIG, reward="pooled"))
    assert load_checkpoint(path, RECORDS, CONFIG)[0].k == 2


def test_a_checkpoint_of_before_is_refused_by_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(pack("bisirl.checkpoint/2", {"phi": np.zeros(2)}, {"k": 3}))
    with pytest.raises(InputError, match=r"holds .*checkpoint/2, expected .*checkpoint/6"):
        load_checkpoint(path, RECORDS, CONFIG)


def test_a_flipped_byte_anywhere_is_noticed_and_the_one_before_is_gone_on_from(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.safetensors"
    for k in (1, 2):
        state = fresh(CONFIG)
        learn(state, CONFIG, range(k))
        save_checkpoint(path, state, RECORDS)
    whole = path.read_bytes()
    assert load_last_good(path, RECORDS, CONFIG)[0].k == 2
    for at in np.linspace(0, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        found, _, why = load_last_good(path, RECORDS, CONFIG)
        assert found.k == 1 and str(path) in why and "going on from" in why
    previous(path).unlink()
    with pytest.raises(InputError, match="checkpoint"):
        load_last_good(path, RECORDS, CONFIG)
