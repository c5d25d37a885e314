"""What names a project: folder, tray, patient and the numbers that exocad's database tells cases apart by."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from attrs import field, frozen

from casepan.api import Case, ExportContext
from casepan_exocad.options import ProjectOptions
from casepan_exocad.units import worded

NO_COLOUR = "---"
NO_NUMBER = "0"
_REFUSED = re.compile(r'[\x00-\x1f<>:"/\\|?*%]+')
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FIRST_OWN = 1 << 30
"""Patient numbers from here on are casepan's; DentalDB counts its own up from 1."""

_REF = "2345679CDFGHJKMNPQRTVWXY"
"""The letters of which the ledger draws the six of a case's ref."""

_REFS = len(_REF) ** 6
_LONGEST = 60


@frozen
class Names:
    """Everything in a project that must agree between folder, document and database.

    Attributes:
        folder: of the project, and the stem of its files.
        when: naive, so that no program moves it to another day.
        number: the patient's, unique per case; guid: the project's, the same whenever this place is written.
        patient, first, practice, practice_id, tray, notes, colour: texts, empty where nothing may or can be said.
    """

    folder: str = field(repr=False)
    when: datetime
    number: int
    guid: UUID
    patient: str = field(repr=False)
    first: str = field(repr=False)
    practice: str = field(repr=False)
    practice_id: str = field(repr=False)
    tray: str = field(repr=False)
    notes: str = field(repr=False)
    colour: str


def names_of(case: Case, ctx: ExportContext, options: ProjectOptions) -> Names:
    """The names of a case's project. Patient or tray contain ``ctx.place``, so that cases and revisions stay apart."""
    private, order = options.private, case.prescription
    shades = {item.shade for item in order.items if item.shade}
    last = (case.patient.last or case.patient.name or "") if private else ""
    names: dict[str, str] = {
        "patient": _plain(f"{last} {ctx.place}"),
        "first": _plain(case.patient.first or "") if private and case.patient.last else "",
        "practice": _plain(order.practice or "") if private else "",
        "practice_id": _digits(case.practice),
        "tray": _plain(case.desk.number or ctx.place) if "%l" in options.name else ctx.place,
        "notes": "\n".join([*([order.notes] if private and order.notes else []), *_also_ordered(case)]),
        "colour": shades.pop() if len(shades) == 1 else NO_COLOUR,
    }
    when = (case.received_at or ctx.now()).replace(tzinfo=None, microsecond=0)
    folder = _folder(options.name, names, when.date().isoformat())
    return Names(folder, when, patient_number(case.ref), project_guid(ctx.place), **names)


def project_guid(place: str) -> UUID:
    """The GUID of the project of a case and revision: the same for every try, so that a probe knows it."""
    return UUID(bytes=sha256(f"casepan exocad project {place}".encode()).digest()[:16], version=4)


def patient_number(ref: str) -> int:
    """A patient number above those that DentalDB counts. Two cases with one number would become one patient there.

    A ref as the ledger draws it is read as a number with its letters as digits, so no two refs share one; any other text
    is hashed.
    """
    letters = ref.replace("-", "")
    if len(letters) != 6 or not set(letters) <= set(_REF):
        return _FIRST_OWN + _REFS + int.from_bytes(sha256(ref.encode()).digest()[:4]) % (_FIRST_OWN - _REFS)
    number = 0
    for letter in letters:
        number = number * len(_REF) + _REF.index(letter)
    return _FIRST_OWN + number


def unique_letters(guid: UUID) -> str:
    """26 upper-case letters, as exocad's ``ProjectUniqueId`` has them."""
    number = int.from_bytes(sha256(guid.bytes).digest()[:16])
    letters = []
    for _ in range(26):
        number, rest = divmod(number, 26)
        letters.append(chr(ord("A") + rest))
    return "".join(letters)


def _folder(template: str, names: dict[str, str], day: str) -> str:
    colour = "" if names["colour"] == NO_COLOUR else names["colour"]
    values = {
        "%tc": colour,
        "%d": day,
        "%l": names["patient"],
        "%f": names["first"],
        "%p": names["practice"],
        "%n": names["practice_id"],
        "%s": names["tray"],
        "%c": "",
    }
    return re.sub("|".join(values), lambda found: values[found[0]], template).rstrip(" .")


def _also_ordered(case: Case) -> list[str]:
    """A line for each item that a project has no known word for, so that nobody overlooks it in DentalDB."""
    known = {item.id for item in worded(case.prescription.items)}
    lines = []
    for item in case.prescription.items:
        teeth = ", ".join(map(str, item.teeth))
        said = (teeth, item.kind, item.material if item.material != "unknown" else None, item.shade)
        if item.id not in known:
            lines.append(f"Also ordered: {' '.join(word for word in said if word)}")
    return lines


def _digits(text: str | None) -> str:
    """A number, which is what exocad's practices have; the laboratory's own word for a practice may be none."""
    return text if text and text.isdecimal() else NO_NUMBER


def _plain(text: str) -> str:
    """The text as it may stand in a file name: exocad makes the folder's name from the fields, so both must agree."""
    return _REFUSED.sub("_", writable(text))[-_LONGEST:].strip(" .")


def writable(text: str) -> str:
    """The text without what XML cannot hold: control characters, and bytes of file names that could not be decoded."""
    return _NO_XML.sub("", text)
