"""Generated Medit arrivals: the trees of the facts with invented people and synthetic jaws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from casepan.api import Expected, Sample
from casepan.testing import jaw_pair, scan_bytes, small_scan

STAGE = "medit.export"
KOREAN = "김하늘"  # an invented patient

PROJECT = """<?xml version="1.0" encoding="utf-8"?>
<Treatment UseRecipientMaterialConfiguration="true">
  <DateTime>2026-09-11T09:12:44</DateTime>
  <ProjectGUID>00000000-0000-4000-8000-000000000046</ProjectGUID>
  <Notes>Full contour, please.</Notes>
  <Teeth>
    <Tooth><Number>45</Number><ReconstructionType>HealthyTooth</ReconstructionType></Tooth>
    <Tooth>
      <Number>46</Number><ReconstructionType>AnatomicCrown</ReconstructionType><PreparationType>Crown</PreparationType>
      <MaterialName>Zirconia</MaterialName><MesialConnector>false</MesialConnector><Color>A2</Color>
    </Tooth>
  </Teeth>
  <Practice><PracticeId>7</PracticeId><PracticeName>Lindenhof Dental</PracticeName></Practice>
  <Patient><PatientId>0</PatientId><PatientName>Roe</PatientName><PatientFirstName>Jane </PatientFirstName></Patient>
</Treatment>
"""


@cache
def mesh(role: str, suffix: str, seed: int = 0) -> bytes:
    """A small scan as Medit writes it: OBJ with the vendor's first line, PLY with colour, STL without."""
    content = scan_bytes(small_scan(role, seed), suffix, colour=suffix != "stl")
    return b"#<MEDIT>\n" + content if suffix == "obj" else content


def jaws(stem: str, tails: Mapping[str, str], suffix: str, seed: int = 0) -> dict[str, bytes]:
    """Meshes named ``<stem>-<tail>.<suffix>``; ``tails`` maps each tail to upper, lower or bite."""
    return {f"{stem}-{tail}.{suffix}": mesh(role, suffix, seed) for tail, role in tails.items()}


PLAIN = {"maxillary": "upper", "mandibular": "lower", "occlusionfirst": "bite"}
EXOCAD = {"upperjaw": "upper", "lowerjaw": "lower", "occlusionfirst": "bite"}
SHOWS = {
    "maxillary": "arch/upper",
    "mandibular": "arch/lower",
    "upperjaw": "arch/upper",
    "lowerjaw": "arch/lower",
    "occlusionfirst": "bite/-",
    "occlusionsecond": "bite/-",
    "upperjaw-marker": "scanbody/upper",
    "maxillary-scanbody": "scanbody/upper",
    "lowerjaw-situ": "preop/lower",
    "upperjaw-gingiva": "gingiva/upper",
}


