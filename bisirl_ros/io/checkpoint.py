"""A learner's whole state in one file, from which it goes on as if never interrupted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import Batch, LoopState
from bisirl_ros.core.misfit import Misfit
from bisirl_ros.core.people_evidence import SHARED, PeopleEvidence
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import pack, unpack
from bisirl_ros.io.files import write_whole
from bisirl_ros.io.records import Arrays, Records, arrays_of, fields_of

CHECKPOINT = "bisirl.checkpoint/3"
COUNTS = ("condensed", "trajectories_condensed", "forgotten")
"""Of one person's evidence, beside its batches."""
MISFIT = ("total", "spread", "unit")


def save_checkpoint(
    path: Path,
    state: LoopState[Batch],
    records: Records[Batch],
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write the state of a double loop, whole or not at all.

    extra: what else the caller has to remember; JSON-able, numbers finite (ValueError otherwise)
    """
    tensors: Arrays = {"phi": state.phi.detach().numpy(), "theta": state.theta}
    for name, value in state.optimiser.state.get(state.phi, {}).items():
        if isinstance(value, Tensor):
            tensors[f"optimiser.{name}"] = value.detach().numpy()
    tensors |= _arrays("recent", state.recent)
    parts = state.evidence.parts
    for i, part in enumerate(parts.values()):
        for name in ("mean", "precision", "prior_mean", "prior"):
            tensors[f"part.{i}.{name}"] = getattr(part, name)
        tensors |= _arrays(f"part.{i}.batch", part.batches, records.known)
        if part.misfit is not None:
            tensors |= {f"part.{i}.misfit_{k}": getattr(part.misfit, k) for k in MISFIT}
    header = {
        "identity": records.identity,
        "k": state.k,
        "updates": state.updates,
        "rng": state.rng.bit_generator.state,
        "recent": len(state.recent),
        "parts": [_counts(name, part) for name, part in parts.items()],
        "people": _people(state.evidence),
        "extra": dict(extra or {}),
    }
    write_whole(path, pack(CHECKPOINT, tensors, header))


def load_checkpoint(
    path: Path, records: Records[Batch], config: LoopConfig
) -> tuple[LoopState[Batch], dict[str, Any]]:
    """The state that was saved, and the extra.

    Raises InputError for an unreadable, foreign or unfit file, or another mode of `reward`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"checkpoint {path}: cannot be read ({error.strerror}); check the path"
        ) from error
    tensors, header = unpack(CHECKPOINT, data, f"checkpoint {path}")
    try:
        _check_identity(path, header["identity"], records)
        if header["people"] and header["people"]["reward"] != config.reward:
            raise InputError(
                f"checkpoint {path}: its reward is {header['people']['reward']}, this learner's "
                f"{config.reward}; set reward as it was, or start anew"
            )
        return _restore(tensors, header, records, config), header["extra"]
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, np.linalg.LinAlgError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"checkpoint {path}: damaged or unfit ({why}); use another") from error


def _check_identity(path: Path, found: Any, records: Records[Any]) -> None:
    found = found if isinstance(found, dict) else {}
    for key, expected in records.identity.items():
        if found.get(key) != expected:
            raise InputError(
                f"checkpoint {path}: its {key} {_told(found.get(key))}, {records.name} has "
                f"{_told(expected)}; theta would mean another thing, use the game it was made for"
            )


