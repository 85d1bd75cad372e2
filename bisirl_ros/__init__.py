"""Interactive inverse reinforcement learning for human-robot interaction (BISIRL)."""

__version__ = "0.1.0"
