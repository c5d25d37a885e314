"""The fields that a column of a table can have, one value per work item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from attrs import frozen

from casepan.api import Case, WorkItem, to_universal

Value = str | int | float | None
TEXT = "text:"
"""A column that begins so has the same text in every row: ``"text:Northside"``."""


@frozen
class Field:
    """One source of a column.

    Attributes:
        doc: what it holds.
        of: takes case, item and delivery key.
        private: True when it names patient, practice or doctor, or holds their words.
    """

    doc: str
    of: Callable[[Case, WorkItem, str], Value]
    private: bool = False


def _joined(*values: str | None) -> str | None:
    return " ".join(value for value in values if value) or None


def _implant(item: WorkItem) -> str | None:
    given = item.implant
    return _joined(given.manufacturer, given.system, given.platform) if given else None


def _megabytes(case: Case) -> float:
    return round(sum(scan.file.size for scan in case.scans) / 1e6, 1)


def _practice_name(case: Case) -> str | None:
    return (case.client.name if case.client else "") or case.prescription.practice


def _patient(case: Case) -> str | None:
    return case.patient.name or _joined(case.patient.first, case.patient.last)


_OF_CASE: Mapping[str, Field] = {
    "delivery": Field("key of this delivery: equal for every try, another for every content", lambda _, __, key: key),
    "ref": Field("the case's ref in casepan", lambda case, _, __: case.ref),
    "revision": Field("1, and more after a change by the sender", lambda case, _, __: case.revision),
    "number": Field("the lab's own case number, else the ref", lambda case, _, __: case.desk.number or case.ref),
    "adapter": Field("who recognised the case: `trios`, `itero` …", lambda case, _, __: case.key.adapter),
    "received": Field(
        "when it arrived, UTC", lambda case, _, __: case.received_at.isoformat() if case.received_at else None
    ),
    "due": Field("day it must leave the lab", lambda case, _, __: case.desk.due.isoformat() if case.desk.due else None),
    "wanted": Field(
        "day the office wants it",
        lambda case, _, __: case.prescription.due.isoformat() if case.prescription.due else None,
    ),
    "appointment": Field(
        "the patient's next visit",
        lambda case, _, __: case.prescription.appointment.isoformat() if case.prescription.appointment else None,
    ),
    "rush": Field("1 for rush, else 0", lambda case, _, __: int(case.prescription.rush)),
    "practice": Field("id of the practice in practices.toml", lambda case, _, __: case.practice),
    "assignee": Field("who works on it", lambda case, _, __: case.desk.assignee),
    "department": Field("where it is worked on", lambda case, _, __: case.desk.department),
    "remake-of": Field("ref of the case that this one replaces", lambda case, _, __: case.desk.remake_of),
    "remake-reason": Field("why", lambda case, _, __: case.desk.remake_reason, private=True),
    "physical": Field("what comes by courier", lambda case, _, __: ", ".join(case.prescription.physical) or None),
    "scans": Field("number of scans", lambda case, _, __: len(case.scans)),
    "megabytes": Field("size of all scans", lambda case, _, __: _megabytes(case)),
    "patient": Field("the patient's name", lambda case, _, __: _patient(case), private=True),
    "patient-reference": Field(
        "the office's reference of the patient", lambda case, _, __: case.patient.reference, private=True
    ),
    "practice-name": Field("name of the practice", lambda case, _, __: _practice_name(case), private=True),
    "doctor": Field("who ordered it", lambda case, _, __: case.prescription.doctor, private=True),
    "licence": Field("the doctor's licence number", lambda case, _, __: case.prescription.licence, private=True),
    "reference": Field("the office's order number", lambda case, _, __: case.prescription.reference, private=True),
    "ship-to": Field("where to ship it", lambda case, _, __: case.prescription.ship_to, private=True),
    "notes": Field("the office's words", lambda case, _, __: case.prescription.notes, private=True),
}
_OF_WORK: Mapping[str, Field] = {
    "item": Field("number of the work item in the order", lambda _, item, __: item.id),
    "teeth": Field("FDI numbers", lambda _, item, __: ", ".join(map(str, item.teeth)) or None),
    "teeth-universal": Field(
        "the same in the American numbers", lambda _, item, __: ", ".join(map(to_universal, item.teeth)) or None
    ),
    "units": Field("number of teeth", lambda _, item, __: len(item.teeth)),
    "kind": Field("`crown`, `pontic`, `splint` …", lambda _, item, __: item.kind),
    "bridge": Field("the same for all units of a bridge", lambda _, item, __: item.bridge),
    "material": Field("`zirconia`, `pmma` …", lambda _, item, __: item.material),
    "material-text": Field("the order's own word for the material", lambda _, item, __: item.material_text),
    "shade": Field("shade", lambda _, item, __: item.shade),
    "shade-guide": Field("its guide", lambda _, item, __: item.shade_guide),
    "stump-shade": Field("shade of the stump", lambda _, item, __: item.stump_shade),
    "implant": Field("maker, system and platform", lambda _, item, __: _implant(item)),
    "scan-body": Field("scan body", lambda _, item, __: item.scan_body),
    "retention": Field("screwed or cemented", lambda _, item, __: item.retention),
    "margin": Field("design of the margin", lambda _, item, __: item.margin),
    "contacts": Field("strength of the contacts", lambda _, item, __: item.contacts),
    "pontic-design": Field("design of the pontic", lambda _, item, __: item.pontic_design),
}
FIELDS: Mapping[str, Field] = {**_OF_CASE, **_OF_WORK}
ORDERED = (
    "teeth", "kind", "bridge", "material", "shade", "stump-shade", "implant", "scan-body", "retention", "margin",
    "contacts", "pontic-design", "wanted", "appointment", "rush", "physical", "reference", "doctor", "notes",
)  # fmt: skip
"""Fields that an order gives: those without a column stay at home."""
COLUMNS: Mapping[str, str] = {
    name: name
    for name in (
        "number",
        "revision",
        "practice",
        "due",
        "rush",
        "item",
        "teeth",
        "kind",
        "bridge",
        "material",
        "shade",
    )
}
"""The columns of a lab that names none."""


def refuse_unknown(columns: Mapping[str, str], *, private: bool) -> None:
    """Each column has a field that exists, and none that names people unless the lab allows it.

    Raises:
        ValueError: the first column that does not fit.
    """
    if not columns:
        raise ValueError("`columns` must have a column")
    for column, field in columns.items():
        if field.startswith(TEXT):
            continue
        if field not in FIELDS:
            near = get_close_matches(field, FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(FIELDS))}"
            raise ValueError(f"column {column!r}: there is no field {field!r}; {hint}")
        if FIELDS[field].private and not private:
            raise ValueError(f"column {column!r}: the field {field!r} names people; allow it with private = true")


_NO_WORK = WorkItem("")


def rows_of(case: Case, key: str, columns: Mapping[str, str]) -> Iterator[dict[str, Value]]:
    """One row per work item; a case without an order gives one row with what is known of the case, and nothing of any work."""
    for item in case.prescription.items or (None,):
        yield {column: _value(field, case, item, key) for column, field in columns.items()}


def _value(field: str, case: Case, item: WorkItem | None, key: str) -> Value:
    if field.startswith(TEXT):
        return field.removeprefix(TEXT)
    if item is None:  # a default such as "other" would be a kind that nobody ordered
        return None if field in _OF_WORK else _OF_CASE[field].of(case, _NO_WORK, key)
    return FIELDS[field].of(case, item, key)
