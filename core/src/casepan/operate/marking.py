"""What the lab says of findings, and what it means for the limits of checks (``findings mark``, ``rules calibration``)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from attrs import frozen

from casepan.errors import UsageError
from casepan.operate.desk import Desk, find_case
from casepan.running.ledger.lists import FindingRow, MarkRow

FEWEST = 10
"""Marks of one check with a value, before a threshold is worth saying."""
DIGITS = 4


@frozen
class Calibration:
    """How often the lab agreed with one check, and which threshold would have.

    Attributes:
        limits: in force when the findings came up, mostly one.
        above: True when values above the limit are findings, False when those below are, None when nobody can tell.
        threshold: keeps every finding that was right and drops ``dropped`` that were wrong; None: ``words`` say why.
    """

    code: str
    right: int
    wrong: int
    limits: tuple[float, ...]
    unit: str | None
    above: bool | None
    threshold: float | None
    dropped: int
    words: str

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        names = ("code", "right", "wrong", "unit", "above", "threshold", "dropped", "words")
        return {**{name: getattr(self, name) for name in names}, "limits": list(self.limits)}


def mark(desk: Desk, place: str, finding: str, says: Literal["right", "wrong"], *, by: str) -> bool:
    """Keep what the lab says of a finding. False when it said so already.

    Args:
        finding: its id as ``cases show`` lists it, or its code when the case has one such finding only.

    Raises:
        UsageError: no such case or finding. StateError: the case was checked again a moment ago.
    """
    row = find_case(desk, place)
    found = _finding(desk.ledger.findings_of(row.ref, row.revision), finding)
    return desk.ledger.mark_finding(row.ref, row.revision, found.id, agrees=says == "right", who=by)


def _finding(rows: Sequence[FindingRow], wanted: str) -> FindingRow:
    found = [row for row in rows if row.id == wanted] or [row for row in rows if row.code == wanted]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{row.id} ({row.code})" for row in found or rows)
    hint = (
        f"There are: {known}." if rows else "This case has no findings; one that is in work gets them with its verdict."
    )
    raise UsageError(
        "this case has several such findings" if found else "this case has no such finding", place=wanted, hint=hint
    )


def calibration(desk: Desk) -> tuple[Calibration, ...]:
    """Every check that somebody has marked, in the order of codes."""
    groups = groupby(desk.ledger.marks(), key=lambda one: one.code)
    return tuple(calibrate(code, tuple(marks)) for code, marks in groups)


def calibrate(code: str, marks: Sequence[MarkRow]) -> Calibration:
    """What the marks of one check say about its limit."""
    right = sum(one.agrees for one in marks)
    measured = [(one.value, one.limit, one.agrees) for one in marks if one.value is not None and one.limit is not None]
    limits = tuple(sorted({limit for _, limit, _ in measured}))
    unit = next((one.unit for one in marks if one.unit), None)
    above = _side([value - limit for value, limit, _ in measured])
    kept = [value for value, _, agrees in measured if agrees]
    dropped = [
        value
        for value, _, agrees in measured
        if not agrees and kept and above is not None and _beyond(value, kept, above)
    ]
    words = _words(len(measured), len(kept), above, len(dropped))
    threshold = None if words else _between(dropped, kept, above=bool(above))
    return Calibration(
        code, right, len(marks) - right, limits, unit, above, threshold, 0 if words else len(dropped),
        words or f"keeps all {len(kept)} that were right, drops {len(dropped)} of {len(measured) - len(kept)} that were wrong",
    )  # fmt: skip


def _side(differences: Sequence[float]) -> bool | None:
    """Which side of the limit findings lie on; None when on both, or nobody knows."""
    sides = {one > 0 for one in differences if one}
    return sides.pop() if len(sides) == 1 else None


def _beyond(value: float, kept: Sequence[float], above: bool) -> bool:
    """True for a value that a threshold between it and everything that was right would not have reported."""
    return value < min(kept) if above else value > max(kept)


def _between(dropped: Sequence[float], kept: Sequence[float], *, above: bool) -> float:
    """Half way between the last that goes and the first that stays."""
    last, first = (max(dropped), min(kept)) if above else (min(dropped), max(kept))
    middle = (last + first) / 2
    return next(
        (short for digits in range(DIGITS) if min(last, first) < (short := round(middle, digits)) < max(last, first)),
        middle,
    )


def _words(measured: int, right: int, above: bool | None, dropped: int) -> str:
    """Why there is no threshold to tell of; empty when there is one."""
    if measured == 0:
        return "it measures nothing: there is no threshold"
    if measured < FEWEST:
        return f"too few marks for a threshold: {measured} with a value, {FEWEST} are needed"
    if right == 0:
        return f"all {measured} were wrong: no threshold keeps anything; let [verdict] accept this code, or leave the check out"
    if right == measured:
        return f"all {measured} were right: the limit stays"
    if above is None:
        return "its values lie on both sides of the limit: no single threshold fits"
    return "" if dropped else "no threshold drops a wrong one without losing a right one"
