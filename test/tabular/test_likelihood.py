"""The likelihood of expert actions and the lower level on it, against sums and differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.identified import identified_subspace
from bisirl_ros.core.lower_level import (
    Method,
    Status,
    is_positive_definite,
    newton,
    solve_lower_level,
)
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.response import respond
from bisirl_ros.tabular.reward import LinearReward

from .conftest import (
    Small,
    all_trajectories,
    central,
    looped_response,
    random_policies,
    small,
    tensor,
)

FAMILIES = ["linear", "network"]
HORIZONS = [3, None]


def counted(setting: Small, family: str, batches: int = 3, seed: int = 0) -> TabularLikelihood:
    """Batches under policies of their own, with random counts that no model expects."""
    game, rng = setting.game, np.random.default_rng(seed)
    shape = (batches, game.steps, game.n_states, game.n_expert_actions)
    counts = torch.from_numpy(rng.integers(0, 6, size=shape).astype(float))
    reward = setting.family(family)[0]
    return TabularLikelihood(game, reward, random_policies(game, batches, seed + 1), counts)


def expected(
    game: TabularGame, reward: LinearReward, theta: Array, policies: torch.Tensor
) -> TabularLikelihood:
    """Infinitely many choices of the model's own expert, per episode."""
    pi_e = respond(game, policies, reward.table(tensor(theta))).pi
    counts = visits(game, policies, pi_e)[..., None] * pi_e
    return TabularLikelihood(game, reward, policies, counts)


# The likelihood and its derivatives


@pytest.mark.parametrize("family", FAMILIES)
def test_the_value_is_the_sum_over_choices_under_their_own_policies(family: str) -> None:
    setting = small(0, horizon=3)
    likelihood, (reward, theta) = counted(setting, family), setting.family(family)
    value = 0.0
    for pi_l, counts in zip(likelihood.pi_l, likelihood.counts, strict=True):
        r_e = reward.table(tensor(theta)).numpy()
        pi_e = looped_response(setting.game, pi_l.numpy(), r_e)[2]
        for where in np.ndindex(3, 3, 2):
            value -= float(counts[where]) * np.log(pi_e[where])
    assert likelihood.value(theta) == pytest.approx(value, rel=1e-12)
    assert len(likelihood) == int(likelihood.counts.sum())
    assert likelihood.size == len(theta)


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_derivatives_are_exact(family: str, horizon: int | None) -> None:
    setting = small(1, horizon=horizon)
    likelihood, theta = counted(setting, family), setting.family(family)[1]
    gradient, hessian = likelihood.gradient(theta), likelihood.hessian(theta)
    scale = np.abs(hessian).max()
    assert gradient == pytest.approx(central(likelihood.value, theta), rel=1e-7, abs=1e-6)
    assert hessian == pytest.approx(central(likelihood.gradient, theta), abs=1e-8 * scale)
    assert hessian == pytest.approx(hessian.T, abs=1e-12 * scale)

    def log_pi(at: Array) -> Array:
        r_e = likelihood.reward.table(tensor(at))
        return respond(setting.game, likelihood.pi_l, r_e).log_pi.numpy().ravel()

    jacobian = likelihood.log_pi_jacobian(theta)
    numeric = central(log_pi, theta).T
    assert jacobian == pytest.approx(numeric, abs=1e-8)
    assert gradient == pytest.approx(-jacobian.T @ likelihood.counts.numpy().ravel(), abs=1e-9)


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_fisher_is_the_hessian_expected_under_the_model(family: str, horizon: int | None) -> None:
    """The same visits, with choices as the model expects them."""
    setting = small(2, horizon=horizon)
    likelihood, (reward, theta) = counted(setting, family), setting.family(family)
    pi_e = respond(setting.game, likelihood.pi_l, reward.table(tensor(theta))).pi
    mean = replace(likelihood, counts=likelihood.counts.sum(-1, keepdim=True) * pi_e)
    fisher = likelihood.fisher(theta)
    assert fisher == pytest.approx(mean.hessian(theta), abs=1e-10)
    assert np.linalg.eigvalsh(fisher).min() > -1e-10
    assert np.abs(fisher - likelihood.hessian(theta)).max() > 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_fisher_is_the_covariance_of_the_score(family: str) -> None:
    """Information's other face, over all trajectories of one episode: E s s' and E s = 0."""
    setting = small(3, horizon=2)
    game, pi_l, (reward, theta) = setting.game, setting.pi_l, setting.family(family)
    r_e = reward.table(tensor(theta))
    pi_e = looped_response(game, pi_l.numpy(), r_e.numpy())[2]

    def log_pi(at: Array) -> Array:
        q, v, _ = looped_response(game, pi_l.numpy(), reward.table(tensor(at)).numpy())
        return q - v[..., None]

    slope = central(log_pi, theta)  # (n, H, S, A_e)
    mean, spread = np.zeros(len(theta)), np.zeros((len(theta),) * 2)
    for p, steps in all_trajectories(game, pi_l.numpy(), pi_e):
        score = sum(slope[:, h, s, a_e] for h, (s, _, a_e) in enumerate(steps))
        mean += p * score
        spread += p * np.outer(score, score)
    response = respond(game, pi_l, r_e)
    counts = visits(game, pi_l, response.pi)[..., None] * response.pi
    episode = TabularLikelihood(game, reward, pi_l[None], counts[None])
    assert mean == pytest.approx(np.zeros(len(theta)), abs=1e-8)
    assert episode.fisher(theta) == pytest.approx(spread, abs=1e-8)


