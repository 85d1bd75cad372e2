"""The one exception for input that its user can mend."""

from __future__ import annotations

import sys
from collections.abc import Callable


class InputError(ValueError):
    """Bad input, told in one line: what is wrong, where, and what to do about it."""


def exit_cleanly(main: Callable[[], int | None]) -> int:
    """Run `main`; turn an `InputError` into one line on stderr and exit status 2."""
    try:
        return main() or 0
    except InputError as error:
        print(f"bisirl: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
