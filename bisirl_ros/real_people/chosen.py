"""What people chose on their walks, beside all that they might have chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.offered import Offered
from bisirl_ros.crowd.person import Person
from bisirl_ros.real_people.looked_at import LookedAt
from bisirl_ros.real_people.offered import offered
from bisirl_ros.real_people.walks import Walks


@dataclass(frozen=True)
class Chosen:
    """looked: Phi (N, 1 + K, n) of the chosen, first, and of the K offered; log_area: (N, K)."""

    walks: Walks
    looked: LookedAt
    log_area: Array

    @staticmethod
    def by(person: Person, walks: Walks, what: Offered | None = None) -> Chosen:
        """As `person` looks at it; what: is offered, None: as `offered` has it."""
        what = offered(walks.seen.velocity, person.max_speed) if what is None else what
        targets = np.concatenate([walks.chosen[:, None], what.velocity], 1)
        return Chosen(walks, LookedAt.by(person, walks.seen, targets), what.log_area)

    def __len__(self) -> int:
        return len(self.walks)

    def of(self, kept: NDArray[np.bool_]) -> Chosen:
        """Those of some walks, kept (W,)."""
        rows = kept[self.walks.walk]
        return Chosen(self.walks.of(kept), self.looked.at(rows), self.log_area[rows])

    def without(self, features: NDArray[np.intp]) -> Chosen:
        """As if these features had not been looked at."""
        return replace(self, looked=self.looked.without(features))