def test_joined_is_the_sum() -> None:
    setting = small(4)
    a, b, c = (counted(setting, "network", batches=n, seed=n) for n in (1, 2, 3))
    theta, joined = setting.theta_network, a.joined([b, c])
    assert len(joined) == len(a) + len(b) + len(c)
    assert joined.value(theta) == pytest.approx(sum(x.value(theta) for x in (a, b, c)))
    for name in ("gradient", "hessian", "fisher"):
        total = sum(getattr(x, name)(theta) for x in (a, b, c))
        assert getattr(joined, name)(theta) == pytest.approx(total, rel=1e-10, abs=1e-10)
    assert a.joined([]).value(theta) == a.value(theta)


def test_one_point_is_not_taken_for_another() -> None:
    """Value, gradient and Hessian share what is solved at one theta; it must not outlive it."""
    setting = small(5)
    likelihood, theta = counted(setting, "linear"), setting.theta.copy()
    first = likelihood.value(theta), likelihood.gradient(theta)
    theta += 1.0
    assert likelihood.value(theta) != first[0]
    theta -= 1.0
    assert likelihood.value(theta) == pytest.approx(first[0], rel=1e-13)
    assert likelihood.gradient(theta) == pytest.approx(first[1], rel=1e-12)


def test_where_no_response_is_found_the_value_is_infinite() -> None:
    setting = small(6, horizon=None)
    likelihood = counted(setting, "linear")
    assert np.isfinite(likelihood.value(setting.theta))
    for bad in (float("nan"), float("inf"), 1e308):
        assert likelihood.value(np.array([bad, 0.0, 1.0])) == float("inf")


def test_tables_that_disagree_are_refused() -> None:
    setting = small(7, horizon=3, n_states=4, n_actions=(2, 3))
    good = counted(setting, "linear", batches=2)
    nan = good.counts.clone()
    nan[1, 2, 3, 1] = float("nan")
    for change, told in (
        ({"pi_l": good.pi_l[0]}, ("pi_l", "(4, 2)")),
        ({"pi_l": good.pi_l.mT}, ("pi_l", "(2, 2, 4)", "(2, 4, 2)")),
        ({"pi_l": good.pi_l[:1]}, ("counts", "(2, 3, 4, 3)", "(1, 3, 4, 3)")),
        ({"counts": good.counts[0]}, ("counts", "(3, 4, 3)", "(2, 3, 4, 3)")),
        ({"counts": good.counts[:, :2]}, ("counts", "(2, 2, 4, 3)", "(2, 3, 4, 3)")),
        ({"counts": nan}, ("counts", "(1, 2, 3, 1)", "finite")),
    ):
        with pytest.raises(InputError) as refused:
            replace(good, **change)
        message = str(refused.value)
        assert message.startswith(told[0]) and "\n" not in message
        assert all(part in message for part in told)


# The lower level on it


