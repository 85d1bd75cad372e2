"""How far is a recovered reward from the true one? (FORMULATION section 6)

Tables are r(s, a_l, a_e), shape (S, A_l, A_e); below, `a` is the joint action. Every function
raises InputError where shapes do not fit, entries are nan or a number is out of its range.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

ROUND_OFF = 1e-12  # a part this much shorter than the whole it was computed from counts as zero
AXES = {0: "of any shape", 1: "(n,)", 3: "(S, A_l, A_e)"}


def starc(reward: Array, truth: Array, transition: Array, discount: float) -> float:
    """STARC distance: L2 norm between canonical, normalised rewards; in [0, 2], opposite is 2.

    Skalse et al. 2024, STARC metrics with minimal canonicalisation. There, c is a canonicalisation
    if it is linear, changes r by potential shaping only (and by moving reward over s' within the
    same E[r | s, a], void for r(s, a)), and c(r) = c(q) exactly where r and q differ by no more
    than that. Here c(r) is the one of least L2 norm: r projected on the complement of
    `shaping_basis`. Value-adjusted levelling meets the same definition, but needs a reference
    policy, and has no V at discount 1. A canonical reward of zero is left at zero, as in the
    paper: at 0 from its like and 1 from all others.

    Invariant to positive scaling, constants and gamma E[Phi(s') | s, a] - Phi(s); in a game that
    ends after H steps, such shaping leaves policies alone only up to gamma^H E[Phi(s_H)].

    reward, truth: (S, A_l, A_e); transition: P(s' | s, a), (S, A_l, A_e, S); discount: in (0, 1]
    """
    reward, truth = _pair("reward", reward, "truth", truth, 3)
    basis = shaping_basis(transition, discount)
    if np.shape(transition)[:3] != reward.shape:
        rule = f"it must be {(*reward.shape, len(reward))}, as the rewards are"
        raise InputError(f"transition has shape {np.shape(transition)}; {rule}")
    r, q = (_unit(w - basis @ (basis.T @ w), w) for w in (reward.ravel(), truth.ravel()))
    return float(np.linalg.norm(r - q))


def shaping_basis(transition: Array, discount: float) -> Array:
    """Orthonormal basis, (S A_l A_e, S), of the rewards that are worth the same to every policy.

    Skalse et al. 2024: { gamma E[Phi(s') | s, a] - Phi(s) }, which holds the constants if gamma < 1
    and tends, for gamma -> 1, to { E[Phi(s') | s, a] - Phi(s) } plus { Phi(s) : E[Phi(s') | s, a] =
    Phi(s) }. The latter (the constants; more if S falls into parts that no action connects) bring
    every policy the same average reward. With both, the basis is continuous up to discount 1.

    transition: (S, A_l, A_e, S); discount: in (0, 1]
    """
    p = np.asarray(transition, dtype=np.float64)
    if p.ndim != 4 or p.size == 0 or p.shape[0] != p.shape[3]:
        raise InputError(f"transition has shape {p.shape}; it must be (S, A_l, A_e, S), not empty")
    if not (np.all(p >= 0) and np.allclose(p.sum(-1), 1, rtol=0, atol=1e-6)):
        rule = "its last axis must be probabilities that sum to 1"
        raise InputError(f"transition has shape {p.shape}; {rule}")
    _check_discount(discount)
    here = np.broadcast_to(np.eye(len(p))[:, None, None], p.shape).reshape(-1, len(p))
    there = (p / p.sum(-1, keepdims=True)).reshape(-1, len(p))
    _, change, phi = np.linalg.svd(there - here, full_matrices=False)
    moving, kept = phi[change > ROUND_OFF].T, phi[change <= ROUND_OFF].T
    tables = np.hstack([(discount * there - here) @ moving, here @ kept])
    return np.asarray(np.linalg.qr(tables)[0])


def epic(reward: Array, truth: Array, discount: float) -> float:
    """EPIC distance sqrt((1 - rho) / 2) of canonically shaped rewards; in [0, 1], opposite is 1.

    Gleave et al. 2021, section 4, for R(s, a, s') = r(s, a) and uniform coverage of states and
    joint actions; nan where a canonical reward is constant, so that rho is undefined.
    Invariant to positive scaling and constants. NOT invariant to the expected shaping
    gamma E[Phi(s') | s, a] - Phi(s), since it does not know P: rewards that no policy can tell
    apart may be far from each other here. Read it beside `starc`.

    reward, truth: (S, A_l, A_e); discount: in (0, 1]
    """
    reward, truth = _pair("reward", reward, "truth", truth, 3)
    _check_discount(discount)
    r, q = (_unit(_canonically_shaped(w, discount), w) for w in (reward, truth))
    return float(np.linalg.norm(r - q)) / 2 if r.any() and q.any() else math.nan


def pearson(x: Array, y: Array, basis: Array | None = None) -> float:
    """Pearson correlation of the entries of x and y, or of their projections on span(basis).

    nan where one of the two is constant.  x, y: (n,); basis: (n, r), orthonormal columns
    """
    x, y = _pair("x", x, "y", y, 1)
    px, py = _project(x, basis), _project(y, basis)
    return _inner(_unit(px - px.mean(), x), _unit(py - py.mean(), y))


def cosine(x: Array, y: Array, basis: Array | None = None) -> float:
    """Cosine of the angle between x and y, or between their projections on span(basis).

    nan where one of the two is zero.  x, y: (n,); basis: (n, r), orthonormal columns
    """
    x, y = _pair("x", x, "y", y, 1)
    return _inner(_unit(_project(x, basis), x), _unit(_project(y, basis), y))


def coverage(estimate: Array, std: Array, truth: Array, z: float = 1.959964) -> float:
    """Share of entries with |estimate - truth| <= z std; about 0.95 if std is right (section 2).

    estimate, std, truth: one shape, any; a std of inf (not identified) covers everything
    """
    estimate, truth = _pair("estimate", estimate, "truth", truth)
    std = np.asarray(std, dtype=np.float64)
    if std.shape != estimate.shape or not np.all(std >= 0):
        raise InputError(f"std has shape {std.shape}; it must be {estimate.shape}, no entry < 0")
    if not 0 < z < math.inf:
        raise InputError(f"z is {z}; it must be positive")
    return float(np.mean(np.abs(estimate - truth) <= z * std))


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval (low, high) of a probability, within [0, 1] (Wilson 1927)."""
    if trials < 1 or not 0 <= successes <= trials or not 0 < level < 1:
        rule = "it must be 0 <= successes <= trials, 1 <= trials, 0 < level < 1"
        raise InputError(f"successes {successes}, trials {trials}, level {level}; {rule}")
    z2, share = NormalDist().inv_cdf((1 + level) / 2) ** 2 / trials, successes / trials
    centre = (share + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * share * (1 - share) + z2**2 / 4) / (1 + z2)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _canonically_shaped(table: Array, discount: float) -> Array:
    """r(s, a) + gamma m(s') - m(s) - gamma mean(m), m(s) = mean_a r(s, a); its mean is zero.

    Gleave et al. 2021, definition 4.1; returns (S, A_l, A_e, S)
    """
    mean = table.mean((1, 2))
    here = table - mean[:, None, None]
    return np.asarray(here[..., None] + discount * (mean - mean.mean()))


def _unit(part: Array, whole: Array) -> Array:
    """part / ||part||; zero where `part` is but the round-off of `whole`."""
    norm = np.linalg.norm(part)
    is_zero = norm <= ROUND_OFF * np.linalg.norm(whole)
    return np.zeros_like(part) if is_zero else np.asarray(part / norm)


def _inner(u: Array, v: Array) -> float:
    """Inner product of unit vectors; nan where one is zero."""
    return float(np.clip(u @ v, -1, 1)) if u.any() and v.any() else math.nan


def _project(x: Array, basis: Array | None) -> Array:
    if basis is None:
        return x
    b = np.asarray(basis, dtype=np.float64)
    fits = b.ndim == 2 and len(b) == len(x)
    if not (fits and np.allclose(b.T @ b, np.eye(b.shape[1]), rtol=0, atol=1e-8)):
        rule = f"it must be ({len(x)}, r) with orthonormal columns"
        raise InputError(f"basis has shape {b.shape}; {rule}")
    return np.asarray(b @ (b.T @ x))


def _check_discount(discount: float) -> None:
    if not 0 < discount <= 1:
        raise InputError(f"discount is {discount}; it must be in (0, 1]")


def _pair(name_x: str, x: Array, name_y: str, y: Array, ndim: int = 0) -> tuple[Array, Array]:
    """Both as float64: finite, not empty, of one shape, with `ndim` axes (0: as many as it has)."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    for name, value in ((name_x, x), (name_y, y)):
        if value.size == 0 or value.ndim != (ndim or value.ndim):
            raise InputError(f"{name} has shape {value.shape}; it must be {AXES[ndim]}, not empty")
        if not np.isfinite(value).all():
            raise InputError(f"{name} has shape {value.shape}; every entry must be finite")
    if x.shape != y.shape:
        raise InputError(f"{name_x} has shape {x.shape}; it must be that of {name_y}, {y.shape}")
    return x, y
