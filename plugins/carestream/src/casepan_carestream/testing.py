"""Generated Carestream / DEXIS arrivals: the trees of the facts with invented people and synthetic jaws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from struct import pack
from zipfile import ZipFile, ZipInfo

from casepan.api import Expected, Sample
from casepan.testing import jaw_pair, scan_bytes, small_scan

STAGE = "carestream.export"
STUDY = "1.2.528.56.1005.20230328101500"
MAXILLA, MANDIBLE, BITE = "Maxillary Anatomy", "Mandibular Anatomy", "Normal Bite"
PDF = b"%PDF-1.4\n% lab form\n%%EOF\n"


@cache
def mesh(role: str, suffix: str, seed: int = 0) -> bytes:
    """A small scan of upper, lower or bite."""
    return scan_bytes(small_scan(role, seed), suffix, colour=suffix == "ply")


def meshes(suffix: str, names: Mapping[str, str], seed: int = 0) -> dict[str, bytes]:
    """Meshes by catalogue name; ``names`` maps each to upper, lower or bite."""
    return {f"{name}.{suffix}": mesh(role, suffix, seed) for name, role in names.items()}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of fixed dates."""
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name, (2024, 3, 11, 10, 15, 0)), content)
    return target.getvalue()


def dicom(*, preamble: bool = True, model: str = "IS 3800", study: str = STUDY, name: str = "Roe^Jane^") -> bytes:
    """A DICOM head with the tags that matter, explicit little endian, and a body that nobody knows."""
    elements = (
        (0x0008, 0x0005, b"CS", "ISO_IR 192"),
        (0x0008, 0x0018, b"UI", f"{study}.1"),
        (0x0008, 0x0020, b"DA", "20230328"),
        (0x0008, 0x0070, b"LO", "DEXIS"),
        (0x0008, 0x1090, b"LO", model),
        (0x0010, 0x0010, b"PN", name),
        (0x0010, 0x0020, b"LO", "4711"),
        (0x0020, 0x000D, b"UI", study),
    )
    head = bytes(128) + b"DICM" if preamble else b""
    return head + b"".join(_element(*element) for element in elements) + bytes(range(256)) * 8


def _element(group: int, element: int, kind: bytes, text: str) -> bytes:
    value = text.encode() + (b" " if len(text.encode()) % 2 else b"")
    return pack("<HH2sH", group, element, kind, len(value)) + value


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files inside a folder of that name."""
    return {f"{folder}/{path}": content for path, content in files.items()}


def save_ply() -> dict[str, bytes]:
    """One save as PLY."""
    return in_folder("20230724 - 133711 - Roe Jane", meshes("ply", {MAXILLA: "upper", MANDIBLE: "lower"}))


def two_saves() -> dict[str, bytes]:
    """An incomplete save and a later complete one."""
    first = in_folder("20230724 - 133711 - Roe Jane", meshes("ply", {MAXILLA: "upper"}, 1))
    second = in_folder("20230724 - 135902 - Roe Jane", meshes("ply", {MAXILLA: "upper", MANDIBLE: "lower"}))
    return in_folder("Roe", {**first, **second})


def two_bites() -> dict[str, bytes]:
    """A Spanish export with one mandible per bite."""
    names = {MAXILLA: "upper", f"{MANDIBLE}_Mordida normal": "lower", f"{MANDIBLE}_Relacion centrica": "lower"}
    return in_folder("20240311 - 101500 - Doe John", meshes("stl", names))


def copies() -> dict[str, bytes]:
    """A clinic's own archive with copy marks, unpacked by the lab from a RAR."""
    names = {f"{MAXILLA} (2)": "upper", f"{MANDIBLE} (2)(1)": "lower", f"{BITE} (2)": "bite"}
    return in_folder("1013", meshes("stl", names))


def rar() -> dict[str, bytes]:
    """The same as it came."""
    return {"1013.rar": b"Rar!\x1a\x07\x00" + bytes(40) + b"Maxillary Anatomy (2).stl" + bytes(range(256)) * 4}


def restoration() -> dict[str, bytes]:
    """A restoration with pre-preparation scan, normal and extra bite, fine enough for every check."""
    pair, before = jaw_pair(36, triangles=16_000, preparations=(36,)), jaw_pair(36, triangles=16_000)
    shapes = {
        MAXILLA: pair.upper,
        MANDIBLE: pair.lower,
        "Mandibular Pre Scan": before.lower,
        BITE: pair.bites[0],
        "Extra Bite protrusive": pair.bites[1],
    }
    files = {f"{name}.ply": scan_bytes(shape, "ply") for name, shape in shapes.items()}
    return in_folder("20240311 - 101500 - Doe John", files)


def portal() -> dict[str, bytes]:
    """A package of the portal as a lab system sees it: ZIP and PDF."""
    package = zipped(meshes("stl", {MAXILLA: "upper", MANDIBLE: "lower", BITE: "bite"}))
    return in_folder("inbox-1", {"CSC-20931.zip": package, "CSC-20931.pdf": PDF})


def sent_dicom() -> dict[str, bytes]:
    """What ScanFlow sends to the portal: one DICOM file."""
    uuid = "6f0c1ac4-6c8e-4a3b-9a54-2d1a5f9e7b10"
    return in_folder(f"20230328_{STUDY}", {f"{uuid}_Orthodontics.dcm": dicom()})


