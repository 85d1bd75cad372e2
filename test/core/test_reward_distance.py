"""Distances between rewards: what they ignore, what they see, and how far apart they put it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.reward_distance import epic, shaping_basis, starc
from bisirl_ros.errors import InputError

SHAPE = (5, 2, 3)
DISCOUNTS = (0.3, 0.95, 1.0)


def random_transition(rng: np.random.Generator, shape: tuple[int, int, int] = SHAPE) -> Array:
    return rng.dirichlet(np.ones(shape[0]), size=shape)


def divided_transition(rng: np.random.Generator) -> Array:
    """No way leads from states 0 to 2 to states 3 and 4, nor back; 3 is absorbing."""
    transition = random_transition(rng)
    transition[:3, ..., 3:] = transition[3:, ..., :3] = transition[3, ..., 4] = 0
    return transition / transition.sum(-1, keepdims=True)


def shaping(phi: Array, transition: Array, discount: float) -> Array:
    return discount * transition @ phi - phi[:, None, None]


def distances(transition: Array, discount: float) -> dict[str, Callable[[Array, Array], float]]:
    return {
        "starc": lambda r, q: starc(r, q, transition, discount),
        "epic": lambda r, q: epic(r, q, discount),
    }


# What both distances share


@pytest.mark.parametrize("discount", DISCOUNTS)
@pytest.mark.parametrize(("name", "largest"), [("starc", 2.0), ("epic", 1.0)])
def test_distance_is_a_bounded_metric_of_rewards_up_to_scale_and_constant(
    name: str, largest: float, discount: float
) -> None:
    rng = np.random.default_rng(0)
    distance = distances(random_transition(rng), discount)[name]
    for _ in range(20):
        r, q, w = rng.normal(size=(3, *SHAPE))
        assert distance(r, q) == pytest.approx(distance(q, r), abs=1e-14)
        assert 0 < distance(r, q) < largest
        assert distance(r, w) <= distance(r, q) + distance(q, w)
        assert distance(r, 7.0 * r - 3.0) == pytest.approx(0, abs=1e-13)
        assert distance(1e-3 * r + 0.1, q) == pytest.approx(distance(r, q), abs=1e-11)
        assert distance(r, 2.0 - r) == pytest.approx(largest, abs=1e-13)


@pytest.mark.parametrize("name", ["starc", "epic"])
def test_distance_grows_with_the_perturbation_and_a_permuted_reward_is_far(name: str) -> None:
    rng = np.random.default_rng(1)
    distance = distances(random_transition(rng), 0.9)[name]
    truth, noise = rng.normal(size=(2, *SHAPE))
    grown = [distance(truth + size * noise, truth) for size in (1e-9, 1e-6, 1e-3, 0.1, 1.0)]
    assert np.all(np.diff(grown) > 0)
    assert grown[2] / grown[0] == pytest.approx(
        1e6, rel=2e-3
    )  # first order, and no sqrt(round-off)
    permuted = rng.permutation(truth.ravel()).reshape(SHAPE)
    assert distance(permuted, truth) > distance(truth + 0.3 * noise, truth) > 0.01


# STARC


@pytest.mark.parametrize("discount", DISCOUNTS)
@pytest.mark.parametrize("transition_of", [random_transition, divided_transition])
def test_starc_ignores_expected_shaping(
    transition_of: Callable[[np.random.Generator], Array], discount: float
) -> None:
    rng = np.random.default_rng(2)
    transition = transition_of(rng)
    for _ in range(10):
        r, q = rng.normal(size=(2, *SHAPE))
        shaped = 3.0 * r + shaping(10.0 * rng.normal(size=5), transition, discount)
        assert np.linalg.norm(shaped - 3.0 * r) > 5.0
        assert starc(shaped, r, transition, discount) == pytest.approx(0, abs=1e-12)
        expected = starc(r, q, transition, discount)
        assert starc(shaped, q, transition, discount) == pytest.approx(expected, abs=1e-12)


def test_starc_sees_shaping_with_other_dynamics_or_another_discount() -> None:
    rng = np.random.default_rng(3)
    transition, other = random_transition(rng), random_transition(rng)
    r, phi = rng.normal(size=SHAPE), 10.0 * rng.normal(size=5)
    assert starc(r + shaping(phi, other, 0.9), r, transition, 0.9) > 0.1
    assert starc(r + shaping(phi, transition, 0.5), r, transition, 0.9) > 0.1


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_starc_of_a_shaping_reward_is_one_from_any_other_and_zero_from_its_like(
    discount: float,
) -> None:
    rng = np.random.default_rng(4)
    transition = random_transition(rng)
    trivial, also = (shaping(rng.normal(size=5), transition, discount) + 0.1 for _ in range(2))
    truth = rng.normal(size=SHAPE)
    assert starc(trivial, truth, transition, discount) == pytest.approx(1)
    assert starc(truth, np.zeros(SHAPE), transition, discount) == pytest.approx(1)
    assert starc(trivial, also, transition, discount) == 0
    nearly = trivial + 1e-6 * truth
    assert starc(nearly, truth, transition, discount) == pytest.approx(0, abs=1e-7)


def test_starc_of_a_three_armed_bandit_by_hand() -> None:
    """One state: centred (2, -1, -1) and (-1, 2, -1) have cosine -1/2, hence distance sqrt 3."""
    transition = np.ones((1, 1, 3, 1))
    r, q = np.array([[[[1.0, 0, 0]]], [[[0, 1.0, 0]]]])
    for discount in DISCOUNTS:
        assert starc(r, q, transition, discount) == pytest.approx(math.sqrt(3))


def test_starc_of_two_states_by_hand() -> None:
    """Action j leads to state j, gamma = 1/2: the shaping tables, flat in (s, a), are spanned by
    (-1/2, -1, 1/2, 0) and (0, 1/2, -1, -1/2). (1, 0, 1, -2) and (-4, 3, 2, -1) are orthogonal to
    both, so they are canonical; orthogonal to each other, they are sqrt 2 apart.
    """
    transition = np.broadcast_to(np.eye(2), (2, 1, 2, 2))
    phi_0, phi_1 = np.array([-0.5, -1, 0.5, 0]), np.array([0, 0.5, -1, -0.5])
    r, q = np.array([1.0, 0, 1, -2]), np.array([-4.0, 3, 2, -1])

    def apart(x: Array, y: Array) -> float:
        return starc(x.reshape(2, 1, 2), y.reshape(2, 1, 2), transition, 0.5)

    assert apart(r + 3 * phi_0 - phi_1, 5 * q + phi_1) == pytest.approx(math.sqrt(2))
    # canonical and as long as r / norm: at 60 degrees from r, hence at distance 1
    at_60_degrees = r / math.sqrt(6) + math.sqrt(3) * q / math.sqrt(30)
    assert apart(at_60_degrees + phi_0, r) == pytest.approx(1)


def test_starc_is_zero_where_nobody_has_a_choice() -> None:
    rng = np.random.default_rng(5)
    transition = random_transition(rng, (5, 1, 1))
    for discount in DISCOUNTS:
        assert starc(*rng.normal(size=(2, 5, 1, 1)), transition, discount) == 0


@pytest.mark.parametrize("transition_of", [random_transition, divided_transition])
def test_starc_is_continuous_up_to_discount_one(
    transition_of: Callable[[np.random.Generator], Array],
) -> None:
    rng = np.random.default_rng(6)
    transition = transition_of(rng)
    r, q = rng.normal(size=(2, *SHAPE))
    limit = starc(r, q, transition, 1.0)
    for discount in (1 - 1e-6, 1 - 1e-10, 1 - 1e-14):
        assert starc(r, q, transition, discount) == pytest.approx(limit, abs=3 * (1 - discount))
    assert abs(starc(r, q, transition, 0.5) - limit) > 1e-3


def test_shaping_has_as_many_dimensions_as_states() -> None:
    """The 8 that FORMULATION section 6 subtracts from 72."""
    transition = random_transition(np.random.default_rng(7), (8, 3, 3))
    for discount in DISCOUNTS:
        basis = shaping_basis(transition, discount)
        assert basis.shape == (72, 8)
        np.testing.assert_allclose(basis.T @ basis, np.eye(8), atol=1e-13)


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_starc_ignores_a_reward_for_being_where_one_stays_anyway(discount: float) -> None:
    rng = np.random.default_rng(14)
    r = rng.normal(size=SHAPE)
    inside = np.array([1.0, 1, 1, 0, 0])[:, None, None]
    divided, connected = divided_transition(rng), random_transition(rng)
    assert starc(r + 4 * inside, r, divided, discount) == pytest.approx(0, abs=1e-13)
    assert starc(r + 4 * inside, r, connected, discount) > 0.1


def test_starc_takes_single_precision_probabilities() -> None:
    rng = np.random.default_rng(15)
    transition, r = random_transition(rng), rng.normal(size=SHAPE)
    rounded = transition.astype(np.float32)
    assert starc(r + 3.0, r, rounded, 1.0) == pytest.approx(0, abs=1e-13)
    q = rng.normal(size=SHAPE)
    expected = starc(r, q, transition, 1.0)
    assert starc(r, q, rounded, 1.0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_what_starc_removes_is_all_that_policies_cannot_change(discount: float) -> None:
    """Occupancies of random joint policies (stationary at discount 1) differ in all directions
    but those of `shaping_basis`: nothing else is removed, and nothing is left in."""
    rng = np.random.default_rng(8)
    transition, start = random_transition(rng), rng.dirichlet(np.ones(5))
    occupancies = []
    for _ in range(100):
        policy = rng.dirichlet(np.ones(6), size=5).reshape(SHAPE)
        flow = np.einsum("sab,sabt->ts", policy, transition)
        balance = np.vstack([np.eye(5) - discount * flow, np.ones(5)])
        total = np.append((1 - discount) * start, 1.0)
        visits = np.linalg.lstsq(balance, total)[0]
        occupancies.append((visits[:, None, None] * policy).ravel())
    differences = np.array(occupancies) - np.mean(occupancies, 0)
    strength, directions = np.linalg.svd(differences)[1:]
    unseen = directions[25:]
    assert strength[24] > 1e-3 > 1e-12 > strength[25]
    basis = shaping_basis(transition, discount)
    np.testing.assert_allclose(unseen.T @ unseen, basis @ basis.T, atol=1e-11)


# EPIC


def test_epic_of_a_three_armed_bandit_by_hand() -> None:
    """rho = -1/2, as for STARC."""
    r, q = np.array([[[[1.0, 0, 0]]], [[[0, 1.0, 0]]]])
    assert epic(r, q, 0.7) == pytest.approx(math.sqrt(3) / 2)


@pytest.mark.parametrize(("discount", "rho"), [(1.0, -1 / 3), (0.5, -7 / 9)])
def test_epic_of_two_states_by_hand(discount: float, rho: float) -> None:
    """r = 1 for the first action, q = 1 for the second, both in state 0 only. Within the state they
    are +-1/2 from the mean 1/2, which is the same: rho = (-1/8 + g^2 / 16) / (1/8 + g^2 / 16)."""
    r, q = np.zeros((2, 2, 1, 2))
    r[0, 0, 0] = q[0, 0, 1] = 1.0
    assert epic(r, q, discount) == pytest.approx(math.sqrt((1 - rho) / 2))


def test_epic_does_not_ignore_expected_shaping() -> None:
    rng = np.random.default_rng(9)
    transition, r = random_transition(rng), rng.normal(size=SHAPE)
    shaped = r + shaping(10.0 * rng.normal(size=5), transition, 0.9)
    assert starc(shaped, r, transition, 0.9) == pytest.approx(0, abs=1e-12)
    assert epic(shaped, r, 0.9) > 0.3


def test_epic_of_a_constant_reward_is_not_a_number() -> None:
    truth = np.random.default_rng(10).normal(size=SHAPE)
    for constant in (0.0, 0.1, 1e9):
        assert math.isnan(epic(np.full(SHAPE, constant), truth, 0.9))
        assert math.isnan(epic(truth, np.full(SHAPE, constant), 0.9))


# Bad input

R = np.ones(SHAPE)
P = np.full((*SHAPE, 5), 0.2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: starc(R[0], R, P, 0.9), r"reward has shape \(2, 3\); it must be \(S, A_l, A_e\)"),
        (lambda: starc(R, R[:4], P, 0.9), r"reward has shape \(5, 2, 3\); .* truth, \(4, 2, 3\)"),
        (lambda: starc(R, R * math.nan, P, 0.9), "truth has shape .* finite"),
        (lambda: starc(R, R, P[..., :4], 0.9), r"transition has shape \(5, 2, 3, 4\)"),
        (lambda: starc(R, R, P[:, :1], 0.9), r"\(5, 1, 3, 5\); it must be \(5, 2, 3, 5\)"),
        (lambda: starc(R, R, 2 * P, 0.9), "transition .* sum to 1"),
        (lambda: starc(R, R, P - np.eye(5)[0] + np.eye(5)[1], 0.9), "transition .* probabilities"),
        (lambda: starc(R, R, P * math.nan, 0.9), "transition .* probabilities"),
        (lambda: starc(R, R, P, 0.0), r"discount is 0.0; it must be in \(0, 1\]"),
        (lambda: epic(R, R, 1.1), r"discount is 1.1; it must be in \(0, 1\]"),
        (lambda: epic(R, R[..., None], 0.9), r"truth has shape \(5, 2, 3, 1\)"),
        (lambda: epic(R[:0], R[:0], 0.9), r"reward has shape \(0, 2, 3\); .* not empty"),
    ],
)
def test_bad_input_is_named_with_its_shape_and_the_rule(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
