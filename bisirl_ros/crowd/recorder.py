"""From streams of reports to decisions: what everybody went for at each of their decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import arrived
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.expected_choices import ExpectedChoices
from bisirl_ros.crowd.foreseen import REALISED, Onlooker
from bisirl_ros.crowd.heard_episode import HeardEpisode, Stream
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.tracking.estimate import Estimate, estimate, side_by_side
from bisirl_ros.tracking.motion_model import Seen
from bisirl_ros.tracking.noise import WhiteNoise
from bisirl_ros.tracking.person_filter import Report
from bisirl_ros.tracking.samples import Samples, latest
from bisirl_ros.tracking.timing import Timings, timings
from bisirl_ros.tracking.track import Rhythm, Track

JUMP_S = 2.0
BACK_S = 1.0
TICK_S = 1e-6
UNTOLD = {"position": 0.02, "velocity": 0.1}


class DecisionRecorder:
    """Collects stamped reports of one episode and estimates the decisions in it.

    Decisions are made at t_k = begin + k * period by everybody who is there and has not arrived.
    What each went for is estimated by a filter (`bisirl_ros.tracking`), with its spread; a decision
    is not known where nothing was reported after the reaction. Targets beyond `max_speed` by more
    than their spread explains are left out, counted in `beyond`. A jump of time ends the record.

    scenario: decision period, lag, goal tolerance; foresight: what people foresaw of a robot that
    was recorded, not controlled (`foreseen.FORESIGHTS`), "" of ours; reaction_s: a choice shows at
    most so long after it [s]; when it does is learned over episodes, as is the noise of a tracker
    that does not tell it; learn_timing: whether people may decide at other times than the scenario
    has it, or follow their choices faster or slower; timings: what is known of that
    """

    def __init__(
        self,
        scenario: Scenario,
        foresight: str = "",
        reaction_s: float = 0.1,
        learn_timing: bool = False,
    ) -> None:
        self._person, self._room, self._foresight = scenario.person, scenario.room, foresight
        self._reaction_s = min(reaction_s, 0.5 * self._person.decision_period_s)
        self._ahead_s = self._person.decision_period_s * np.arange(self._person.horizon + 1)
        self._onlooker = Onlooker(foresight, self._ahead_s) if foresight else None
        body = self._person.decision_period_s, self._person.lag_s
        options = timings(*body, self._reaction_s)
        self.timings = Timings(options if learn_timing else options[:1])
        self._noise = {"position": WhiteNoise(), "velocity": WhiteNoise()}
        self._episode: HeardEpisode | None = None
        self.beyond = 0

    def begin(
        self,
        time_s: float,
        policy_version: int,
        episode: int,
        route: Array,
        goals: Mapping[str, Array],
        log_belief: Mapping[str, Array],
    ) -> None:
        """Open an episode whose first decisions are at time_s [s]; drops an open one.

        route: (L, 2) [m]; goals: (G, 2) [m] and log_belief: (G,) of each person who may come
        """
        people = {
            name: Stream(np.array(place, float), [(time_s, np.array(log_belief[name], float))])
            for name, place in goals.items()
        }
        routes = [(time_s, np.array(route, float))]
        self._episode = HeardEpisode(time_s, policy_version, episode, routes, people)

    def robot(self, time_s: float, state: Array) -> None:
        """The robot's state (6,) at time_s; ignored outside an episode or if not newer.

        Its stamps are the episode's clock: where they jump, the record ends.
        """
        episode = self._episode
        if episode is None or time_s > episode.until_s:
            return
        if episode.robot:
            newest = episode.robot[-1][0]
            if not newest - BACK_S <= time_s <= newest + JUMP_S:
                episode.until_s = newest
            if time_s <= newest or episode.until_s == newest:
                return
        if time_s >= episode.begin_s - TICK_S:
            episode.robot.append((time_s, np.array(state, float)))

    def person(
        self,
        identity: str,
        time_s: float,
        position: Array | None,
        velocity: Array | None = None,
        position_cov: Array | None = None,
        velocity_cov: Array | None = None,
        anew: bool = False,
    ) -> None:
        """A report of somebody: (2,) each, covariances (2, 2); None: not told; zero: exact.

        anew: it belongs to another track than the last. Ignored outside an episode, if not newer,
        or for somebody whom `begin` did not name.
        """
        values = {"position": position, "velocity": velocity}
        known = {kind: np.array(v, float) for kind, v in values.items() if v is not None}
        for kind, value in known.items():
            self._noise[kind].push(identity, time_s, value)
        episode = self._episode
        stream = episode.people.get(identity) if episode else None
        if episode is None or stream is None or stream.ended:
            return
        stream.ended = time_s < stream.newest_s - BACK_S
        since_s = max(stream.newest_s + TICK_S, episode.begin_s - TICK_S)
        if stream.ended or not since_s <= time_s <= episode.until_s:
            return
        if anew and stream.runs[-1]:
            stream.runs.append([])
        stream.newest_s = time_s
        place, speed = known.get("position"), known.get("velocity")
        stream.runs[-1].append(Report(time_s, place, position_cov, speed, velocity_cov))

    def route(self, time_s: float, route: Array) -> None:
        """The robot's route (L, 2) [m] from time_s on."""
        if self._episode:
            self._episode.routes.append((time_s, np.array(route, float)))

    def belief(self, time_s: float, identity: str, log_belief: Array) -> None:
        """Log probability (G,) of somebody's goals, given what was seen until time_s."""
        if self._episode and identity in self._episode.people:
            beliefs = self._episode.people[identity].beliefs
            beliefs.append((time_s, np.array(log_belief, float)))

    def finish(self, expects: ExpectedChoices | None = None) -> Decisions | None:
        """Close the episode; None where it holds no decision that is known.

        expects: what is known of how people choose, None: nothing yet
        """
        episode, self._episode = self._episode, None
        if episode is None or len(episode.robot) < 2:
            return None
        seen, begin_s, told = self._seen(episode), episode.begin_s, episode.number >= 0
        if not told:  # cut by time: nobody told when people decide
            given = Rhythm(begin_s, self._person.decision_period_s, self._reaction_s)
            begin_s = given.in_phase([run for one in seen.values() for run in one.runs]).begin_s
        expect = None if expects is None else partial(episode.expected, expects, self._room)
        rhythm, tracks = self.timings.follow(seen, begin_s, expect, compare=told)
        return self._collected(episode, rhythm, {n: t for n, t in tracks.items() if t.moments})

    def _seen(self, episode: HeardEpisode) -> dict[str, Seen]:
        own = {k: (n.std or UNTOLD[k]) ** 2 * np.eye(2) for k, n in self._noise.items()}
        return {
            name: Seen(
                [[_filled(report, own) for report in run] for run in stream.runs if run],
                partial(stream.straight, self._person.preferred_speed),
            )
            for name, stream in episode.people.items()
        }

    def _collected(
        self, episode: HeardEpisode, rhythm: Rhythm, tracks: dict[str, Track]
    ) -> Decisions | None:
        """Everybody's decisions side by side, at the moments when the robot's state is known."""
        robot = episode.robots(rhythm)
        steps = robot.steps(rhythm.begin_s, rhythm.period_s)
        if self._foresight == REALISED:
            steps = steps[robot.known(rhythm.at(steps)[:, None] + self._ahead_s).all(-1)]
        said = {name: self._said(t, episode.people[name], rhythm) for name, t in tracks.items()}
        decided = {k for by in said.values() for k, one in by.items() if one.known}
        which = np.flatnonzero([step in decided for step in steps.tolist()])
        if len(which) == 0:
            return None
        steps = steps[which[0] : which[-1] + 1]
        times, names = rhythm.at(steps), tuple(said)
        route, goals, belief = episode.aims(names, times)
        period_s, lag_s = self.timings.best.other_than(
            self._person.decision_period_s, self._person.lag_s
        )
        present, people, target, spread = side_by_side(list(said.values()), steps)
        return Decisions(
            robot=robot.at(times),
            people=people,
            present=present,
            target=target,
            spread=spread,
            identities=names,
            route=route,
            goals=goals,
            log_belief=belief,
            policy_version=episode.policy_version,
            step=steps - steps[0],
            robot_future=self._foreseen(robot, times),
            episode=episode.number,
            period_s=period_s,
            lag_s=lag_s,
        )

    def _foreseen(self, robot: Samples, times: Array) -> Array | None:
        """By who saw the episodes before; None where it is a robot of ours."""
        if self._onlooker is None:
            return None
        found = self._onlooker.foresee(robot, times)
        self._onlooker.watch(robot)
        return found

    def _said(self, track: Track, stream: Stream, rhythm: Rhythm) -> dict[int, Estimate]:
        """Somebody's estimates by moment; who has arrived decides nothing any more.

        Where several goals are possible, being at one of them may be arrival or passing by: nothing
        is learned from it, as long as they are there.
        """
        tolerance = self._person.goal_tolerance_m
        said, done, log_weight = {}, False, self.timings.model.log_weight
        for moment in track.moments:
            one = estimate(moment, log_weight, self._person.max_speed)
            belief = latest(stream.beliefs, np.array([rhythm.at(moment.step)]))[0]
            possible = np.unique(stream.goals[np.isfinite(belief)], axis=0)
            place = torch.tensor(one.now[:2])
            there = bool(arrived(place, torch.from_numpy(possible), tolerance).any())
            done = there or (done and len(possible) == 1)
            self.beyond += one.beyond and not done
            said[moment.step] = one.without_target() if done else one
        return said


def _filled(report: Report, own: Mapping[str, Array]) -> Report:
    """The report with covariances (2, 2) of its own where the tracker told none."""
    place = own["position"] if report.position_cov is None else report.position_cov
    speed = own["velocity"] if report.velocity_cov is None else report.velocity_cov
    return replace(report, position_cov=place, velocity_cov=speed)
