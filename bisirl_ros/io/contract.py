"""The boundary between control and learning: episodes' logs in, policy snapshots out.

Both are bytes: a safetensors file (a JSON header and raw tensors, never code), with a schema name
and version in the header. The same bytes go through a queue to a learner process, over a latched
ROS topic to the simulated human, and into a checkpoint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.episode_log import EpisodeLog
from bisirl_ros.errors import InputError
from bisirl_ros.io.records import arrays_of, fields_of

SNAPSHOT = "bisirl.snapshot/2"
LOG = "bisirl.episode_log/1"


@dataclass(frozen=True)
class Snapshot:
    """An immutable policy, and what was known of people when it was made.

    version: counts up from 0, which is the policy before any learning
    phi: (m,) policy parameters; identities: P people who were met
    theta: (P, n) reward estimates; covariance: (P, n, n) of each
    stranger: (n,) and stranger_covariance: (n, n), of somebody who was not met yet
    scenario, features: what they belong to; structures: how each of them decides
    deployed_s: ROS time from which a robot followed it [s], None where it was not said
    """

    version: int
    phi: Tensor
    identities: tuple[str, ...]
    theta: Array
    covariance: Array
    stranger: Array
    stranger_covariance: Array
    scenario: str
    features: tuple[str, ...]
    structures: tuple[str, ...] = ()
    deployed_s: float | None = None

    def structures_of(self, identities: Iterable[str]) -> list[str]:
        """How these people decide (`core.structures`)."""
        known = dict(zip(self.identities, self.structures, strict=False))
        return [known.get(identity, GIVEN) for identity in identities]

    def theta_of(self, identities: Iterable[str]) -> Array:
        """The weights of these people, a stranger's for whoever was not met: (P', n)."""
        known = dict(zip(self.identities, self.theta, strict=True))
        rows = [known.get(identity, self.stranger) for identity in identities]
        return np.array(rows).reshape(-1, len(self.features))

    @property
    def std(self) -> Array:
        """Standard deviations of theta: (P, n)."""
        return np.asarray(np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2)))


SNAPSHOT_ARRAYS = ("theta", "covariance", "stranger", "stranger_covariance")


def pack_snapshot(snapshot: Snapshot) -> bytes:
    """A snapshot as bytes."""
    tensors = {name: np.asarray(getattr(snapshot, name), float) for name in SNAPSHOT_ARRAYS}
    tensors["phi"] = snapshot.phi.detach().cpu().double().numpy()
    header = {
        "version": snapshot.version,
        "scenario": snapshot.scenario,
        "features": list(snapshot.features),
        "identities": list(snapshot.identities),
        "structures": list(snapshot.structures),
        "deployed_s": snapshot.deployed_s,
    }
    return pack(SNAPSHOT, tensors, header)


def unpack_snapshot(data: bytes, where: str) -> Snapshot:
    """The snapshot in `data`; raises InputError for foreign, damaged or not finite bytes."""
    tensors, header = unpack(SNAPSHOT, data, where)
    try:
        snapshot = Snapshot(
            version=int(header["version"]),
            phi=torch.from_numpy(tensors["phi"]),
            identities=tuple(map(str, header["identities"])),
            structures=tuple(map(str, header.get("structures", ()))),
            scenario=str(header["scenario"]),
            features=tuple(header["features"]),
            deployed_s=None if header.get("deployed_s") is None else float(header["deployed_s"]),
            **{name: tensors[name] for name in SNAPSHOT_ARRAYS},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: a snapshot without {error}; write it anew") from error
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise InputError(f"{where}: the snapshot holds a value that is not finite")
    p, n = len(snapshot.identities), len(snapshot.features)
    shapes = ((p, n), (p, n, n), (n,), (n, n))
    if tuple(getattr(snapshot, name).shape for name in SNAPSHOT_ARRAYS) != shapes:
        raise InputError(f"{where}: the snapshot's shapes disagree with its {n} features")
    return snapshot


def pack_log(log: EpisodeLog) -> bytes:
    """What was heard during an episode as bytes."""
    return pack(LOG, arrays_of(log), {})


def unpack_log(data: bytes, where: str) -> EpisodeLog:
    """The log in `data`; raises InputError for foreign or damaged bytes."""
    tensors, _ = unpack(LOG, data, where)
    try:
        return EpisodeLog(**fields_of(tensors))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"{where}: not an episode's log ({error})") from error


def pack(schema: str, tensors: dict[str, np.ndarray], header: dict[str, Any]) -> bytes:
    """Tensors and a JSON header as safetensors bytes, marked with `schema` and a checksum."""
    # numpy makes contiguous arrays at least one-dimensional
    contiguous = {n: np.ascontiguousarray(v).reshape(np.shape(v)) for n, v in tensors.items()}
    text = json.dumps(header, allow_nan=False)
    checksum = _checksum(contiguous, text)
    metadata = {"schema": schema, "header": text, "sha256": checksum}
    return bytes(safetensors.numpy.save(contiguous, metadata))


def unpack(schema: str, data: bytes, where: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The tensors and header of `pack`; raises InputError for other bytes or another schema, or
    where a byte is not what it was."""
    try:
        tensors = safetensors.numpy.load(data)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        found, text = metadata.get("schema"), metadata.get("header", "{}")
        header = json.loads(text)
    except (safetensors.SafetensorError, ValueError, AttributeError) as error:
        raise InputError(
            f"{where}: not a file of this package ({error}); expected {schema}"
        ) from error
    if found != schema:
        raise InputError(f"{where}: holds {found or 'no schema'}, expected {schema}")
    if metadata.get("sha256") != _checksum(tensors, text):
        raise InputError(f"{where}: is damaged (its checksum is not that of its content)")
    return tensors, header


def _checksum(tensors: dict[str, np.ndarray], header: str) -> str:
    found = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        value = tensors[name]
        found.update(f"{name} {value.dtype} {value.shape}".encode())
        found.update(np.ascontiguousarray(value).tobytes())
    return found.hexdigest()
