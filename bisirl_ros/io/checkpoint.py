"""A learner's whole state in one file, from which it goes on as if never interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.bilevel import Batch, LoopConfig, LoopState
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import pack, unpack
from bisirl_ros.io.files import write_whole
from bisirl_ros.io.records import Arrays, Records, arrays_of, fields_of

CHECKPOINT = "bisirl.checkpoint/2"


def save_checkpoint(path: Path, state: LoopState[Batch], records: Records[Batch]) -> None:
    """Write the state of a double loop, whole or not at all."""
    evidence = state.evidence
    tensors: Arrays = {
        "phi": state.phi.detach().numpy(),
        "theta": state.theta,
        "mean": evidence.mean,
        "precision": evidence.precision,
        "prior": evidence.prior,
    }
    for name, value in state.optimiser.state.get(state.phi, {}).items():
        if isinstance(value, Tensor):
            tensors[f"optimiser.{name}"] = value.detach().numpy()
    for kind, kept in (("batch", evidence.batches), ("recent", state.recent)):
        for i, record in enumerate(kept):
            tensors |= {f"{kind}.{i}.{key}": array for key, array in arrays_of(record).items()}
    header = {
        "identity": records.identity,
        "k": state.k,
        "updates": state.updates,
        "condensed": evidence.condensed,
        "forgotten": evidence.forgotten,
        "batches": len(evidence.batches),
        "recent": len(state.recent),
        "rng": state.rng.bit_generator.state,
    }
    write_whole(path, pack(CHECKPOINT, tensors, header))


def load_checkpoint(path: Path, records: Records[Batch], config: LoopConfig) -> LoopState[Batch]:
    """The state that was saved; raises InputError for an unreadable, foreign or unfit file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"checkpoint {path}: cannot be read ({error.strerror}); check the path"
        ) from error
    tensors, header = unpack(CHECKPOINT, data, f"checkpoint {path}")
    try:
        _check_identity(path, header["identity"], records)
        return _restore(tensors, header, records, config)
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, np.linalg.LinAlgError) as error:
        raise InputError(f"checkpoint {path}: damaged or unfit ({error}); use another") from error


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


def _restore(
    tensors: Arrays, header: dict[str, Any], records: Records[Batch], config: LoopConfig
) -> LoopState[Batch]:
    phi = torch.from_numpy(np.asarray(tensors["phi"]))
    if phi.shape != (records.phi_size,) or not torch.isfinite(phi).all():
        raise ValueError(f"phi has shape {tuple(phi.shape)}, expected finite ({records.phi_size},)")
    n = records.n_features
    for name, shape in {"theta": (n,), "mean": (n,), "precision": (n, n), "prior": (n, n)}.items():
        if tensors[name].shape != shape or not np.isfinite(tensors[name]).all():
            raise ValueError(f"{name} has shape {tensors[name].shape}, expected finite {shape}")
    np.linalg.cholesky(tensors["precision"])
    state: LoopState[Batch] = LoopState.start(phi, records.n_features, config, seed=0)
    state.theta = tensors["theta"]
    state.evidence = Evidence(
        mean=tensors["mean"],
        precision=tensors["precision"],
        prior=tensors["prior"],
        batches=tuple(
            records.likelihood(**_fields(tensors, f"batch.{i}.")) for i in range(header["batches"])
        ),
        condensed=header["condensed"],
        forgotten=header["forgotten"],
        window=config.evidence_window,
    )
    state.recent = [
        records.batch(**_fields(tensors, f"recent.{i}.")) for i in range(header["recent"])
    ]
    inertia = {
        name.removeprefix("optimiser."): torch.from_numpy(np.asarray(value))
        for name, value in tensors.items()
        if name.startswith("optimiser.")
    }
    if any(value.ndim and value.shape != phi.shape for value in inertia.values()):
        raise ValueError("the optimiser's state is not that of phi")
    if inertia:
        state.optimiser.state[state.phi] = inertia
    state.rng.bit_generator.state = header["rng"]
    state.k, state.updates = header["k"], header["updates"]
    return state


def _fields(tensors: Arrays, prefix: str) -> dict[str, Any]:
    """What a record was made of, by the names of its fields."""
    names = [name for name in tensors if name.startswith(prefix)]
    return fields_of({name.removeprefix(prefix): tensors[name] for name in names})
