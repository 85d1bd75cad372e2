"""Evidence about people of whom also is learned how they decide (`core.structures`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import Likelihood, PeopleLikelihood
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.posterior import GIVEN, Posterior
from bisirl_ros.core.structures import Family, Solve
from bisirl_ros.errors import InputError

L = TypeVar("L", bound="Likelihood | PeopleLikelihood")


def as_believed(evidence: Posterior, likelihood: L) -> L:
    """A batch as the structures that are believed explain it.

    Raises InputError where one of them cannot.
    """
    if not isinstance(likelihood, PeopleLikelihood):
        return likelihood
    led = {}
    for name, explain in likelihood.otherwise.items():
        structure = evidence.structure_of(name)
        if structure not in explain:
            raise InputError(
                f"interactions: {name} {structure}, which a recording of the robot is too short to"
                " explain; leave it out"
            )
        if structure != GIVEN:
            led[name] = explain[structure]()
    return replace(
        likelihood,
        of={**likelihood.of, **{name: found.known for name, found in led.items()}},
        wider={**likelihood.wider, **{name: found.wider for name, found in led.items()}},
    )


def compared(
    evidence: PeopleEvidence, batch: PeopleLikelihood, solve: Solve
) -> tuple[PeopleEvidence, Mapping[str, Array]]:
    """Having asked how well each structure explains a batch; theta (n,) of whom another leads now.

    Where one leads, its evidence is what is believed of that person.
    """
    families, parts, found = dict(evidence.families), dict(evidence.parts), dict[str, Array]()
    for name, explain in batch.otherwise.items():
        before = families.get(name, Family(nothing_seen(evidence), evidence.misfit_alarm))
        families[name] = after = before.after(explain, solve)
        if after.leading != before.leading:
            led = after.of[after.leading]
            parts[name], found[name] = led.evidence, led.theta
    return replace(evidence, families=families, parts=parts), found


def begun_anew(evidence: Posterior, drifted: Mapping[str, int]) -> Posterior:
    """Having to compare the structures of those who changed anew, from their next batch on."""
    if not isinstance(evidence, PeopleEvidence) or not evidence.families:
        return evidence
    families = {
        name: family.begun_anew() if name in drifted else family
        for name, family in evidence.families.items()
    }
    return replace(evidence, families=families)


def nothing_seen(evidence: PeopleEvidence) -> Evidence:
    """The prior of somebody's structures, all alike."""
    return evidence.initial.evidence(evidence.window)
