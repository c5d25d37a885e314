"""What would tell the patient's name. It decides whether something may travel where others can read it.

The rule errs on the side of refusing. A package counts as free of names in two cases:

* ``prepare.pseudonymise`` worked on the case: its pseudonym stands where the patient's name was, and the step itself has
  cleaned or left out everything else, and searched it;
* or the manifest holds no names (``private = false``), no file is as the sender wrote it (heads of meshes, closed files,
  documents and pictures may all name people; ``core.convert`` writes meshes anew), no report or picture was made while the
  case named its patient, and no file name holds a part of the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from casepan.api import Case, FileRef, PackageFile, Patient

SOURCE = "source"
_PSEUDONYM = re.compile(r"[A-Z]-(?:[0-9][A-Z]){5}")
"""As ``prepare.pseudonymise`` writes them; nobody is called so."""
SHORTEST = 3
"""Letters of the shortest part of a name that is looked for: shorter ones stand in every other text."""


def told_by_package(case: Case, packed: Sequence[PackageFile], *, private: bool) -> tuple[str, ...]:
    """Why a package would tell who the patient is, one sentence each; empty when nothing in it can."""
    return tuple(_reasons(case, packed, private=private))


def tells_name(case: Case, text: str) -> bool:
    """True when a text holds a part of the patient's name, or the practice's own reference for the patient."""
    plain = _plain(text)
    return any(part in plain for part in name_parts(case.patient))


def name_parts(patient: Patient) -> frozenset[str]:
    """Parts of the patient's name and reference in the form in which they are looked for."""
    told = (patient.name, patient.first, patient.last, patient.reference)
    words = " ".join(_plain(text) for text in told if text and not _PSEUDONYM.fullmatch(text))
    split = "".join(sign if sign.isalnum() else " " for sign in words).split()
    return frozenset(word for word in split if len(word) >= SHORTEST)


def is_named(patient: Patient) -> bool:
    """True when the case knows who lies in the chair."""
    return any(not _PSEUDONYM.fullmatch(text) for text in _told(patient))


def is_pseudonymised(patient: Patient) -> bool:
    """True when a pseudonym stands where the name was."""
    return bool(patient.name) and not is_named(patient)


def _told(patient: Patient) -> list[str]:
    told = (patient.name, patient.first, patient.last, patient.reference, patient.guid)
    return [text for text in told if text]


def _reasons(case: Case, packed: Sequence[PackageFile], *, private: bool) -> Iterator[str]:
    if is_pseudonymised(case.patient):
        return
    if private:
        yield "the manifest holds patient, practice and notes (`private = true`)"
    files = [file for file in packed if isinstance(file.content, FileRef)]
    as_sent = sum(file.content.store == SOURCE for file in files if isinstance(file.content, FileRef))
    if as_sent:
        files_are = "1 file is" if as_sent == 1 else f"{as_sent} files are"
        yield f"{files_are} as the sender wrote them, and such files may name the patient"
    if case.artifacts and is_named(case.patient):
        yield "reports or pictures were made while the case still named its patient"
    if any(tells_name(case, file.name) for file in packed):
        yield "a file name holds a part of the patient's name"


def _plain(text: str) -> str:
    """Without case and accents, so that ``MÜLLER`` and ``muller`` are one."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
