"""A learner's whole state in one file, from which it goes on as if never interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.loop_config import LEARNED, LoopConfig
from bisirl_ros.core.loop_state import Batch, LoopState
from bisirl_ros.core.people_evidence import SHARED, PeopleEvidence
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import pack, unpack
from bisirl_ros.io.evidence_arrays import (
    FAMILY,
    by_record,
    check,
    counts_of,
    families_of,
    initial_arrays,
    initial_of,
    numbered,
    part_arrays,
    part_of,
)
from bisirl_ros.io.files import write_whole
from bisirl_ros.io.records import Arrays, Records, fields_of
from bisirl_ros.io.search_arrays import search_arrays, search_of

CHECKPOINT = "bisirl.checkpoint/6"


def save_checkpoint(
    path: Path,
    state: LoopState[Batch],
    records: Records[Batch],
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write the state of a double loop, whole or not at all; what was there becomes `previous`.

    extra: what else the caller has to remember; JSON-able, numbers finite (ValueError otherwise)
    """
    tensors: Arrays = {"phi": state.phi.numpy(), "theta": state.theta}
    for i, search in enumerate(state.searches):
        tensors |= search_arrays(f"search.{i}", search)
    tensors |= numbered("recent", state.recent)
    tensors |= {f"under.{i}": phi.numpy() for i, (_, phi) in enumerate(state.collected)}
    if isinstance(state.evidence, PeopleEvidence):
        tensors |= initial_arrays(state.evidence.initial)
    parts, families = state.evidence.parts, state.evidence.families
    for i, part in enumerate(parts.values()):
        tensors |= part_arrays(f"part.{i}", part, records)
    every = [(n, s, one) for n, family in families.items() for s, one in family.of.items()]
    for i, (_, _, one) in enumerate(every):
        tensors |= part_arrays(f"structure.{i}", one.evidence, records)
        tensors[f"structure.{i}.theta"] = one.theta
    header = {
        "identity": records.identity,
        "k": state.k,
        "updates": state.updates,
        "rng": state.rng.bit_generator.state,
        "recent": len(state.collected),
        "searches": len(state.searches),
        "parts": [counts_of(name, part) for name, part in parts.items()],
        "people": _people(state.evidence),
        "families": {
            name: {field: getattr(family, field) for field in FAMILY}
            for name, family in families.items()
        },
        "structures": [
            counts_of(s, one.evidence) | {"of": name, "lost": one.lost} for name, s, one in every
        ],
        "extra": dict(extra or {}),
    }
    data = pack(CHECKPOINT, tensors, header)
    if path.exists():
        write_whole(previous(path), path.read_bytes())
    write_whole(path, data)


def previous(path: Path) -> Path:
    """Where the checkpoint before the one at `path` is."""
    return path.with_name(path.name + ".previous")


def load_last_good(
    path: Path,
    records: Records[Batch],
    config: LoopConfig,
    initial: InitialBelief | None = None,
) -> tuple[LoopState[Batch], dict[str, Any], str]:
    """As `load_checkpoint`, and "", or from the one before with why that at `path` is not used."""
    try:
        return *load_checkpoint(path, records, config, initial), ""
    except InputError as error:
        before = previous(path)
        if not before.is_file():
            raise
        try:
            found = load_checkpoint(before, records, config, initial)
        except InputError:
            raise error from None
        return *found, f"{error}; going on from {before}"


def load_checkpoint(
    path: Path,
    records: Records[Batch],
    config: LoopConfig,
    initial: InitialBelief | None = None,
) -> tuple[LoopState[Batch], dict[str, Any]]:
    """The state that was saved, and the extra.

    initial: what it has to have begun from; None: whatever it did, and goes on with
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
        met = header["people"] and header["people"]["identities"]
        if met and bool(header["families"]) != (config.structure == LEARNED):
            was = "learned" if header["families"] else "given"
            raise InputError(
                f"checkpoint {path}: people's structure was {was}, this learner's is "
                f"{config.structure}; set structure as it was, or start anew"
            )
        state = _restore(tensors, header, records, config)
        _check_initial(path, state.evidence, initial)
        return state, header["extra"]
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


def _check_initial(path: Path, found: Posterior, initial: InitialBelief | None) -> None:
    if initial is None or not isinstance(found, PeopleEvidence):
        return
    if not found.initial.agrees(initial):
        raise InputError(
            f"checkpoint {path}: it did not begin from this initial_reward, and holds what it "
            "began from; leave initial_reward empty to go on, or start anew"
        )


def _told(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else str(value)


def _people(evidence: Posterior) -> dict[str, Any] | None:
    """Of evidence about several people; None where there is one."""
    if not isinstance(evidence, PeopleEvidence):
        return None
    told = {name: getattr(evidence, name) for name in ("reward", "identities", "present")}
    return {**told, "prior_precision": evidence.initial.precision}


def _restore(
    tensors: Arrays, header: dict[str, Any], records: Records[Batch], config: LoopConfig
) -> LoopState[Batch]:
    phi = _policy(tensors, "phi", records)
    people, n = header["people"], records.n_features
    state: LoopState[Batch] = LoopState.start(phi, n, config, seed=0, people=people is not None)
    kept = by_record(tensors)
    parts = {
        about["name"]: part_of(kept, f"part.{i}", about, records, config)
        for i, about in enumerate(header["parts"])
    }
    if people is None:
        (state.evidence,) = parts.values()
    else:
        initial = initial_of(kept, people["prior_precision"], n)
        state.evidence = _evidence(parts, people, initial, config)
    if header["families"] and isinstance(state.evidence, PeopleEvidence):
        families = families_of(kept, header, state.evidence, records, config)
        state.evidence = replace(state.evidence, families=families)
    state.theta = tensors["theta"]
    check("theta", state.theta, (n * len(parts),))
    state.collected = [
        (records.batch(**fields_of(kept[f"recent.{i}"])), _policy(tensors, f"under.{i}", records))
        for i in range(header["recent"])
    ]
    state.searches = [
        search_of(kept[f"search.{i}"], config, phi)
        for i in range(min(header["searches"], config.policy_starts))
    ]
    if not state.searches:
        raise ValueError("no search for a policy")
    state.rng.bit_generator.state = header["rng"]
    state.k, state.updates = header["k"], header["updates"]
    return state


def _policy(tensors: Arrays, name: str, records: Records[Any]) -> Tensor:
    check(name, tensors[name], (records.phi_size,))
    return torch.from_numpy(np.asarray(tensors[name]))


def _evidence(
    parts: dict[str, Evidence], people: dict[str, Any], initial: InitialBelief, config: LoopConfig
) -> PeopleEvidence:
    identities, present = tuple(people["identities"]), tuple(people["present"])
    if people["reward"] != SHARED and tuple(parts) != identities:
        raise ValueError(f"evidence about {', '.join(parts)} for {', '.join(identities)}")
    start = PeopleEvidence.start(
        len(initial.mean),
        initial.precision,
        config.evidence_window,
        people["reward"],
        config.misfit_alarm,
        initial,
    )
    return replace(start, parts=parts, identities=identities, present=present)
