"""Which of several meshes of one view is worked on: formats and copies of one, mandibles placed by several bites."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from casepan.api import Arch, Entry, Finding, Role
from casepan_carestream.layout import MESHES, Part, fold


@frozen
class Placed:
    """A mesh with its place in the case: see ``Scan`` for ``preferred``, ``variant`` and ``number``."""

    part: Part
    preferred: bool = True
    variant: str | None = None
    number: int | None = None


def placed(parts: Iterable[Part], normal: Iterable[str]) -> tuple[tuple[Placed, ...], tuple[Finding, ...]]:
    """Every mesh with its place, and what a person must decide.

    Args:
        normal: names of the habitual bite; a mandible placed by it, or by none, is preferred.
    """
    views: dict[tuple[Role, Arch | None, str], list[Part]] = {}
    for part in parts:
        words = part.word if part.role in ("bite", "other") else part.label
        views.setdefault((part.role, part.arch, fold(words or "")), []).append(part)
    firsts, copies, mixed = [], [], False
    for same in views.values():
        first, *others = sorted(same, key=_rank)
        firsts.append(Placed(first))
        copies += [Placed(part, preferred=False, variant="copy") for part in others]
        mixed = mixed or any(_suffix(part) == _suffix(first) for part in others)
    chosen, undecided = _alternatives(firsts, {fold(name) for name in normal})
    return (*_numbered(chosen), *copies), (*([_MIXED] if mixed else []), *([_WHICH] if undecided else []))


def _rank(part: Part) -> tuple[int, int, str]:
    """Coloured format first, then the shortest name: a copy mark makes it longer."""
    return MESHES.index(_suffix(part)), len(part.path), part.path


def _suffix(part: Part) -> str:
    return Entry(part.path, 0, 0.0).suffix


def _alternatives(placed: list[Placed], normal: set[str]) -> tuple[list[Placed], bool]:
    """Of one arch placed by several bites one is preferred: without a label, else by a normal bite, else undecided."""
    arches: dict[tuple[Role, Arch | None], list[Placed]] = {}
    for item in placed:
        if item.part.arch is not None:
            arches.setdefault((item.part.role, item.part.arch), []).append(item)
    result, undecided = [item for item in placed if item.part.arch is None], False
    for same in arches.values():
        same.sort(key=lambda item: (_order(item.part, normal), item.part.path))
        undecided = undecided or (len(same) > 1 and _order(same[0].part, normal) == 2)
        several = len(same) > 1
        result += [
            evolve(item, preferred=number == 1, variant=f"bite-{number}" if several else None)
            for number, item in enumerate(same, start=1)
        ]
    return result, undecided


def _order(part: Part, normal: set[str]) -> int:
    if part.label is None:
        return 0
    return 1 if fold(part.label) in normal else 2


def _numbered(placed: list[Placed]) -> list[Placed]:
    """Bites get numbers, Extra Bites after the others; everything keeps the order of the paths."""
    bites = sorted((item for item in placed if item.part.role == "bite"), key=_bite_order)
    numbers = {item.part.path: number for number, item in enumerate(bites, start=1)}
    listed = sorted(placed, key=lambda item: item.part.path)
    return [evolve(item, number=numbers.get(item.part.path)) for item in listed]


def _bite_order(item: Placed) -> tuple[bool, str]:
    return fold(item.part.word).startswith("extra"), item.part.path


_WHICH = Finding(
    "carestream.which-bite",
    "warning",
    "one arch comes in several bite positions and none is called the normal bite; the first one is used",
    hint="Ask the office which bite the work is for, or add its name to normal_bites.",
)
_MIXED = Finding(
    "carestream.mixed-copies",
    "warning",
    "the same mesh name occurs twice with a copy mark; the two may belong to different patients",
    hint="Every ScanFlow export uses the same names. Ask the office for one save folder of this patient.",
)
