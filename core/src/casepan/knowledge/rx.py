"""``rx.toml`` and ``rx.json``: an order in plain words beside an export that brings none, or not all of it.

Schema 1, every key optional but ``version``::

    version = 1
    notation = "fdi"                 # or "universal", "palmer": how the teeth below are written
    reference = "R-1042"
    due = 2026-01-31
    appointment = 2026-02-03T10:30:00+01:00
    rush = false
    practice = "Practice at the Park"
    physical = ["bite registration"]

    [patient]
    last = "Doe"

    [[items]]
    teeth = "13-11"                  # or [13, 12, 11]
    kind = "crown"
    bridge = "front"
    material = "zirconia"
    shade = "A2"

What the ecosystem delivered always stays; ``merge_rx`` fills what is missing and reports what differs.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from attrs import asdict, evolve, frozen

from casepan.config.options import Misfit, Problem, dotted, read
from casepan.config.positions import line_numbers, line_of
from casepan.config.schema import DIALECT, class_schema
from casepan.contract.options import option
from casepan.errors import CaseError, CorruptFile
from casepan.knowledge.materials import material_from_words
from casepan.knowledge.rx_merge import merge_rx
from casepan.knowledge.shades import parse_shade
from casepan.knowledge.teeth import Notation, parse_teeth
from casepan.model.case import Patient
from casepan.model.finding import Finding
from casepan.model.prescription import Implant, Prescription, WorkItem
from casepan.model.vocabulary import Kind, Material, Provenance

__all__ = [
    "RX_NAMES",
    "RX_VERSION",
    "RxFile",
    "RxMisfit",
    "find_rx",
    "merge_rx",
    "read_rx",
    "rx_schema",
    "unreadable_rx",
]

RX_VERSION = 1
RX_NAMES = ("rx.toml", "rx.json")
_HINT = "Correct the prescription file; `casepan schema rx` prints what may stand in it."


@frozen
class RxImplant:
    """The implant under the item, in the words of the order."""

    manufacturer: str | None = option(None, "maker of the implant")
    system: str | None = option(None, "implant system")
    platform: str | None = option(None, "platform or diameter")


@frozen
class RxItem:
    """One piece of work, or several units alike: a crown with ``teeth = "13-11"`` is three crowns."""

    id: str | None = option(None, "unique name of the item; defaults to its number")
    teeth: str | tuple[int | str, ...] = option((), 'teeth in `notation`: "13-11", "24, 26" or a list')
    kind: Kind | None = option(None, "kind of work")
    bridge: str | None = option(None, "equal for all units of one bridge")
    material: Material | None = option(None, "material; read from `material_text` when that is certain")
    material_text: str | None = option(None, "material in the practice's own words")
    shade: str | None = option(None, "tooth shade")
    shade_guide: str | None = option(None, "shade guide; known for VITA, Ivoclar BL and Chromascop shades")
    stump_shade: str | None = option(None, "shade of the prepared tooth")
    implant: RxImplant | None = option(None, "implant under the item")
    scan_body: str | None = option(None, "scan body that was scanned")
    retention: str | None = option(None, "cemented, screw-retained")
    margin: str | None = option(None, "margin design")
    contacts: str | None = option(None, "contacts and occlusion")
    pontic_design: str | None = option(None, "pontic design")
    raw: Mapping[str, Any] = option(factory=dict, doc="anything else, carried untouched")


@frozen
class RxPatient:
    """Who lies in the chair."""

    name: str | None = option(None, "full name, when it is not known in parts")
    first: str | None = option(None, "first name")
    last: str | None = option(None, "family name")
    reference: str | None = option(None, "the practice's number for the patient")
    guid: str | None = option(None, "a program's id for the patient")
    raw: Mapping[str, Any] = option(factory=dict, doc="anything else, carried untouched")


@frozen
class RxDocument:
    """An order beside an export, as ``rx.toml`` or ``rx.json``."""

    version: Literal[1] = option(doc="version of this format")
    notation: Notation = option("fdi", "how teeth are written in this file")
    reference: str | None = option(None, "order number people use on the telephone")
    due: date | None = option(None, "day the office wants the work")
    appointment: datetime | None = option(None, "the patient's next visit")
    rush: bool | None = option(None, "true when it is urgent")
    remake_of: str | None = option(None, "order that this one replaces")
    practice: str | None = option(None, "who ordered it")
    doctor: str | None = option(None, "treating dentist")
    licence: str | None = option(None, "the dentist's licence number")
    ship_to: str | None = option(None, "where the work goes")
    physical: tuple[str, ...] = option((), "things that come by courier: impression, model")
    notes: str | None = option(None, "free words to the laboratory")
    raw: Mapping[str, Any] = option(factory=dict, doc="anything else, carried untouched")
    patient: RxPatient = option(factory=RxPatient, doc="who lies in the chair")
    items: tuple[RxItem, ...] = option((), "what is ordered")


@frozen
class RxFile:
    """A prescription file as values of the model; every field that it gives has provenance ``"rx"``."""

    prescription: Prescription
    patient: Patient


class RxMisfit(CorruptFile):
    """A prescription file that does not fit; ``problems`` tells each on a line of its own."""

    def __init__(self, problems: Sequence[str], *, place: str) -> None:
        told = problems[0] if len(problems) == 1 else "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"the prescription file does not fit: {told}", place=place, hint=_HINT)
        self.problems = tuple(problems)


def find_rx(paths: Iterable[str]) -> str | None:
    """The prescription file among POSIX paths: the least deep, ``rx.toml`` before ``rx.json``, else None."""
    found = [path for path in paths if _name(path) in RX_NAMES]
    return min(
        found, key=lambda path: (path.count("/") + path.count("!"), RX_NAMES.index(_name(path)), path), default=None
    )


def read_rx(data: bytes, *, name: str, place: str) -> RxFile:
    """Read a prescription file, JSON when ``name`` ends in ``.json``, else TOML.

    Raises:
        CorruptFile: not UTF-8, no valid TOML or JSON, or a newer version. RxMisfit: anything that does not fit: all
            problems at once, with line numbers for TOML.
    """
    text = _decoded(data, place)
    table, lines = _parsed_json(text, place) if _name(name).endswith(".json") else _parsed_toml(text, place)
    _refuse_newer(table, place)
    try:
        document = _document(table)
        return RxFile(_prescription(document), _patient(document.patient))
    except Misfit as misfit:
        raise RxMisfit([_told(problem, lines) for problem in misfit.problems], place=place) from None


def unreadable_rx(error: CaseError) -> tuple[Finding, ...]:
    """What to tell of a prescription file that was refused: one finding for each problem, each one line."""
    problems = error.problems if isinstance(error, RxMisfit) else (error.reason,)
    told = (f"the rx file cannot be read: {problem}" for problem in problems)
    return tuple(Finding("rx.unreadable", "error", one, hint=error.hint) for one in told)


def rx_schema() -> dict[str, Any]:
    """JSON Schema of ``rx.toml`` and ``rx.json``, for editors and for programs that write it."""
    return {"$schema": DIALECT, "title": "casepan prescription (rx.toml, rx.json)", **class_schema(RxDocument)}


def _document(table: Mapping[str, Any]) -> RxDocument:
    """The file as values, its teeth looked at even where something else is wrong. Raises ``Misfit``."""
    wrong_teeth = tuple(_wrong_teeth(table))
    try:
        document: RxDocument = read(RxDocument, table)
    except Misfit as misfit:
        raise Misfit((*misfit.problems, *wrong_teeth)) from None
    if wrong_teeth:
        raise Misfit(wrong_teeth)
    return document


def _wrong_teeth(table: Mapping[str, Any]) -> Iterator[Problem]:
    """What are no teeth in the file's notation; what has another type is a misfit of its own."""
    notation, items = table.get("notation", "fdi"), table.get("items", ())
    if notation not in get_args(Notation) or not isinstance(items, list):
        return
    for index, item in enumerate(items):
        teeth = item.get("teeth") if isinstance(item, dict) else None
        if isinstance(teeth, str | list):
            try:
                parse_teeth(_joined(teeth), notation)
            except CaseError as error:
                yield Problem(("items", index, "teeth"), error.reason, error.hint)


