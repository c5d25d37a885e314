"""Names of Medit Link exports: what each mesh shows, and the marks that Medit leaves.

Facts and how well each is known stand in this plugin's quality.toml. Tails are matched at the END of a name and without
regard to case, because the prefix is free text and may hold any word ("lower first molar with preop").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from unicodedata import normalize

from attrs import frozen

from casepan.api import Arch, Entry, Role, strip_copy_marks

STAGE = "medit.export"
FRAME = "medit:occlusion"
MAGIC = b"#<MEDIT>"
CLOSED = "meditmesh"
FORMATS = ("ply", "obj", "stl", CLOSED)

ARCHES: dict[str, Arch] = {"maxillary": "upper", "mandibular": "lower", "upperjaw": "upper", "lowerjaw": "lower"}
REGIONS: dict[str, Role] = {
    "": "arch",
    "situ": "preop",
    "preop": "preop",
    "marker": "scanbody",
    "scanbody": "scanbody",
    "gingiva": "gingiva",
}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}

ARCH_TAIL = re.compile(
    r"(?:(?P<prefix>.*)-)?(?P<arch>maxillary|mandibular|upperjaw|lowerjaw)(?:scan)?(?:-(?P<region>[a-z]+)(?P<number>\d*))?",
    re.IGNORECASE | re.DOTALL,
)
BITE_TAIL = re.compile(
    rf"(?:(?P<prefix>.*)-)?(?:occlusion(?P<ordinal>{'|'.join(ORDINALS)}|\d+)|bite(?P<number>\d*))",
    re.IGNORECASE | re.DOTALL,
)
DESIGN = re.compile(r"_cad(?:\b|_)|-modelbase|-\d\d-(?:crown|waxup|coping)", re.IGNORECASE)
DATED = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<rest>.+)", re.DOTALL)
SOME_DATE = re.compile(r"^(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}|\d{6,8})-")
FOREIGN = re.compile(
    r"totaljaw\d|\d{5}-\d{3}-(?:upper|lower)jaw|\.(?:matrix4|hasscan|dxd)$|(?:^|/)dentalcase\.xml$", re.IGNORECASE
)


@frozen
class Part:
    """What the name of one mesh says.

    Attributes:
        path, size, prefix: where it lies; its bytes; the name before the tail.
        role, arch, number: what it shows.
        tail: the vendor's word for it, kept for people.
        vocabulary: ``"plain"`` (Medit's own words), ``"bite"`` (Medit's bite words), ``"exocad"`` (shared with every
            exocad folder) or ``"unknown"``.
    """

    path: str
    size: int
    prefix: str
    role: Role
    arch: Arch | None
    number: int | None
    tail: str
    vocabulary: Literal["plain", "bite", "exocad", "unknown"]

    @property
    def view(self) -> tuple[Role, Arch | None, int | None]:
        """What it shows; two meshes of one view are copies or formats of each other."""
        return self.role, self.arch, self.number


def fold(name: str) -> str:
    """The name as it is compared: NFC, case-folded, trimmed."""
    return normalize("NFC", normalize("NFC", name).casefold()).strip()


def part_of(entry: Entry) -> Part | None:
    """What a mesh's name says, or None when the file is no mesh.

    A mesh with a tail that nobody knows keeps role ``other`` and the arch if the name ends with one.
    """
    if entry.suffix not in FORMATS:
        return None
    stem = mesh_stem(entry)
    return _bite(entry, stem) or _arch(entry, stem) or _unknown(entry, stem)


def mesh_stem(entry: Entry) -> str:
    """The name without extensions and copy marks (``x.stl.general.meditMesh`` is ``x``)."""
    stem = re.sub(r"\.(?:stl|ply|obj)(?:\.general)?$", "", entry.stem, flags=re.IGNORECASE)
    return strip_copy_marks(stem).strip()


def _bite(entry: Entry, stem: str) -> Part | None:
    found = BITE_TAIL.fullmatch(stem)
    if found is None:
        return None
    prefix, ordinal = found["prefix"] or "", (found["ordinal"] or "").casefold()
    number = ORDINALS.get(ordinal) or int(ordinal or found["number"] or 1)
    return Part(
        entry.path, entry.size, prefix, "bite", None, number, _tail(stem, prefix), "bite" if ordinal else "unknown"
    )


def _arch(entry: Entry, stem: str) -> Part | None:
    found = ARCH_TAIL.fullmatch(stem)
    if found is None:
        return None
    prefix, word, region = found["prefix"] or "", found["arch"].casefold(), (found["region"] or "").casefold()
    number = int(found["number"]) if found["number"] else None
    words: Literal["plain", "exocad"] = "plain" if word.startswith("m") else "exocad"
    return Part(
        entry.path, entry.size, prefix, REGIONS.get(region, "other"), ARCHES[word], number, _tail(stem, prefix), words
    )


def _unknown(entry: Entry, stem: str) -> Part:
    prefix, _, tail = stem.rpartition("-")
    return Part(
        entry.path, entry.size, prefix, "design" if DESIGN.search(stem) else "other", None, None, tail, "unknown"
    )


def _tail(stem: str, prefix: str) -> str:
    return stem[len(prefix) :].lstrip("-")


def container_of(name: str, folder: str, prefix: str) -> str:
    """The folder or zip that names the case, without copy mark and ``.zip``: the innermost that looks like one."""
    steps = [name, *(step for step in folder.split("/") if step)]
    names = [strip_copy_marks(re.sub(r"\.zip$", "", step, flags=re.IGNORECASE)).strip() for step in reversed(steps)]
    telling = (step for step in names if DATED.fullmatch(step) or (prefix and fold(step) == fold(prefix)))
    return next(telling, names[0])


def preferred(parts: Iterable[Part]) -> frozenset[str]:
    """Of several meshes of one view the one to work on: open before closed, coloured before plain."""
    best: dict[object, Part] = {}
    for part in sorted(parts, key=lambda part: (FORMATS.index(suffix_of(part.path)), part.path)):
        best.setdefault(part.path if part.role in ("other", "design") else part.view, part)
    return frozenset(part.path for part in best.values())


def suffix_of(path: str) -> str:
    """The lower-case extension of a path in the listing."""
    return Entry(path, 0, 0.0).suffix


def is_medit_obj(head: bytes) -> bool:
    """Whether the first line is exactly ``#<MEDIT>``."""
    return head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].strip() == MAGIC


def is_foreign(path: str) -> bool:
    """Whether a file beside the meshes is that of another scanner's export."""
    return FOREIGN.search(path.replace("!", "/")) is not None


def is_project(path: str, prefix: str) -> bool:
    """Whether the file is a ``.dentalProject`` named like the meshes."""
    entry = Entry(path, 0, 0.0)
    return entry.suffix == "dentalproject" and fold(strip_copy_marks(entry.stem)) == fold(prefix)