def test_one_decision_gives_the_log_odds() -> None:
    """H = 1, a free weight per action: r(s, a) - r(s, 0) = log n(s, a) / n(s, 0)."""
    setting = small(8, horizon=1, n_states=2, n_actions=(2, 3))
    psi = torch.zeros(2, 2, 3, 4)
    for s, a_e in np.ndindex(2, 2):
        psi[s, :, a_e + 1, 2 * s + a_e] = 1.0
    counts = torch.tensor([[[[40.0, 10.0, 25.0], [7.0, 30.0, 3.0]]]], dtype=torch.float64)
    likelihood = TabularLikelihood(setting.game, LinearReward(psi), setting.pi_l[None], counts)
    evidence = Evidence.start(4, 1e-12).add(likelihood)
    result = solve_lower_level(evidence, np.zeros(4), trajectories=1, tolerance=1e-12)
    odds = [np.log(10 / 40), np.log(25 / 40), np.log(30 / 7), np.log(3 / 7)]
    assert result.theta == pytest.approx(odds, abs=1e-10)
    deviance = np.diag(np.linalg.inv(likelihood.hessian(result.theta)))
    assert deviance[0] == pytest.approx(1 / 10 + 1 / 40)  # the variance of a log odds


@pytest.mark.parametrize("horizon", HORIZONS)
def test_newton_and_gradient_descent_reach_the_same_minimiser(horizon: int | None) -> None:
    setting = small(9, horizon=horizon)
    evidence = Evidence.start(3, 1e-2).add(
        expected(setting.game, setting.linear, setting.theta, random_policies(setting.game, 4, 0))
    )
    ends = []
    for method in Method:
        result = solve_lower_level(
            evidence,
            np.zeros(3),
            trajectories=4,
            tolerance=1e-10,
            max_iterations=5000,
            method=method,
        )
        assert result.status is Status.CONVERGED
        assert result.residual <= 1e-10
        assert np.linalg.norm(evidence.gradient(result.theta)) / 4 == pytest.approx(result.residual)
        ends.append(result.theta)
    assert ends[0] == pytest.approx(ends[1], abs=1e-7)
    assert np.abs(ends[0] - setting.theta).max() < 0.2  # but for the prior, the truth


def test_enough_evidence_gives_the_truth_exactly() -> None:
    setting = small(10, horizon=4)
    policies = random_policies(setting.game, 5, seed=1)
    likelihood = expected(setting.game, setting.linear, setting.theta, policies)
    evidence = Evidence.start(3, 1e-10).add(likelihood)
    result = solve_lower_level(evidence, np.zeros(3), trajectories=1, tolerance=1e-11)
    assert result.theta == pytest.approx(setting.theta, abs=1e-7)


def unlikely_choices() -> tuple[Evidence, Array]:
    """First choices alone are recorded, and a start from which they look absurd.

    Not weighed against what is chosen later, they leave the Hessian indefinite there.
    """
    setting, rng = small(12, horizon=2), np.random.default_rng(0)
    counts = torch.zeros(2, 2, 3, 2, dtype=torch.float64)
    counts[:, 0] = torch.from_numpy(rng.integers(0, 2, size=(2, 3, 2)) * 5.0)
    policies = random_policies(setting.game, 2, seed=2)
    likelihood = TabularLikelihood(setting.game, setting.linear, policies, counts)
    evidence = Evidence.start(3, 1e-3).add(likelihood)
    starts = 4.0 * rng.normal(size=(100, 3))
    return evidence, min(starts, key=lambda x: float(np.linalg.eigvalsh(evidence.hessian(x))[0]))


def test_newton_converges_from_where_the_hessian_is_indefinite() -> None:
    evidence, start = unlikely_choices()
    assert np.linalg.eigvalsh(evidence.hessian(start))[0] < -0.1
    slope = evidence.gradient(start)
    step = newton(evidence)(start, slope)
    assert step == pytest.approx(-np.linalg.solve(evidence.fisher(start), slope), rel=1e-8)
    result = solve_lower_level(evidence, start, trajectories=1, tolerance=1e-9)
    assert result.status is Status.CONVERGED
    assert np.linalg.norm(evidence.gradient(result.theta)) <= 1e-9
    assert is_positive_definite(evidence.hessian(result.theta))
    assert evidence.value(result.theta) < evidence.value(start)