def raw_data() -> dict[str, bytes]:
    """Raw data with its companions."""
    stem = "John_Doe[2023-03-24T13-15-07][1.0.8.432][Ortho]"
    members = {"MultiViews_0.bin": bytes(2048), "MultiViews_1.bin": bytes(2048), "Version.ini": b"[Bite]\n"}
    files = {
        f"{stem}.cszx": zipped(members),
        f"{stem}_records.zip": zipped({"0.bin": bytes(64)}),
        f"{stem}.mp4": bytes(64),
    }
    return in_folder("raw", files)


def old_raw() -> dict[str, bytes]:
    """Raw data under its older name."""
    return {"John_Doe[2018-04-19_08-34-04]_Implant.cszx": zipped({"MultiViews_0.bin": bytes(512)})}


def loose() -> dict[str, bytes]:
    """Meshes without any folder."""
    return meshes("stl", {MAXILLA: "upper", MANDIBLE: "lower", BITE: "bite"})


def two_patients() -> dict[str, bytes]:
    """Save folders of two patients in one arrival."""
    first = in_folder("20230724 - 133711 - Roe Jane", meshes("stl", {MAXILLA: "upper", MANDIBLE: "lower"}))
    second = in_folder("20230724 - 140112 - Doe John", meshes("stl", {MAXILLA: "upper", MANDIBLE: "lower"}, 1))
    return in_folder("today", {**first, **second})


def samples() -> tuple[Sample, ...]:
    """Every known tree."""
    return (*save_samples(), *packed_samples(), *closed_samples())


def save_samples() -> tuple[Sample, ...]:
    """Save folders."""
    pair = {f"{MAXILLA}.ply": "arch/upper", f"{MANDIBLE}.ply": "arch/lower"}
    bites = {
        f"{MAXILLA}.stl": "arch/upper",
        f"{MANDIBLE}_Mordida normal.stl": "arch/lower",
        f"{MANDIBLE}_Relacion centrica.stl": "arch/lower",
    }
    rich = {
        **pair,
        "Mandibular Pre Scan.ply": "preop/lower",
        f"{BITE}.ply": "bite/-",
        "Extra Bite protrusive.ply": "bite/-",
    }
    later = {f"20230724 - 135902 - Roe Jane/{name}": view for name, view in pair.items()}
    day = "20230724 - 133711 - Roe Jane", "20230724 - 140112 - Doe John"
    both = {
        f"{save}/{name}.stl": view for save in day for name, view in ((MAXILLA, "arch/upper"), (MANDIBLE, "arch/lower"))
    }
    return (
        Sample(
            "save-ply", "a save folder, PLY", save_ply, Expected(STAGE, pair, vendor_id="roe jane | 20230724"), "real"
        ),
        Sample(
            "two-saves",
            "two saves, the first incomplete",
            two_saves,
            Expected(STAGE, later, vendor_id="roe jane | 20230724"),
            "real",
        ),
        Sample(
            "two-bites",
            "one mandible per bite, Spanish",
            two_bites,
            Expected(STAGE, bites, vendor_id="doe john | 20240311"),
            "real",
        ),
        Sample(
            "restoration",
            "restoration with pre scan and extra bite",
            restoration,
            Expected(STAGE, rich, vendor_id="doe john | 20240311"),
            demo=True,
        ),
        Sample("two-patients", "save folders of two patients", two_patients, Expected(STAGE, both, cases=2)),
    )


def packed_samples() -> tuple[Sample, ...]:
    """Meshes outside a save folder."""
    trio = {f"{MAXILLA}.stl": "arch/upper", f"{MANDIBLE}.stl": "arch/lower", f"{BITE}.stl": "bite/-"}
    marked = {f"{MAXILLA} (2).stl": "arch/upper", f"{MANDIBLE} (2)(1).stl": "arch/lower", f"{BITE} (2).stl": "bite/-"}
    packed = {f"CSC-20931.zip!{name}": view for name, view in trio.items()}
    return (
        Sample(
            "copy-marks",
            "a hand-made folder with copy marks",
            copies,
            Expected(STAGE, marked, vendor_id="1013"),
            "real",
        ),
        Sample(
            "portal-package",
            "ZIP and PDF of the portal",
            portal,
            Expected(STAGE, packed, vendor_id="csc-20931"),
            "documented",
        ),
        Sample("loose", "meshes without their folder", loose, Expected(STAGE, trio, outcome="review"), "real"),
    )


def closed_samples() -> tuple[Sample, ...]:
    """Arrivals that only ScanFlow opens."""
    dcm = {"6f0c1ac4-6c8e-4a3b-9a54-2d1a5f9e7b10_Orthodontics.dcm": "other/-"}
    raw = {"John_Doe[2023-03-24T13-15-07][1.0.8.432][Ortho].cszx": "other/-"}
    old = {"John_Doe[2018-04-19_08-34-04]_Implant.cszx": "other/-"}
    return (
        Sample("rar", "the same as RAR", rar, _closed({"1013.rar": "other/-"}, "1013"), "real"),
        Sample("dicom", "one DICOM file of ScanFlow", sent_dicom, _closed(dcm, STUDY), "real"),
        Sample(
            "raw-data", "raw data with companions", raw_data, _closed(raw, "john_doe | 2023-03-24T13-15-07"), "real"
        ),
        Sample("old-raw-data", "raw data, older name", old_raw, _closed(old, "john_doe | 2018-04-19_08-34-04"), "real"),
    )


def _closed(scans: Mapping[str, str], vendor_id: str) -> Expected:
    return Expected(STAGE, scans, vendor_id=vendor_id, closed=1, outcome="review")
