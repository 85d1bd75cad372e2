"""Interactive inverse reinforcement learning for human-robot interaction (BISIRL)."""

import os

# Read when numpy is imported, in whatever process: two busy ones with two threads each collapse on
# two cores, since idle BLAS threads spin. torch's are `core.one_core`'s.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
