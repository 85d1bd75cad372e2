"""Evidence about people as arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.misfit import Misfit
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.people_structures import nothing_seen
from bisirl_ros.core.structures import Explanation, Family
from bisirl_ros.io.records import Arrays, Records, arrays_of, fields_of

COUNTS = ("condensed", "trajectories_condensed", "forgotten")
"""Of one person's evidence, beside its batches."""
MISFIT = ("total", "spread", "unit")
FAMILY = ("given_up", "leading", "head_start")


def counts_of(name: str, part: Evidence) -> dict[str, Any]:
    """What is counted of one person's evidence, by which `part_of` knows it."""
    counts = {count: getattr(part, count) for count in COUNTS}
    misfit = None if part.misfit is None else part.misfit.most
    about = {"name": name, "batches": len(part.batches), "misfit": misfit, "width": part.width}
    return {**about, **counts}


def part_arrays(prefix: str, part: Evidence, records: Records[Any]) -> Arrays:
    """One person's evidence."""
    found = {
        f"{prefix}.{n}": getattr(part, n) for n in ("mean", "precision", "prior_mean", "prior")
    }
    found |= numbered(f"{prefix}.batch", part.batches, records.known)
    if part.misfit is not None:
        found |= {f"{prefix}.misfit_{k}": getattr(part.misfit, k) for k in MISFIT}
    return found


def part_of(
    kept: dict[str, Arrays],
    prefix: str,
    about: dict[str, Any],
    records: Records[Any],
    config: LoopConfig,
) -> Evidence:
    """One person's evidence."""
    told, n = kept[prefix], records.n_features
    for name in ("mean", "prior_mean"):
        check(name, told[name], (n,))
    for name in ("precision", "prior"):
        check(name, told[name], (n, n))
        np.linalg.cholesky(told[name])
    width = float(about.get("width", 1.0))
    if not 1.0 <= width < np.inf:
        raise ValueError(f"width is {width}, expected at least 1")
    misfit = None
    if about.get("misfit") is not None:
        found = {name: told[f"misfit_{name}"] for name in MISFIT}
        misfit = Misfit(**found, most=float(about["misfit"]))
        k = len(misfit.total)
        for name, shape in zip(MISFIT, ((k,), (k, k), (k,)), strict=True):
            check(f"misfit_{name}", told[f"misfit_{name}"], shape)
    return Evidence(
        mean=told["mean"],
        precision=told["precision"],
        prior=told["prior"],
        prior_mean=told["prior_mean"],
        width=width,
        batches=tuple(
            records.likelihood(**fields_of(kept[f"{prefix}.batch.{i}"]))
            for i in range(about["batches"])
        ),
        window=config.evidence_window,
        misfit=misfit,
        **{count: int(about[count]) for count in COUNTS},
    )


def initial_arrays(initial: InitialBelief) -> Arrays:
    """What was believed before anybody was met, but for its precision."""
    return {"initial.mean": initial.mean, "initial.root": initial.root}


def initial_of(kept: Mapping[str, Arrays], precision: float, n: int) -> InitialBelief:
    """What was believed before anybody was met; where it is not kept, nothing was known."""
    if "initial" not in kept:
        return InitialBelief.weak(n, precision)
    mean, root = kept["initial"]["mean"], kept["initial"]["root"]
    check("initial mean", mean, (n,))
    check("initial root", root, (n, n))
    initial = InitialBelief(mean, root, precision)
    np.linalg.cholesky(initial.covariance)
    return initial


def families_of(
    kept: dict[str, Arrays],
    header: dict[str, Any],
    evidence: PeopleEvidence,
    records: Records[Any],
    config: LoopConfig,
) -> dict[str, Family]:
    """What else may explain people, by identity."""
    of: dict[str, dict[str, Explanation]] = {name: {} for name in header["families"]}
    for i, about in enumerate(header["structures"]):
        prefix = f"structure.{i}"
        theta = kept[prefix]["theta"]
        check("theta", theta, (records.n_features,))
        part = part_of(kept, prefix, about, records, config)
        of[about["of"]][about["name"]] = Explanation(part, theta, float(about["lost"]))
    prior, found = nothing_seen(evidence), {}
    for name, about in header["families"].items():
        known = (tuple(about["given_up"]), str(about["leading"]), float(about["head_start"]))
        if of[name] and known[1] not in of[name]:
            raise ValueError(f"families: '{known[1]}' is believed of {name}, and not there")
        found[name] = Family(prior, config.misfit_alarm, of[name], *known)
    return found


def check(name: str, value: Array, shape: tuple[int, ...]) -> None:
    """Raises ValueError for another shape, or values that are not finite."""
    if value.shape != shape or not np.isfinite(value).all():
        raise ValueError(f"{name} has shape {value.shape}, expected finite {shape}")


def numbered(kind: str, kept: Sequence[Any], known: tuple[str, ...] = ()) -> Arrays:
    """Records as arrays, numbered."""
    return {
        f"{kind}.{i}.{key}": array
        for i, record in enumerate(kept)
        for key, array in arrays_of(record, known).items()
    }


def by_record(tensors: Arrays) -> dict[str, Arrays]:
    """The arrays by what they are fields of."""
    kept: dict[str, Arrays] = {}
    for name, array in tensors.items():
        record, _, key = name.rpartition(".")
        kept.setdefault(record, {})[key] = array
    return kept