def zipped(members: Mapping[str, bytes], *, encoding: str = "utf-8", deflate: bool = False) -> bytes:
    """A zip of fixed dates; in another encoding its names carry no UTF-8 flag, as Medit Link writes them."""
    target = BytesIO()
    raw = {}
    with ZipFile(target, "w") as archive:
        for number, (name, content) in enumerate(members.items()):
            stand_in = name
            if encoding != "utf-8":
                stand_in = f"@{number}".ljust(len(name.encode(encoding)), "@")
                raw[stand_in.encode()] = name.encode(encoding)
            archive.writestr(
                ZipInfo(stand_in, (2026, 9, 11, 9, 0, 0)), content, ZIP_DEFLATED if deflate else ZIP_STORED
            )
    packed = target.getvalue()
    for stand_in_bytes, name_bytes in raw.items():
        packed = packed.replace(stand_in_bytes, name_bytes)
    return packed


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files inside a folder of that name."""
    return {f"{folder}/{path}": content for path, content in files.items()}


def expected(stem: str, tails: Mapping[str, str], suffix: str, *, before: str = "") -> dict[str, str]:
    """What ``Expected.scans`` must be for meshes made by :func:`jaws`."""
    return {f"{before}{stem}-{tail}.{suffix}": SHOWS[tail] for tail in tails}


def plain_folder() -> dict[str, bytes]:
    """A plain export as a folder, OBJ, the tooth marked in the case name."""
    return in_folder("2026-09-11-Jane Roe's case #26", jaws("2026-09-09-Jane Roe", PLAIN, "obj"))


def re_export() -> dict[str, bytes]:
    """The same case exported again, compressed, beside the first one."""
    return {"2026-09-11-Jane Roe's case #26_(1).zip": zipped(jaws("2026-09-09-Jane Roe", PLAIN, "obj"))}


def second_vocabulary() -> dict[str, bytes]:
    """exocad's tails with Medit's bite and a scan body."""
    stem = "2026-09-02-John Doe-2026-09-02"
    return in_folder("2026-09-02-John Doe", jaws(stem, EXOCAD | {"upperjaw-marker": "upper"}, "obj"))


def exocad_style() -> dict[str, bytes]:
    """An exocad-style case whose name holds role words, with its order; scans fine enough for every check."""
    stem = "roe-lower first molar with preop"
    pair = jaw_pair(46, triangles=16_000, preparations=(46,))
    before = jaw_pair(46, triangles=16_000)
    meshes = {
        "upperjaw": pair.upper,
        "lowerjaw": pair.lower,
        "lowerjaw-situ": before.lower,
        "occlusionfirst": pair.bites[0],
    }
    files = {f"{stem}-{tail}.obj": b"#<MEDIT>\n" + scan_bytes(shape, "obj") for tail, shape in meshes.items()}
    return in_folder(stem, {f"{stem}.dentalProject": PROJECT.replace("\n", "\r\n").encode("utf-8-sig"), **files})


def dated_stl() -> dict[str, bytes]:
    """STL, day first in the date."""
    return in_folder("21-03-2025-jane roe", jaws("21-03-2025-jane roe", PLAIN, "stl"))


def two_occlusions() -> dict[str, bytes]:
    """An implant case with two bites, PLY, zipped."""
    tails = PLAIN | {"occlusionsecond": "bite", "maxillary-scanbody": "upper"}
    return {"2026-09-11-Jane Roe's case.zip": zipped(jaws("2026-09-09-Jane Roe", tails, "ply"))}


def korean_zip() -> dict[str, bytes]:
    """A zip from a Korean PC: names in CP949, no UTF-8 flag."""
    files = jaws(f"2026-09-09-{KOREAN}", PLAIN, "obj")
    return {f"2026-09-11-{KOREAN}님의 케이스.zip": zipped(files, encoding="cp949")}


def lms_feed() -> dict[str, bytes]:
    """What a lab system downloads: a zip and an XML of an unpublished schema."""
    case = "2026-09-11-Jane Roe's case"
    files = {
        f"{case}.zip": zipped(jaws("2026-09-09-Jane Roe", PLAIN, "stl")),
        f"{case}.xml": b"<order><id>77</id></order>",
    }
    return in_folder("77", files)


def closed() -> dict[str, bytes]:
    """meditMesh only: nobody else can open it."""
    stem = "2026-09-09-Jane Roe"
    names = (f"{stem}-maxillary.stl.general.meditMesh", f"{stem}-mandibular.stl.general.meditMesh")
    return in_folder("2026-09-11-Jane Roe's case", dict.fromkeys(names, b"\x07MEDITMESH-STAND-IN\0" * 64))


def bare_names() -> dict[str, bytes]:
    """The prefix stripped by a user."""
    return in_folder("scans", {f"{tail}.stl": mesh(role, "stl") for tail, role in PLAIN.items()})


def other_person() -> dict[str, bytes]:
    """The clinic attached scans of another record to the case."""
    return in_folder("2026-09-11-Max Muster's case", jaws("2026-09-09-Jane Roe", PLAIN, "obj", 3))


def two_cases() -> dict[str, bytes]:
    """Two exports in one folder."""
    first = in_folder("2026-09-11-Jane Roe's case", jaws("2026-09-09-Jane Roe", PLAIN, "obj"))
    second = in_folder("2026-09-11-John Doe's case", jaws("2026-09-10-John Doe", PLAIN, "obj", 1))
    return in_folder("monday", {**first, **second})


def samples() -> tuple[Sample, ...]:
    """Every known tree."""
    return (*plain_samples(), *exocad_samples(), *doubtful_samples())


def plain_samples() -> tuple[Sample, ...]:
    """Exports in Medit's own words."""
    roe, case = "2026-09-09-Jane Roe", "jane roe's case | 2026-09-09-jane roe"
    zip_26, zip_name = "2026-09-11-Jane Roe's case #26_(1).zip!", "2026-09-11-Jane Roe's case.zip!"
    two = PLAIN | {"occlusionsecond": "bite", "maxillary-scanbody": "upper"}
    at_26 = partial(Expected, STAGE, teeth=(26,), vendor_id="jane roe's case #26 | 2026-09-09-jane roe")
    return (
        Sample("plain-obj", "plain export, OBJ, folder", plain_folder, at_26(expected(roe, PLAIN, "obj")), "real"),
        Sample(
            "re-export-zip",
            "the same, exported again and zipped",
            re_export,
            at_26(expected(roe, PLAIN, "obj", before=zip_26)),
            "real",
        ),
        Sample(
            "plain-stl",
            "plain export, STL, day first",
            dated_stl,
            Expected(STAGE, expected("21-03-2025-jane roe", PLAIN, "stl"), vendor_id="21-03-2025-jane roe"),
            "real",
        ),
        Sample(
            "two-occlusions",
            "two bites and a scan body",
            two_occlusions,
            Expected(STAGE, expected(roe, two, "ply", before=zip_name), vendor_id=case),
        ),
        Sample(
            "korean-zip",
            "zip with CP949 names",
            korean_zip,
            Expected(
                STAGE, expected(f"2026-09-09-{KOREAN}", PLAIN, "obj", before=f"2026-09-11-{KOREAN}님의 케이스.zip!")
            ),
            "real",
        ),
        Sample(
            "lms-feed",
            "zip and XML of a lab system",
            lms_feed,
            Expected(STAGE, expected(roe, PLAIN, "stl", before=zip_name), vendor_id=case),
            "documented",
        ),
    )


