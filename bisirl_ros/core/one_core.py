"""What each process that computes does first: one thread of arithmetic, and memory that is kept."""

from __future__ import annotations

import ctypes

import torch

KEPT, IN_PLACE = 1 << 29, 1 << 25
"""Freed memory that stays with the process, and up to which size [bytes]."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of mallopt(3)."""


def stay_on_one_core() -> None:
    """One thread, since processes run side by side; for all of this process.

    An update allocates the same tensors as the one before. Where freed memory goes back to the
    system each time, thousands of pages an update are cleared and mapped anew.
    Only glibc's allocator can be told so; others are left as they are.
    """
    torch.set_num_threads(1)
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(M_TRIM_THRESHOLD, KEPT)
        mallopt(M_MMAP_THRESHOLD, IN_PLACE)
