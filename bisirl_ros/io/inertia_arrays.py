"""What an ascent remembers of its earlier steps, as the named arrays of a checkpoint."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.ascent import Ascent
from bisirl_ros.io.records import Arrays


def inertia_arrays(name: str, ascent: Ascent) -> Arrays:
    """The arrays of one ascent; all begin with its name and a dot."""
    return {
        f"{name}.{key}": value.detach().numpy()
        for key, value in ascent.inertia.items()
        if isinstance(value, Tensor)
    }


def inertia_of(arrays: Arrays, phi: Tensor) -> dict[str, Tensor]:
    """Of a policy phi (m,), its arrays by their key; raises ValueError for another policy's."""
    inertia = {name: torch.from_numpy(np.asarray(value)) for name, value in arrays.items()}
    if any(value.ndim and value.shape != phi.shape for value in inertia.values()):
        raise ValueError("the optimiser's state is not that of phi")
    return inertia
