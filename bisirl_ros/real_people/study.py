"""One study of recorded people: fit, hold out, compare, draw, keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.crowd.person import Person
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import write_whole
from bisirl_ros.io.reward_file import LearnedReward, write_reward
from bisirl_ros.real_people import plots, report
from bisirl_ros.real_people.answer import compliance
from bisirl_ros.real_people.fit import Fit
from bisirl_ros.real_people.held_out import rivals, score
from bisirl_ros.real_people.navwareset import COMPLIANT, KIND
from bisirl_ros.real_people.rewards import Rewards, rewards
from bisirl_ros.real_people.structure import profiles
from bisirl_ros.real_people.walks import SceneRecording

SUMMARY: Final = "people.json"
REWARD_FILE: Final = "reward.json"
Say = Callable[[str], None]


class Study:
    """Of some recordings; structure: profiles of horizon, discount and lag, too.

    Raises InputError where fewer than two scenes hold a decision.
    """

    def __init__(
        self,
        recordings: Sequence[SceneRecording],
        person: Person,
        kind: str,
        destinations: int,
        structure: bool,
    ) -> None:
        self._recordings, self._person, self._kind = recordings, person, kind
        self._destinations, self._structure = destinations, structure
        self._rivals = rivals(recordings, person)
        self._chosen = self._rivals[0].chosen
        if len(self._chosen.walks.scenes) < 2:
            raise InputError(
                f"only scene {self._chosen.walks.scenes[0]} holds a decision; a second is needed to"
                " be held out"
            )

    def run(self, out: Path, say: Say) -> None:
        """Do it all, into a folder that is there."""
        walks = self._chosen.walks
        people, count = len(set(walks.whose)), len(walks.scene)
        say(f"{len(self._chosen)} decisions of {people} people of a scene in {count} walks")
        found = rewards(self._chosen, self._destinations)
        told = report.rewards_found(found)
        for name, (value, std) in told["everybody"].items():
            say(f"  {name:24s} {value:8.3f} +- {NORMAL_95 * std:.3f}")
        summary: dict[str, Any] = {"rewards": told}
        groups = {"all robots": found.all} | self._by_regard(summary, say)
        if self._structure:
            of = profiles(self._recordings, self._person, self._destinations, say)
            summary["structure"] = [vars(one) for one in of]
        scores, drawn = [], {}
        for scene in walks.scenes:
            one, drawn[scene] = score(
                [scene], self._rivals, self._recordings, destinations=self._destinations
            )
            scores.append(one)
            held = float(one.by[self._rivals[0].name].mean())
            say(f"scene {scene} held out: {held:.3f} a decision")
        summary["held_out"] = report.scores_found(scores)
        for line in report.table(summary["held_out"]):
            say(line)
        self._keep(out, found)
        write_whole(out / SUMMARY, json.dumps(summary, indent=1, default=_plain).encode())
        write_whole(out / "answers.png", plots.answers(self._person, groups))
        write_whole(out / "weights.png", plots.weights(told))
        write_whole(out / "fans.png", plots.fans(drawn))
        say(f"results and plots: {out}")

    def _by_regard(self, summary: dict[str, Any], say: Say) -> dict[str, Fit]:
        """Two groups of robots, where it is known how they drove."""
        scenes = set(self._chosen.walks.scenes)
        if self._kind != KIND or not scenes & set(COMPLIANT) or scenes <= set(COMPLIANT):
            return {}
        regard, without, difference = compliance(self._chosen, self._destinations)
        summary["with_regard_less_without"] = report.difference_found(difference)
        say(f"robots with regard against those without: p = {difference.p:.3f}")
        return {"robots with regard": regard, "robots without": without}

    def _keep(self, out: Path, found: Rewards) -> None:
        """For a learner to start from."""
        source = f"bisirl people: {len(self._chosen.walks.scenes)} scenes of {self._kind}"
        prior, people = found.prior, len(found.people)
        reward = LearnedReward.of(self._person, prior.mean, prior.covariance, people, source)
        write_reward(out / REWARD_FILE, reward)


def _plain(value: Any) -> Any:
    return np.asarray(value).tolist()
