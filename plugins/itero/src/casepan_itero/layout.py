"""What the names of iTero exports mean. Pure: names in, values out.

Two families: OrthoCAD (``<order>_shell_occlusion_u.stl``) and restorative (``upper_jaw_with_ditch_#<order>.ply``).
"Occlusion" in a name says that the arches are in occlusion; it is not a bite scan.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal

from attrs import evolve, frozen

from casepan.api import Arch, Entry, Role, strip_copy_marks

MESHES = ("ply", "obj", "stl")
"""Suffixes of scans, the richest format first."""

OCCLUSION = "itero:occlusion"
"""The frame that all arches of one export share, except the ones turned teeth-up."""

Wanted = Literal["without-ditch", "with-ditch"]

_ORTHO = re.compile(
    r"(?P<prefix>.+?)_(?P<model>shell|lprofile)_(?P<pose>occlusion|teethup|lockedocclusion)_(?P<jaw>ul|u|l)"
    r"(?:_bite(?P<bite>\d{1,3}))?(?P<rest>_.+)?",
    re.IGNORECASE | re.DOTALL,
)
_RESTORATIVE = re.compile(
    r"(?P<jaw>upper|lower)_jaw_(?:(?P<variant>with_ditch|without_ditch|pretreatment)(?:_#?(?P<prefix>.+?))?"
    r"|(?P<other>\w+?)_#(?P<order>\d+))",
    re.IGNORECASE,
)
_SIDE_FILES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"itero_export_#?(?P<id>.+?)_v\d+\.xml",
        r"(?:itero_)?rx_(?P<id>\d{6,})\.(?:html?|pdf)",
        r"gallery_#?(?P<id>\d{6,})(?:_.*)?\.jpe?g",
    )
)
_CONTAINER = re.compile(r"(?:itero|orthocad)_export_(?P<id>.+)", re.IGNORECASE)
_VERSION = re.compile(r"itero_export_.*_v(?P<version>\d{1,4})\.xml", re.IGNORECASE)
_ORDER_NUMBER = re.compile(r"(?<!\d)\d{8,9}(?!\d)")
_JAWS: dict[str, Arch] = {"u": "upper", "l": "lower", "ul": "both", "upper": "upper", "lower": "lower"}
_MEDIT = re.compile(r"(?:maxilla|mandible)(?:_base)?", re.IGNORECASE)

_VARIANTS: dict[Wanted, tuple[str | None, ...]] = {
    "without-ditch": (None, "without-ditch", "with-ditch", "low-profile", "teeth-up"),
    "with-ditch": (None, "with-ditch", "without-ditch", "low-profile", "teeth-up"),
}


@frozen
class Name:
    """What one mesh name of an iTero export says. ``order`` is the order's number or the free label in its place."""

    order: str
    role: Role
    arch: Arch
    variant: str | None = None
    bite: int | None = None
    in_occlusion: bool = True
    restorative: bool = False


@frozen
class Part:
    """One scan of an order."""

    path: str
    role: Role
    arch: Arch | None
    variant: str | None = None
    bite: int | None = None
    frame: str | None = None
    label: str | None = None
    preferred: bool = True
    restorative: bool = False
    format: str = ""


def read_name(name: str) -> Name | None:
    """What the name of a mesh says; None when it follows neither family."""
    stem = stem_of(name)
    if found := _ORTHO.fullmatch(stem):
        return _ortho(found)
    if found := _RESTORATIVE.fullmatch(stem):
        return _restorative(found)
    return None


def order_in(name: str) -> str | None:
    """The order's number or label in the name of any file of an export."""
    plain = strip_copy_marks(name)
    for pattern in _SIDE_FILES:
        if found := pattern.fullmatch(plain):
            return order_key(found["id"])
    texture = re.sub(r"_texture(?=\.\w+$)", "", plain, flags=re.IGNORECASE)
    known = read_name(texture)
    return known.order or None if known else None


def order_of_container(name: str) -> str | None:
    """The order's number or label in the name of a folder or zip."""
    found = _CONTAINER.fullmatch(re.sub(r"\.zip$", "", strip_copy_marks(name), flags=re.IGNORECASE))
    return order_key(found["id"]) if found else None


