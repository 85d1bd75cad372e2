"""A search for a better policy, as the named arrays of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.policy_search import PolicySearch
from bisirl_ros.io.records import Arrays

ITERATE, MEAN = "iterate", "mean"


def search_arrays(name: str, search: PolicySearch) -> Arrays:
    """The arrays of one search; all begin with its name and a dot."""
    inertia = {k: v for k, v in search.ascent.inertia.items() if isinstance(v, Tensor)}
    tensors = {ITERATE: search.phi, MEAN: search.mean, **inertia}
    return {f"{name}.{key}": tensor.detach().numpy() for key, tensor in tensors.items()}


def search_of(arrays: Mapping[str, Array], config: LoopConfig, deployed: Tensor) -> PolicySearch:
    """Of its arrays by their key; raises KeyError, or ValueError where they are another policy's.

    deployed: (m,); where nothing is checked a search goes on from there, or what may be worse than
    it would be deployed
    """
    inertia = {name: torch.from_numpy(np.asarray(value)) for name, value in arrays.items()}
    phi, mean = inertia.pop(ITERATE), inertia.pop(MEAN)
    vectors = [phi, mean, *(value for value in inertia.values() if value.ndim)]
    if any(value.shape != deployed.shape for value in vectors):
        raise ValueError("a search is not for such policies as are deployed")
    search = PolicySearch.start(phi, config, mean, inertia)
    if not config.checks and not torch.equal(phi, deployed):
        search.return_to(deployed)
    return search
