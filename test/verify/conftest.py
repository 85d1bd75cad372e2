"""ROS messages, where they are installed, can be imported although warnings are errors."""

from __future__ import annotations

import contextlib
import warnings

with warnings.catch_warnings(), contextlib.suppress(ImportError):
    warnings.simplefilter("ignore", DeprecationWarning)
    import rosidl_generator_py  # noqa: F401  (a parser under it imports what Python deprecated)
