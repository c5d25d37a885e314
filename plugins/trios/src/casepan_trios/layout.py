"""What 3Shape's file and folder names mean. Pure: names in, values out.

Source: names seen in open exports, portal downloads and Dental System order folders; ``quality.toml`` says how well
each is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, cast

from attrs import evolve, frozen

from casepan.api import Arch, Entry, Role, arch_of, from_universal, strip_copy_marks

MESHES = ("ply", "obj", "stl", "dcm")
"""Suffixes of scans, the richest open format first."""

FRAME = "trios:open-export"
"""Upper, lower and bite of one open export lie in occlusion (inferred; the geometry checks test it)."""

Arches = Collection[Arch]
Wanted = Literal["raw", "processed"]

_GAP = r"[\s_+\-]*"
_START = r"(?<![^\W\d_])"  # a word starts here: no letter before it
_TOKENS = tuple(
    re.compile(rf"(?P<prefix>.*?){_GAP}{pattern}{_GAP}(?P<number>\d{{0,3}})", re.IGNORECASE | re.DOTALL)
    for pattern in (
        # "LoweJawScan" is a spelling that real exports hold
        rf"(?P<jaw>upper|lower?){_GAP}(?P<word>jaw){_GAP}scan",
        rf"(?:{_START}(?P<jaw>upper|lower){_GAP})?(?:{_START}(?P<kind>raw|mb){_GAP})?"
        rf"(?P<word>pre{_GAP}preparation|preparation|antagonist|generic{_GAP}double{_GAP}prep|abutment{_GAP}alignment|bite)"
        rf"{_GAP}scan",
    )
)
_WEAK = tuple(
    re.compile(rf"(?P<prefix>.*?){_GAP}{pattern}", re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"(?P<jaw>upper|lower){_GAP}(?P<word>jaw)",
        rf"{_START}(?P<word>bite){_GAP}(?P<number>\d{{0,3}})",
    )
)
_ROLES: dict[str, Role] = {
    "jaw": "arch",
    "preparation": "preparation",
    "antagonist": "antagonist",
    "prepreparation": "preop",
    "genericdoubleprep": "preop",
    "abutmentalignment": "scanbody",
    "bite": "bite",
}
_VARIANTS = {"raw": "raw", "mb": "model-builder"}
_PROCESSED = ("preparation", "antagonist", "preop", "scanbody")
_EXTRA_WORDS: tuple[tuple[str, Role], ...] = (
    (r"gingiva|emergence", "gingiva"),
    (r"scan[\s_\-]*body|scanbodies", "scanbody"),
    (r"pre[\s_\-]*op(?![a-z])|pre[\s_\-]*treatment|situ(?![a-z])", "preop"),
    (r"edentulous", "edentulous"),
    (r"denture", "denture"),
    (r"wax[\s_\-]*up", "waxup"),
)
_FOLDERS_OF_SCANS = ("scans", "upper", "lower", "misc")
_TOOTH_FOLDER = re.compile(r"[UL]NN(\d{1,2})", re.IGNORECASE)
_NO_SCANS = {
    "cad": "a design, not a scan",
    "anatomy elements": "a library tooth, not a scan",
    "external models": "a model from outside, not a scan of this order",
    "backup": "a backup of Dental System, not a scan of this order",
}
_RANKS: dict[Wanted, tuple[str | None, ...]] = {
    "raw": ("raw", None, "processed", "model-builder"),
    "processed": ("processed", None, "model-builder", "raw"),
}


@frozen
class Name:
    """What one file name says. ``strong`` is False for words that other programs use as well."""

    prefix: str
    role: Role
    arch: Arch | None = None
    variant: str | None = None
    number: int | None = None
    strong: bool = True


@frozen
class Place:
    """What one folder says: the order's folder, arch and tooth of the scans in it, and why they are no scans."""

    root: str
    arch: Arch | None = None
    tooth: int | None = None
    no_scan: str | None = None


@frozen
class Part:
    """One scan of an order, as far as names and folders tell."""

    path: str
    role: Role
    arch: Arch | None = None
    variant: str | None = None
    number: int | None = None
    label: str | None = None
    teeth: tuple[int, ...] = ()
    preferred: bool = True
    closed: bool = False
    format: str = ""
    mtime: float = 0.0


def read_name(name: str) -> Name | None:
    """What the name of a scan says; None when it holds no word of 3Shape's.

    The prefix may be anything (a patient's name in any script) and may be glued to the word.
    """
    stem = unicodedata.normalize("NFC", stem_of(name))
    for pattern in _TOKENS:
        if found := pattern.fullmatch(stem):
            return _named(found, strong=True)
    for pattern in _WEAK:
        if found := pattern.fullmatch(stem):
            return _named(found, strong=False)
    return None


def stem_of(name: str) -> str:
    """The name without its suffix and without the marks that browsers and file managers add to copies."""
    unmarked = strip_copy_marks(name)
    return unmarked.rpartition(".")[0] or unmarked


def plain(text: str) -> str:
    """The text as compared: NFC, case-folded, separators as single blanks."""
    return " ".join(re.split(r"[\s_+\-]+", unicodedata.normalize("NFC", text).casefold())).strip()


def place_of(folder: str) -> Place:
    """What a folder (``Entry.folder``) says about the files in it."""
    parts = folder.split("/") if folder else []
    for index, part in enumerate(parts):
        if reason := _NO_SCANS.get(part.casefold()):
            return Place("/".join(parts[:index]), no_scan=reason)
    tail: list[str] = []
    while parts and _holds_scans(parts[-1]) and "scans" not in tail:
        tail.append(parts.pop().casefold())
    tooth = next((_tooth_of(part) for part in tail if _TOOTH_FOLDER.fullmatch(part)), None)
    arch = next((cast("Arch", part) for part in tail if part in ("upper", "lower")), None)
    return Place("/".join(parts), arch or (arch_of(tooth) if tooth else None), tooth)


