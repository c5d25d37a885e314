"""Teeth that practices mark with ``#`` in the names of cases, folders and files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from attrs import evolve, frozen

from casepan.errors import CaseError
from casepan.knowledge.teeth import from_fdi, from_universal
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.model.prescription import WorkItem

# Possessive, so that a list with a strange end (a range, an order number) is left alone instead of read by half.
_MARKED = re.compile(r"#\s*(\d\d?(?:(?:\s*[,;+&/]\s*#?|\s+#)\d\d?)*+)(?!\d)(?!\s*[-–]\s*#?\d)")


@frozen
class Marked:
    """Numbers marked in a name.

    Attributes:
        numbers: as written.
        notation: the one in which they all are teeth, None when both or neither could be.
        teeth: FDI numbers, empty when the notation is open.
    """

    numbers: tuple[str, ...] = ()
    notation: Literal["fdi", "universal"] | None = None
    teeth: tuple[int, ...] = ()


def marked_teeth(text: str) -> Marked:
    """What is marked in a name: ``"Roe #46, 47"`` can only be FDI, ``"Roe #3"`` only Universal, ``"Roe #26"`` either.

    Numbers without ``#`` are dates or chart numbers; ranges and longer numbers are left alone.
    """
    numbers = tuple(number for marked in _MARKED.findall(text) for number in re.findall(r"\d+", marked))
    fdi, universal = _all(numbers, from_fdi), _all(numbers, from_universal)
    if bool(fdi) == bool(universal):
        return Marked(numbers if fdi else ())
    return Marked(numbers, "fdi" if fdi else "universal", fdi or universal)


def with_marked_teeth(case: Case, *names: str) -> Case:
    """The case with teeth offered from names, where its order names none: provenance ``"name"``, and a finding.

    Where the numbers are teeth in both notations nothing is offered; a finding asks instead.
    """
    marked = marked_teeth(" ".join(dict.fromkeys(names)))
    if case.prescription.teeth or not marked.numbers:
        return case
    if not marked.teeth:
        hint = "Say the teeth with `casepan cases set`, or put an rx.toml beside the export."
        said = (
            f"which teeth? The name marks {', '.join(marked.numbers)}, which are teeth in FDI and in Universal numbers"
        )
        return case.with_findings(Finding("arrival.teeth-marked", "warning", said, hint=hint))
    items = tuple(
        WorkItem(str(number), (tooth,), provenance={"teeth": "name"})
        for number, tooth in enumerate(marked.teeth, start=1)
    )
    notation = "FDI" if marked.notation == "fdi" else "Universal"
    message = f"the export holds no order; the teeth were marked with # in its name, in {notation} numbers"
    hint = "Compare them with the order form."
    order = evolve(case.prescription, items=(*case.prescription.items, *items))
    found = Finding("arrival.teeth-from-name", "info", message, teeth=marked.teeth, hint=hint)
    return evolve(case, prescription=order).with_findings(found)


def _all(numbers: tuple[str, ...], read: Callable[[str], int]) -> tuple[int, ...]:
    """The FDI teeth that all the numbers are in one notation, none when one of them is no tooth in it."""
    try:
        return tuple(sorted({read(number) for number in numbers}))
    except CaseError:
        return ()
