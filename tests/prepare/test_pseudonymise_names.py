"""Pseudonyms: keyed, stable, readable, and never like a name themselves."""

from __future__ import annotations

import re

import pytest

from casepan.api import ConfigError, Personal
from casepan.operate.personal import personal_of
from casepan_prepare.hiding.names import Known
from casepan_prepare.hiding.pseudonyms import Pseudonyms
from casepan_prepare.hiding.search import Needles

MAKE = Pseudonyms.of("a key that only this laboratory has")


@pytest.mark.parametrize(
    "text", ["Müller, Jürgen", "Jürgen Müller", "MUELLER_JUERGEN", "mueller juergen", "Mu\u0308ller  Ju\u0308rgen"]
)
def test_one_person_however_written(text: str) -> None:
    """Order, capitals, separators, umlauts and how they are composed do not matter."""
    assert MAKE.of_person("P", text) == MAKE.of_person("P", "Jürgen Müller")


def test_kinds_people_and_keys_are_kept_apart() -> None:
    """The same text in another field, another person, another key: another pseudonym."""
    made = [
        MAKE.of_person("P", "Jane Doe"),
        MAKE.of_person("D", "Jane Doe"),
        MAKE.of_person("P", "Jane Roe"),
        MAKE.of_text("R", "Jane Doe"),
        Pseudonyms.of("the key of another laboratory").of_person("P", "Jane Doe"),
    ]
    assert len({one[2:] for one in made}) == len(made)


def test_pseudonyms_are_what_they_were() -> None:
    """A new version of casepan must not rename anybody."""
    assert MAKE.of_person("P", "Jane Doe") == "P-8J3B7Y4X2B"


def test_a_pseudonym_is_readable_and_no_name() -> None:
    """A letter, a hyphen, digits and letters in turn; no name of two or three letters is ever found in one."""
    made = [MAKE.of_text("X", str(number)) for number in range(3000)]
    assert all(re.fullmatch(r"X-(?:[2-9][A-HJ-KMNP-TV-Z]){5}", one) for one in made)
    assert len(set(made)) == len(made)
    needles = Needles.of(Known(name, "", "person") for name in ("Li", "Ng", "Bo", "Ann", "Kim", "Xu"))
    assert needles.find("\n".join(made).encode()) is None


def test_a_key_and_a_name_are_not_shown() -> None:
    """Neither in ``repr``, where a log could catch them, nor in the error about a short key."""
    assert "laboratory" not in repr(MAKE)
    assert "Doe" not in repr(Known("Jane Doe", "P-1", "person")) + repr(
        Needles.of((Known("Jane Doe", "P-1", "person"),))
    )
    with pytest.raises(ConfigError) as caught:
        Pseudonyms.of("secret-key")
    assert "secret-key" not in str(caught.value)


def test_an_ecosystems_personal_places_are_known_by_name() -> None:
    """Those of one adapter; core and unknown plugins have none."""
    assert "ComputerName" in personal_of("trios").hps
    assert personal_of("core") == personal_of("no-such-plugin") == Personal()
