"""Arrivals that look like a known scanner's export and are not, or are of scanners that have no adapter.

Names were seen in public files; contents are generated. None of them may be claimed by an adapter, and no scan may get a
wrong role: asking is allowed, guessing is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from casepan.contract.specs import Expected, Sample

GENERIC = "core.generic"
_DESIGN = b"www.3shape.com"

_ARCHES: Mapping[str, tuple[str, str]] = {
    "english": ("upper_arch", "lower_arch"),
    "latin": ("maxilla", "mandible"),
    "german": ("Oberkiefer", "Unterkiefer"),
    "hungarian": ("felso_allcsont", "also_allcsont"),
    "korean": ("상악", "하악"),
    "spanish": ("superior", "inferior"),
    "chinese": ("上颌", "下颌"),
    "initials": ("012_U", "012_L"),
    "research": ("0EJBIPTC_upper", "0EJBIPTC_lower"),
    "renamed": ("Roe_UpperJaw", "Roe_LowerJaw"),
    "stamped": ("R7_02_20260301093000_UpperJaw", "R7_02_20260301093000_LowerJaw"),
    "dotted-date": ("Roe-01.03.2026-upperjaw", "Roe-01.03.2026-lowerjaw"),
}
"""Ways of saying upper and lower that belong to no scanner."""


@cache
def look_alikes() -> tuple[Sample, ...]:
    """Every look-alike, with what core alone must make of it."""
    return (*_words(), *_other_scanners(), *_no_scans(), *_nothing())


def _words() -> list[Sample]:
    return [
        _sample(
            f"words-{name}",
            f"{name} words for the arches",
            {f"{upper}.ply": "arch/upper", f"{lower}.ply": "arch/lower"},
        )
        for name, (upper, lower) in _ARCHES.items()
    ]


def _other_scanners() -> list[Sample]:
    benq = {"UpperJaw.stl": "arch/upper", "LowerJaw.stl": "arch/lower", "TotalJaw0.stl": "bite/-"}
    exocad = {"2026-03-01_00001-001-upperjaw.ply": "arch/upper", "2026-03-01_00001-001-lowerjaw.ply": "arch/lower"}
    return [
        _sample("benq", "BenQ", benq, {"scan.hasscan": b"\0"}),
        _sample("exocad-names", "names of exocad without a project", exocad),
        _sample("orthocad-viewer", "a bite saved by a viewer", {"Bite.ply": "bite/-", "upper-jaw.ply": "arch/upper"}),
    ]


def _no_scans() -> list[Sample]:
    """Meshes that show no arch although their names hold the words."""
    stages = {
        "1Maxillary.stl": "other/upper",
        "2Maxillary.stl": "other/upper",
        "stage1/Tooth_UpperJaw.stl": "other/upper",
        "stage1/Tooth_3.stl": "other/-",
    }
    teeth = {"upper_only_tooth.stl": "other/upper", "prep_14.stl": "preparation/-"}
    designs = {"A7_20260301_0930_Roe_0.stl": "other/-", "A7_20260301_0930_Roe_1.stl": "other/-"}
    results = {"Roe-26-crown_cad.stl": "design/-", "Roe-26-27-waxup_cad.stl": "design/-"}
    return [
        _sample("aligner-stages", "stages of an aligner program", stages),
        _sample("single-teeth", "teeth cut out of an arch", teeth),
        _sample("designed-crowns", "crowns that 3Shape designed", designs, signed=True),
        _sample("cad-results", "results of exocad", results),
    ]


def _nothing() -> list[Sample]:
    dicom = bytes(128) + b"DICM\2\0\0\0UL\4\0\0\0\0\0"
    return [
        _sample("dewesoft", "a measurement of Dewesoft", {}, {"measurement.dxd": b"DSRec\0" + bytes(500)}),
        _sample("radiograph", "a radiograph as DICOM", {}, {"image.dcm": dicom}),
        _sample("seven-zip", "an archive that is no zip", {}, {"case.7z": b"7z\xbc\xaf\x27\x1c" + bytes(50)}),
        _sample("photos", "photos and an invoice", {}, {"IMG_1.jpg": b"\xff\xd8\xff", "invoice.pdf": b"%PDF-1.4"}),
    ]


def _sample(
    name: str,
    title: str,
    scans: Mapping[str, str],
    beside: Mapping[str, bytes] | None = None,
    *,
    signed: bool = False,
) -> Sample:
    """A folder of these meshes, path to ``"role/arch"``, and of files beside them."""
    folder = f"case {name}"

    def files() -> Mapping[str, bytes]:
        made = {path: _mesh(role, path, signed=signed) for path, role in scans.items()}
        return {f"{folder}/{path}": content for path, content in {**made, **(beside or {})}.items()}

    return Sample(name, title, files, Expected(GENERIC if scans else None, scans), "real")


def _mesh(role: str, path: str, *, signed: bool) -> bytes:
    from casepan.testing.scans import scan_bytes, small_scan

    kind, _, arch = role.partition("/")
    suffix = path.rpartition(".")[2]
    mesh = small_scan("bite" if kind == "bite" else "lower" if arch == "lower" else "upper")
    return scan_bytes(mesh, suffix, header=_DESIGN if signed else None)