@pytest.mark.parametrize("method", list(Method))
def test_a_cap_is_reported_with_the_residual_where_it_stopped(method: Method) -> None:
    evidence, start = unlikely_choices()
    result = solve_lower_level(
        evidence, start, trajectories=3, tolerance=1e-12, max_iterations=2, method=method
    )
    assert result.status is Status.ITERATION_CAP
    assert result.iterations == 2
    assert result.residual == pytest.approx(np.linalg.norm(evidence.gradient(result.theta)) / 3)
    assert evidence.value(result.theta) < evidence.value(start)
    none = solve_lower_level(
        evidence, start, trajectories=3, tolerance=1e-12, max_iterations=0, method=method
    )
    assert none.status is Status.ITERATION_CAP and (none.theta == start).all()


def test_what_no_interaction_shows_is_named_and_the_rest_is_estimated() -> None:
    """b repeats a, and c is the same for all actions of a one-decision game."""
    setting, rng = small(12, horizon=1, n_features=2), np.random.default_rng(3)
    a, d = setting.linear.psi[..., 0], setting.linear.psi[..., 1]
    c = torch.from_numpy(rng.normal(size=(3, 1, 1))).expand(3, 2, 2)
    reward = LinearReward(torch.stack([a, a, c, d], -1))
    truth = np.array([0.8, 0.4, -2.0, -1.0])
    likelihood = expected(setting.game, reward, truth, random_policies(setting.game, 3, seed=4))
    evidence = Evidence.start(4, 1e-5).add(replace(likelihood, counts=100.0 * likelihood.counts))
    result = solve_lower_level(evidence, np.zeros(4), trajectories=1, tolerance=1e-10)
    assert result.status is Status.CONVERGED
    assert result.theta == pytest.approx([0.6, 0.6, 0.0, -1.0], abs=1e-5)
    subspace = identified_subspace(evidence.information(result.theta))
    assert subspace.rank == 2
    named = subspace.unidentified(["a", "b", "c", "d"])
    assert set(named) <= {"1.00 c", "0.71 a - 0.71 b", "0.71 b - 0.71 a"}
    assert len(named) == 2 and "1.00 c" in named
    assert subspace.project(truth) == pytest.approx([0.6, 0.6, 0.0, -1.0], abs=1e-6)


def test_more_policies_identify_more() -> None:
    """FORMULATION section 6: of 72 free entries 16 per policy, but for 8 that are shaping."""
    setting = small(13, horizon=None, n_states=8, n_actions=(3, 3))
    reward = LinearReward.table_of(setting.game)
    theta, ranks = np.random.default_rng(5).normal(size=72), []
    policies = random_policies(setting.game, 5, seed=6)
    for count in range(1, 6):
        likelihood = expected(setting.game, reward, theta, policies[:count])
        evidence = Evidence.start(72, 1e-3).add(likelihood)
        ranks.append(identified_subspace(evidence.information(theta)).rank)
    assert ranks == [16, 32, 48, 64, 64]


def test_a_network_is_learned_from_the_start_of_the_loop() -> None:
    setting = small(14, horizon=2)
    likelihood = counted(setting, "network")
    evidence = Evidence.start(8, 1e-2).add(likelihood)
    result = solve_lower_level(evidence, np.zeros(8), trajectories=3, tolerance=1e-8)
    assert likelihood.value(result.theta) < likelihood.value(np.zeros(8)) - 0.1


def test_with_a_horizon_too_a_reward_that_is_not_finite_is_infinitely_unlikely() -> None:
    setting = small(6, horizon=3)
    likelihood = counted(setting, "linear")
    assert likelihood.value(np.array([float("nan"), 0.0, 1.0])) == float("inf")


@pytest.mark.parametrize("change", ["pi_l", "counts"])
def test_rows_that_are_no_probabilities_and_negative_counts_are_refused(change: str) -> None:
    good = counted(small(7), "linear")
    with pytest.raises(InputError):
        replace(good, **{change: -getattr(good, change)})


def test_a_reward_of_another_game_is_refused() -> None:
    good = counted(small(7), "linear")
    narrow = LinearReward(torch.ones(3, 1, 2, 3))
    with pytest.raises(InputError):
        replace(good, reward=narrow).value(np.ones(3))
