"""One thread per process: the tests start several, and idle BLAS threads spin."""

from __future__ import annotations

import os

for _pool in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")  # read when numpy and torch are imported
