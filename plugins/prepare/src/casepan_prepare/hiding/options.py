"""Options of ``prepare.pseudonymise``. Free of heavy imports."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.api import Secret, option


@frozen
class PseudonymiseOptions:
    """Whom to hide, and the key that makes the pseudonyms."""

    key: Secret = option(
        doc="secret of at least 16 characters from which pseudonyms are made; the same key gives the same pseudonyms",
    )
    staff: Literal["keep", "replace"] = option(
        "replace", "what happens to practice, doctor, licence, address and to names of the laboratory's own people"
    )
    notes: Literal["clean", "drop"] = option(
        "clean", "notes and other free text: take the known names out, or leave the whole text out"
    )
    sheets: Literal["clean", "leave-out"] = option(
        "clean",
        "HTML sheets, which may show more about a person than any other file names: clean them or leave them out",
    )