def order_key(text: str) -> str:
    """The order's number when the text holds one, else the text as compared."""
    found = _ORDER_NUMBER.search(text)
    return found[0] if found else folded(text)


def manifest_version(name: str) -> int:
    """The version in the name of a manifest, 0 when it has none."""
    found = _VERSION.fullmatch(strip_copy_marks(name))
    return int(found["version"]) if found else 0


def is_medit_name(name: str) -> bool:
    """True for the mesh names of Medit, around which one laboratory is known to write iTero manifests."""
    return _MEDIT.fullmatch(stem_of(name)) is not None


def stem_of(name: str) -> str:
    """The name without its suffix and without the marks of copies."""
    plain = strip_copy_marks(name)
    return plain.rpartition(".")[0] or plain


def folded(name: str) -> str:
    """A name as compared: NFC, case-folded, without copy marks and without the ``#`` that web programs drop."""
    return unicodedata.normalize("NFC", strip_copy_marks(name)).casefold().replace("#", "")


def with_prepared(parts: Sequence[Part], prepared: Collection[Arch]) -> tuple[Part, ...]:
    """In the restorative family the arch with ordered teeth is the preparation, the other one its antagonist."""
    if not prepared:
        return tuple(parts)
    return tuple(
        evolve(part, role="preparation" if part.arch in prepared else "antagonist")
        if part.restorative and part.role == "arch" and part.arch in ("upper", "lower")
        else part
        for part in parts
    )


def choose(parts: Sequence[Part], wanted: Wanted) -> tuple[Part, ...]:
    """One preferred scan of every role and arch; all others are carried along.

    In occlusion wins over teeth-up, an open shell over a base, the wanted ditching, the plain position over a numbered
    bite, PLY over STL. A file with both arches steps back where each arch has its own.
    """
    groups: defaultdict[tuple[object, ...], list[Part]] = defaultdict(list)
    for part in parts:
        groups[part.role, part.arch, part.path if part.role == "other" else ""].append(part)
    best = {min(group, key=lambda part: _rank(part, wanted)).path for group in groups.values()}
    single = {part.arch for part in parts if part.frame and part.role != "preop"} >= {"upper", "lower"}
    return tuple(
        evolve(part, preferred=part.path in best and not (part.arch == "both" and single))
        for part in sorted(parts, key=lambda part: part.path)
    )


def _rank(part: Part, wanted: Wanted) -> tuple[int, int, int, str]:
    order = _VARIANTS[wanted]
    variant = order.index(part.variant) if part.variant in order else len(order)
    return variant, part.bite or 0, MESHES.index(part.format), part.path


def _ortho(found: re.Match[str]) -> Name:
    arch = _JAWS[found["jaw"].lower()]
    pose = found["pose"].lower()
    low = "low-profile" if found["model"].lower() == "lprofile" else None
    return Name(
        order=order_key(found["prefix"]),
        role="other" if found["rest"] else "arch",  # "_cut_1" and the like: made by a laboratory
        arch=arch,
        variant="teeth-up" if pose == "teethup" else low,
        bite=int(found["bite"]) if found["bite"] else None,
        in_occlusion=pose != "teethup",
    )


def _restorative(found: re.Match[str]) -> Name:
    variant = (found["variant"] or "").lower()
    roles: dict[str, Role] = {"pretreatment": "preop", "": "other"}
    return Name(
        order=order_key(found["prefix"] or found["order"] or ""),
        role=roles.get(variant, "arch"),
        arch=_JAWS[found["jaw"].lower()],
        variant=variant.replace("_", "-") if variant.endswith("ditch") else None,
        restorative=True,
    )


def part_named(entry: Entry, name: Name) -> Part:
    """The scan that a name of either family describes."""
    shared = name.in_occlusion and name.role == "arch"
    return Part(
        path=entry.path,
        role=name.role,
        arch=name.arch,
        variant=name.variant,
        bite=name.bite,
        frame=OCCLUSION if shared else None,
        label=stem_of(entry.name) if name.role == "other" else None,
        restorative=name.restorative,
        format=entry.suffix,
    )
