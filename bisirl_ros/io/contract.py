"""The boundary between control and learning: interactions in, policy snapshots out.

Both are bytes: a safetensors file (a JSON header and raw tensors, never code), with a schema name
and version in the header. The same bytes go through a queue to a learner process, over a latched
ROS topic to the simulated human, and into a checkpoint.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.errors import InputError

SNAPSHOT = "bisirl.snapshot/1"
INTERACTIONS = "bisirl.interactions/1"


@dataclass(frozen=True)
class Snapshot:
    """An immutable policy, and what was known of the human when it was made.

    version: counts up from 0, which is the policy before any learning
    phi: (m,) policy parameters; theta: (n,) reward estimate; covariance: (n, n) of theta
    scenario, features: what they belong to
    """

    version: int
    phi: Tensor
    theta: Array
    covariance: Array
    scenario: str
    features: tuple[str, ...]


def pack_snapshot(snapshot: Snapshot) -> bytes:
    """A snapshot as bytes."""
    tensors = {
        "phi": snapshot.phi.detach().cpu().double().numpy(),
        "theta": np.asarray(snapshot.theta, float),
        "covariance": np.asarray(snapshot.covariance, float),
    }
    header = {
        "version": snapshot.version,
        "scenario": snapshot.scenario,
        "features": list(snapshot.features),
    }
    return pack(SNAPSHOT, tensors, header)


def unpack_snapshot(data: bytes, where: str) -> Snapshot:
    """The snapshot in `data`; raises InputError for foreign, damaged or not finite bytes."""
    tensors, header = unpack(SNAPSHOT, data, where)
    try:
        snapshot = Snapshot(
            version=int(header["version"]),
            phi=torch.from_numpy(tensors["phi"]),
            theta=tensors["theta"],
            covariance=tensors["covariance"],
            scenario=str(header["scenario"]),
            features=tuple(header["features"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: a snapshot without {error}; write it anew") from error
    numbers = (snapshot.phi.numpy(), snapshot.theta, snapshot.covariance)
    if not all(np.isfinite(values).all() for values in numbers):
        raise InputError(f"{where}: the snapshot holds a value that is not finite")
    n = len(snapshot.features)
    if snapshot.theta.shape != (n,) or snapshot.covariance.shape != (n, n):
        raise InputError(f"{where}: the snapshot's shapes disagree with its {n} features")
    return snapshot


def pack_interactions(batch: Interactions) -> bytes:
    """A batch of interactions as bytes."""
    tensors = {
        "human": batch.human,
        "robot": batch.robot,
        "target": batch.target,
        "goal": batch.goal,
    }
    optional = {"robot_future": batch.robot_future, "step": batch.step}
    tensors |= {name: value for name, value in optional.items() if value is not None}
    return pack(
        INTERACTIONS, tensors, {"policy_version": batch.policy_version, "episode": batch.episode}
    )


def unpack_interactions(data: bytes, where: str) -> Interactions:
    """The batch in `data`; raises InputError for foreign, damaged or not finite bytes."""
    tensors, header = unpack(INTERACTIONS, data, where)
    try:
        return Interactions(
            human=tensors["human"],
            robot=tensors["robot"],
            target=tensors["target"],
            goal=tensors["goal"],
            policy_version=int(header["policy_version"]),
            robot_future=tensors.get("robot_future"),
            episode=int(header["episode"]),
            step=tensors.get("step"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: not a batch of interactions ({error})") from error


def pack(schema: str, tensors: dict[str, np.ndarray], header: dict[str, Any]) -> bytes:
    """Tensors and a JSON header as safetensors bytes, marked with `schema`."""
    # numpy makes contiguous arrays at least one-dimensional
    contiguous = {n: np.ascontiguousarray(v).reshape(np.shape(v)) for n, v in tensors.items()}
    metadata = {"schema": schema, "header": json.dumps(header, allow_nan=False)}
    return bytes(safetensors.numpy.save(contiguous, metadata))


def unpack(schema: str, data: bytes, where: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The tensors and header of `pack`; raises InputError for other bytes or another schema."""
    try:
        tensors = safetensors.numpy.load(data)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        found, header = metadata.get("schema"), json.loads(metadata.get("header", "{}"))
    except (safetensors.SafetensorError, ValueError, AttributeError) as error:
        raise InputError(
            f"{where}: not a file of this package ({error}); expected {schema}"
        ) from error
    if found != schema:
        raise InputError(f"{where}: holds {found or 'no schema'}, expected {schema}")
    return tensors, header
