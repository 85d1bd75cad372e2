"""What a tracker said: identities that can be kept, and stamps that were not told."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.errors import InputError
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import MOST_CHARACTERS, Sighting, clean_identity

few = settings(max_examples=200, deadline=None, database=None, derandomize=True)
any_text = st.text(st.characters(), max_size=90)  # surrogates and controls too


def report(identity: str, stamp_s: float = 3.0) -> PersonReport:
    return PersonReport(identity, stamp_s, np.zeros(2), None, None, None)


@few
@given(any_text)
def test_an_identity_is_one_short_printable_line(name: str) -> None:
    clean = clean_identity(name)
    assert clean == "" or (clean.isprintable() and clean == clean.strip())
    assert len(clean) <= MOST_CHARACTERS
    assert clean_identity(clean) == clean
    assert json.loads(json.dumps({clean: 1}, ensure_ascii=False).encode()) == {clean: 1}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("anna", "anna"),
        ("legtrack12|legtrack13", "legtrack12|legtrack13"),
        ("Jürgen 2", "Jürgen 2"),
        ("an\nna\x1b[31m", "anna[31m"),
        ("a\u202eb\u2028c\ud800", "abc"),
        (" \t\n", ""),
        ("x" * 65, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
    ],
)
def test_what_is_kept_of_a_name(name: str, clean: str) -> None:
    assert clean_identity(name) == clean


def test_an_identity_told_twice_is_refused_by_name_and_anonymous_people_are_not() -> None:
    with pytest.raises(InputError, match="'ben' is there twice") as raised:
        Sighting("odom", 3.0, (report("ben"), report("anna"), report("ben")), True)
    assert "\n" not in str(raised.value)
    assert len(Sighting("odom", 3.0, (report(""), report("")), True).people) == 2


def test_the_arrival_stands_in_for_a_stamp_that_is_not_told_and_for_no_other() -> None:
    untold = Sighting("odom", None, (report("anna", 0.0), report("ben", 2.0)), True, (1.0, 2.0))
    filled = untold.stamped(7.5)
    assert filled.stamp_s == 7.5
    assert [person.stamp_s for person in filled.people] == [7.5, 2.0]
    assert (filled.frame_id, filled.complete, filled.heights) == ("odom", True, (1.0, 2.0))
    told = Sighting("odom", 3.0, (report("anna"),), False).stamped(7.5)
    assert (told.stamp_s, told.people[0].stamp_s) == (3.0, 3.0)
    assert math.isclose(Sighting("", None, (), True).stamped(7.5).stamp_s or 0.0, 7.5)