def _joined(teeth: str | Iterable[int | str]) -> str:
    return teeth if isinstance(teeth, str) else ",".join(map(str, teeth))


def _name(path: str) -> str:
    return path.replace("!", "/").rpartition("/")[2].casefold()


def _decoded(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        hint = "Save the prescription file as UTF-8."
        raise CorruptFile(
            "the prescription file is not UTF-8 text", place=place, hint=hint, offset=error.start
        ) from error


def _parsed_toml(text: str, place: str) -> tuple[Mapping[str, Any], Mapping[Any, int] | None]:
    try:
        return tomllib.loads(text), line_numbers(text)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer with thousands of digits
        raise CorruptFile(f"the prescription file is not valid TOML: {error}", place=place, hint=_HINT) from error


def _parsed_json(text: str, place: str) -> tuple[Mapping[str, Any], Mapping[Any, int] | None]:
    try:
        table = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"the prescription file is not valid JSON: {error}", place=place, hint=_HINT) from error
    if not isinstance(table, dict):
        raise CorruptFile("the prescription file is not a JSON object", place=place, hint=_HINT)
    return table, None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return table


def _refuse_newer(table: Mapping[str, Any], place: str) -> None:
    version = table.get("version")
    if isinstance(version, int) and version > RX_VERSION:
        raise CorruptFile(
            f"the prescription file has version {version}; this casepan knows up to {RX_VERSION}",
            place=place,
            hint="Upgrade casepan on this machine.",
        )