def _told(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else str(value)


def _counts(name: str, part: Evidence) -> dict[str, Any]:
    counts = {count: getattr(part, count) for count in COUNTS}
    misfit = None if part.misfit is None else part.misfit.most
    return {"name": name, "batches": len(part.batches), "misfit": misfit, **counts}


def _people(evidence: Posterior) -> dict[str, Any] | None:
    """Of evidence about several people; None where there is one."""
    if not isinstance(evidence, PeopleEvidence):
        return None
    names = ("reward", "prior_precision", "identities", "present")
    return {name: getattr(evidence, name) for name in names}


def _restore(
    tensors: Arrays, header: dict[str, Any], records: Records[Batch], config: LoopConfig
) -> LoopState[Batch]:
    phi = torch.from_numpy(np.asarray(tensors["phi"]))
    _check("phi", tensors["phi"], (records.phi_size,))
    people, n = header["people"], records.n_features
    state: LoopState[Batch] = LoopState.start(phi, n, config, seed=0, people=people is not None)
    kept = _by_record(tensors)
    parts = {
        about["name"]: _part(kept, f"part.{i}", about, records, config)
        for i, about in enumerate(header["parts"])
    }
    state.evidence = _evidence(parts, people, n, config)
    state.theta = tensors["theta"]
    _check("theta", state.theta, (n * len(parts),))
    state.recent = [
        records.batch(**fields_of(kept[f"recent.{i}"])) for i in range(header["recent"])
    ]
    inertia = {
        name: torch.from_numpy(np.asarray(value))
        for name, value in kept.get("optimiser", {}).items()
    }
    if any(value.ndim and value.shape != phi.shape for value in inertia.values()):
        raise ValueError("the optimiser's state is not that of phi")
    if inertia:
        state.optimiser.state[state.phi] = inertia
    state.rng.bit_generator.state = header["rng"]
    state.k, state.updates = header["k"], header["updates"]
    return state


def _part(
    kept: dict[str, Arrays],
    prefix: str,
    about: dict[str, Any],
    records: Records[Any],
    config: LoopConfig,
) -> Evidence:
    """One person's evidence."""
    told, n = kept[prefix], records.n_features
    for name in ("mean", "prior_mean"):
        _check(name, told[name], (n,))
    for name in ("precision", "prior"):
        _check(name, told[name], (n, n))
        np.linalg.cholesky(told[name])
    misfit = None
    if about.get("misfit") is not None:
        found = {name: told[f"misfit_{name}"] for name in MISFIT}
        misfit = Misfit(**found, most=float(about["misfit"]))
        k = len(misfit.total)
        for name, shape in zip(MISFIT, ((k,), (k, k), (k,)), strict=True):
            _check(f"misfit_{name}", told[f"misfit_{name}"], shape)
    return Evidence(
        mean=told["mean"],
        precision=told["precision"],
        prior=told["prior"],
        prior_mean=told["prior_mean"],
        batches=tuple(
            records.likelihood(**fields_of(kept[f"{prefix}.batch.{i}"]))
            for i in range(about["batches"])
        ),
        window=config.evidence_window,
        misfit=misfit,
        **{count: int(about[count]) for count in COUNTS},
    )


def _evidence(
    parts: dict[str, Evidence], people: dict[str, Any] | None, n: int, config: LoopConfig
) -> Posterior:
    if people is None:
        (part,) = parts.values()
        return part
    identities, present = tuple(people["identities"]), tuple(people["present"])
    if people["reward"] != SHARED and tuple(parts) != identities:
        raise ValueError(f"evidence about {', '.join(parts)} for {', '.join(identities)}")
    start = PeopleEvidence.start(
        n,
        people["prior_precision"],
        config.evidence_window,
        people["reward"],
        config.misfit_alarm,
    )
    return replace(start, parts=parts, identities=identities, present=present)


def _check(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape or not np.isfinite(value).all():
        raise ValueError(f"{name} has shape {value.shape}, expected finite {shape}")


def _arrays(kind: str, kept: Sequence[Any], known: tuple[str, ...] = ()) -> Arrays:
    """Records as arrays, numbered."""
    return {
        f"{kind}.{i}.{key}": array
        for i, record in enumerate(kept)
        for key, array in arrays_of(record, known).items()
    }


def _by_record(tensors: Arrays) -> dict[str, Arrays]:
    """The arrays by what they are fields of."""
    kept: dict[str, Arrays] = {}
    for name, array in tensors.items():
        record, _, key = name.rpartition(".")
        kept.setdefault(record, {})[key] = array
    return kept