def exocad_samples() -> tuple[Sample, ...]:
    """Exports in exocad's words."""
    doe = "2026-09-02-John Doe-2026-09-02"
    preop = "roe-lower first molar with preop"
    return (
        Sample(
            "second-vocabulary",
            "exocad's words with Medit's bite, scan body",
            second_vocabulary,
            Expected(
                STAGE,
                expected(doe, EXOCAD | {"upperjaw-marker": "upper"}, "obj"),
                vendor_id=f"john doe | {doe.lower()}",
            ),
            "real",
        ),
        Sample(
            "exocad-style",
            "exocad-style export with order and pre-operative scan",
            exocad_style,
            Expected(STAGE, expected(preop, EXOCAD | {"lowerjaw-situ": "lower"}, "obj"), (46,), preop),
            "real",
            demo=True,
        ),
    )


def doubtful_samples() -> tuple[Sample, ...]:
    """Exports that need a person, and several at once."""
    roe = "2026-09-09-Jane Roe"
    return (
        Sample("meditmesh", "closed meshes only", closed, closed_expected(), "real"),
        Sample(
            "bare-names",
            "names without prefix",
            bare_names,
            Expected(STAGE, {f"{tail}.stl": SHOWS[tail] for tail in PLAIN}, outcome="review"),
        ),
        Sample(
            "other-person",
            "folder and meshes name different people",
            other_person,
            Expected(
                STAGE,
                expected(roe, PLAIN, "obj"),
                vendor_id="max muster's case | 2026-09-09-jane roe",
                outcome="review",
            ),
            "real",
        ),
        Sample("two-cases", "two exports in one arrival", two_cases, two_expected()),
    )


def closed_expected() -> Expected:
    """Both arches are named, none can be read."""
    stem = "2026-09-09-Jane Roe"
    scans = {f"{stem}-{tail}.stl.general.meditMesh": SHOWS[tail] for tail in ("maxillary", "mandibular")}
    return Expected(STAGE, scans, vendor_id="jane roe's case | 2026-09-09-jane roe", closed=2, outcome="review")


def two_expected() -> Expected:
    """Two cases; the scans of both are listed."""
    first = expected("2026-09-09-Jane Roe", PLAIN, "obj", before="2026-09-11-Jane Roe's case/")
    second = expected("2026-09-10-John Doe", PLAIN, "obj", before="2026-09-11-John Doe's case/")
    return Expected(STAGE, first | second, cases=2)
