"""The JSON form of the model: explicit, versioned, round-tripping.

Every stored or printed document carries ``schema``. Additions keep the number; a breaking change raises it, and a newer
number than this program knows is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.errors import BaseValidationError

from casepan.errors import StateError

SCHEMA = 1
CANONICAL: dict[str, Any] = {"sort_keys": True, "ensure_ascii": False}
LINE = json.JSONEncoder(**CANONICAL)
T = TypeVar("T")


@cache
def converter() -> Converter:
    """The converter for stored values: ISO dates, tuples as lists, unknown keys ignored (written by a later version)."""
    made = Converter(detailed_validation=False)
    made.register_unstructure_hook(datetime, lambda value: value.isoformat())
    made.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    made.register_unstructure_hook(date, lambda value: value.isoformat())
    made.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    return made


def prepare_converter(*more: Any) -> None:
    """Store and read back a case that holds one of everything, and these values: cattrs writes its code when it is first used.

    A warm process does it once for all its children.
    """
    from casepan.model.case import Artifact, Case, CaseKey, Origin, Scan, Transform
    from casepan.model.decided import Answer, Change, Decision, Desk
    from casepan.model.files import Attachment, ClosedFile, FileRef, IgnoredFile
    from casepan.model.finding import Finding
    from casepan.model.practice import Practice, PracticeDefaults
    from casepan.model.prescription import Implant, Prescription, WorkItem
    from casepan.model.records import Receipt

    now, file = datetime(2000, 1, 1), FileRef("a", 0, "")
    item = WorkItem("1", (11,), implant=Implant())
    whole = Case(
        "", CaseKey("", ""), Origin("", evidence=("",)), received_at=now,
        scans=(Scan("1", "arch", "upper", file=file, textures=(file,), transforms=(Transform("", (0.0,)),)),),
        prescription=Prescription((item,), due=now.date(), appointment=now), attachments=(Attachment("", file, ""),),
        closed=(ClosedFile(file, "", ""),), ignored=(IgnoredFile("", ""),), artifacts=(Artifact("", file, ""),),
        findings=(Finding("mesh.hole", "info", "", where_mm=(0.0, 0.0, 0.0), teeth=(11,)),),
        client=Practice("", defaults=PracticeDefaults(material={"crown": "zirconia"})),
        desk=Desk(answers=(Answer("", "", "", now),), decisions=(Decision("", "", now),), changes=(Change("scan", "", "added"),)),
    )  # fmt: skip
    parts = (whole.desk, whole.prescription, *whole.scans, *whole.findings)
    values = (whole, *parts, Receipt("", "", now, {"": ""}), *more)
    for _ in range(2):  # a shape that is new to cattrs makes it forget what it has made
        to_plain(([*values, "", 0, None, {"": 0}], values))
        for value in values:
            converter().structure(to_plain(value), type(value))


def to_plain(value: Any) -> Any:
    """The value as dicts, lists, strings, numbers and None."""
    return converter().unstructure(value)


def to_document(value: Any) -> dict[str, Any]:
    """The value as a JSON object with its ``schema`` number."""
    return {"schema": SCHEMA, **to_plain(value)}


def from_document(document: Mapping[str, Any], kind: type[T]) -> T:
    """The value back from its JSON object.

    Raises:
        StateError: a newer schema, or a document that does not fit.
    """
    schema = document.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise StateError(
            f"this {kind.__name__} document has schema {schema}; this casepan knows up to {SCHEMA}",
            hint="Upgrade casepan on this machine.",
        )
    try:
        return converter().structure({k: v for k, v in document.items() if k != "schema"}, kind)
    except (BaseValidationError, ValueError, TypeError, KeyError) as error:
        raise StateError(f"this {kind.__name__} document is damaged: {type(error).__name__}") from error


def dumps(document: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """Canonical text: sorted keys, two spaces, real Unicode; names with undecodable bytes survive as escapes.

    Args:
        indent: None for one line, which Python writes ten times as fast.
    """
    text = (LINE.encode(document) if indent is None else json.dumps(document, indent=indent, **CANONICAL)) + "\n"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, indent=indent, sort_keys=True) + "\n"
    return text