def part_of(entry: Entry, *, closed: bool = False) -> Part:
    """The scan that an entry is; role ``other`` with its words as label when no rule knows them."""
    place = place_of(entry.folder)
    name = read_name(entry.name) or _extra(entry)
    return Part(
        path=entry.path,
        role=name.role,
        arch=None if name.role == "bite" else place.arch or name.arch,
        variant=name.variant,
        number=name.number,
        label=stem_of(entry.name),
        teeth=(place.tooth,) if place.tooth else (),
        closed=closed,
        format=entry.suffix,
        mtime=entry.mtime,
    )


def is_earlier_design(entry: Entry) -> bool:
    """True for the earlier designs that Dental System keeps among the scans of an order."""
    return "previousdesign" in plain(entry.stem).replace(" ", "")


def settle_arches(parts: Iterable[Part], prepared: Arches) -> tuple[Part, ...]:
    """The parts with the arch that the order's teeth tell, where neither name nor folder told it.

    Preparation and antagonist name no arch: the prepared teeth do, when they all stand in one arch. With prepared teeth
    in both arches nothing is guessed.
    """
    known = tuple(parts)
    prep = _only(prepared) or _arch_of_role(known, "preparation") or opposite(_arch_of_role(known, "antagonist"))
    return tuple(part if part.arch else evolve(part, arch=arch_beside(part.role, prep)) for part in known)


def arch_beside(role: Role, prepared: Arch | None) -> Arch | None:
    """The arch of a scan when the teeth of one arch are prepared."""
    if role == "antagonist":
        return opposite(prepared)
    return prepared if role in ("preparation", "preop", "scanbody", "gingiva") else None


def opposite(arch: Arch | None) -> Arch | None:
    """The other arch; None for both and for unknown."""
    return {"upper": "lower", "lower": "upper"}.get(arch or "")  # type: ignore[return-value]


def number_bites(parts: Sequence[Part]) -> tuple[Part, ...]:
    """With several bites the one without a number is the first, unless a ``1`` is there already."""
    numbers = {part.number for part in parts if part.role == "bite"}
    if numbers <= {None} or 1 in numbers:
        return tuple(parts)
    return tuple(evolve(p, number=1) if p.role == "bite" and p.number is None else p for p in parts)


def choose(parts: Sequence[Part], wanted: Wanted) -> tuple[tuple[Part, ...], dict[str, str], dict[str, str]]:
    """One preferred scan of every role.

    An open file wins over a closed one, then the wanted variant, then the richer format, then the newer save.

    Returns:
        The scans; older saves of one scan (path to reason); closed copies of scans that are there in an open format.
    """
    groups: defaultdict[tuple[object, ...], list[Part]] = defaultdict(list)
    for part in parts:
        alone = part.path if part.role == "other" else ""
        groups[part.role, part.arch, part.number, part.teeth, alone].append(part)
    chosen: list[Part] = []
    older: dict[str, str] = {}
    copies: dict[str, str] = {}
    for group in groups.values():
        ranked = sorted(group, key=lambda part: _rank(part, wanted))
        for index, part in enumerate(ranked):
            if any(_same_scan(part, other) for other in ranked[:index]):
                older[part.path] = "an older save of a scan that is here in a newer one"
            elif part.closed and not ranked[0].closed:
                copies[part.path] = "closed copy of a scan that is here in an open format"
            else:
                chosen.append(evolve(part, preferred=index == 0))
    return tuple(sorted(chosen, key=lambda part: part.path)), older, copies


def _rank(part: Part, wanted: Wanted) -> tuple[bool, int, int, float, str]:
    order = _RANKS[wanted]
    variant = order.index(part.variant) if part.variant in order else len(order)
    return part.closed, variant, MESHES.index(part.format), -part.mtime, part.path


def _same_scan(one: Part, other: Part) -> bool:
    return (one.variant, one.format, one.closed) == (other.variant, other.format, other.closed)


def _named(found: re.Match[str], *, strong: bool) -> Name:
    groups = found.groupdict()
    role = _ROLES[re.sub(r"[\s_+\-]", "", groups["word"]).casefold()]
    jaw = (groups.get("jaw") or "").casefold()
    plain_variant = "processed" if role in _PROCESSED else None
    return Name(
        prefix=groups["prefix"],
        role=role,
        arch="upper" if jaw == "upper" else "lower" if jaw else None,
        variant=_VARIANTS.get((groups.get("kind") or "").casefold(), plain_variant),
        number=int(groups["number"]) if groups.get("number") else None,
        strong=strong,
    )


def _extra(entry: Entry) -> Name:
    words = stem_of(entry.name)
    role: Role = next((role for pattern, role in _EXTRA_WORDS if re.search(pattern, words, re.IGNORECASE)), "other")
    jaws = {word.casefold() for word in re.findall(r"upper|lower", words, re.IGNORECASE)}
    return Name(prefix=words, role=role, arch=_only(cast("set[Arch]", jaws)), strong=False)


def _holds_scans(part: str) -> bool:
    return part.casefold() in _FOLDERS_OF_SCANS or (_tooth_of(part) is not None)


def _tooth_of(part: str) -> int | None:
    found = _TOOTH_FOLDER.fullmatch(part)
    return from_universal(found[1]) if found and 1 <= int(found[1]) <= 32 else None


def _arch_of_role(parts: Sequence[Part], role: str) -> Arch | None:
    return _only({part.arch for part in parts if part.role == role and part.arch})


def _only(arches: Arches) -> Arch | None:
    return next(iter(arches)) if len(arches) == 1 else None
