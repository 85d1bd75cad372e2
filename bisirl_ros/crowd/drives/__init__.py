"""Robot drives: one small file each; they differ in what is admissible and in what they control.

A drive controls some columns of the twist vx, vy, wz; `admissible(velocity (..., c), robot)` is the
nearest velocity of these columns that it can do.
"""

from __future__ import annotations

from bisirl_ros.crowd.drives import ackermann, differential, omni

DRIVES = {"differential": differential, "omni": omni, "ackermann": ackermann}

__all__ = ["DRIVES"]