def _told(problem: Problem, lines: Mapping[Any, int] | None) -> str:
    line = f"line {line_of(problem.path, lines)}: " if lines is not None else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{line}{dotted(problem.path) or 'the file'}: {problem.reason}{hint}"


def _patient(patient: RxPatient) -> Patient:
    return Patient(**asdict(patient))


def _prescription(document: RxDocument) -> Prescription:
    given = asdict(document, recurse=False, filter=lambda attribute, _: attribute.name not in _NOT_PRESCRIPTION)
    return Prescription(
        **{**given, "items": _items(document), "rush": bool(document.rush)},
        provenance=_provenance(given | {"items": document.items}),
    )


_NOT_PRESCRIPTION = ("version", "notation", "patient", "items")


def _provenance(given: Mapping[str, Any]) -> dict[str, Provenance]:
    empty: tuple[Any, ...] = (None, (), {}, "unknown")
    return {field: "rx" for field, value in given.items() if value not in empty and field not in ("id", "raw")}


def _items(document: RxDocument) -> tuple[WorkItem, ...]:
    items: list[WorkItem] = []
    for item in document.items:
        items += _units(item, parse_teeth(_joined(item.teeth), document.notation), len(items) + 1)
    ids = [item.id for item in items]
    doubles = sorted({name for name in ids if ids.count(name) > 1})
    if doubles:
        raise Misfit(Problem(("items",), f"the id {name!r} stands twice") for name in doubles)
    return tuple(items)


_UNITS = frozenset(
    {"crown", "pontic", "inlay", "onlay", "veneer", "coping", "abutment", "implant-crown", "temporary", "post-core"}
)
"""Kinds made tooth by tooth. All others, and what is not known, are one piece over all their teeth."""


def _units(item: RxItem, teeth: tuple[int, ...], number: int) -> list[WorkItem]:
    """One work item for each tooth, or one over all of them for a splint, a denture and the like."""
    if item.kind not in _UNITS or len(teeth) < 2:
        return [_item(item, item.id or str(number), teeth)]
    names = [f"{item.id}-{tooth}" if item.id else str(number + step) for step, tooth in enumerate(teeth)]
    return [_item(item, name, (tooth,)) for name, tooth in zip(names, teeth, strict=True)]


def _item(item: RxItem, item_id: str, teeth: tuple[int, ...]) -> WorkItem:
    shade, guide = parse_shade(item.shade)
    stump, _ = parse_shade(item.stump_shade)
    full = {
        **asdict(item, recurse=False),
        "id": item_id,
        "teeth": teeth,
        "kind": item.kind or "other",
        "material": item.material or material_from_words(item.material_text),
        "shade": shade,
        "shade_guide": item.shade_guide or guide,
        "stump_shade": stump,
        "implant": Implant(**asdict(item.implant)) if item.implant else None,
    }
    made = WorkItem(**full)
    known = {key: value for key, value in full.items() if not (key == "kind" and item.kind is None)}
    return evolve(made, provenance=_provenance(known))
