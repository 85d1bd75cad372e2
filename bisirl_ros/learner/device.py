"""Which device imagination runs on, and whether it is compiled for it."""

from __future__ import annotations

import re

import torch

from bisirl_ros.errors import InputError


def resolve_device(name: str) -> torch.device:
    """`auto` (CUDA where there is one), `cpu`, `cuda`, `cuda:i`; InputError where not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:(0|[1-9]\d?))?", name):
        raise InputError(
            f"device '{name}' is unknown; choose auto, cpu, cuda or cuda:0, cuda:1, ..."
        )
    if name.startswith("cuda"):
        count = torch.cuda.device_count()
        if int(name.partition(":")[2] or 0) >= count:
            raise InputError(
                f"device '{name}': this machine has {count} CUDA devices that this torch"
                f" ({torch.__version__}) can use; choose cpu or auto"
            )
    return torch.device(name)


def compiles(choice: str, device: torch.device) -> bool:
    """Whether `compile` is on for `device`: "on", "off", or "auto": on a GPU, where it pays."""
    return choice == "on" or (choice == "auto" and device.type == "cuda")
