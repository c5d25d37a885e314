"""Generated exocad-style arrivals: the trees of the facts with invented people and synthetic jaws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from casepan.api import Expected, Sample
from casepan.testing import jaw_pair, scan_bytes, small_scan

STAGE = "exocad.folder"
SHOWS = {
    "upperjaw": "arch/upper",
    "lowerjaw": "arch/lower",
    "totaljaw0": "bite/-",
    "totaljaw1": "bite/-",
    "upperjaw-situ": "preop/upper",
    "lowerjaw-situ": "preop/lower",
    "upperjaw-marker": "scanbody/upper",
    "lowerjaw-marker": "scanbody/lower",
    "upperjaw-gingiva": "gingiva/upper",
}
TURN = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
SHIFT = (12.5, -3.25, 20.0)


def tooth(number: int, kind: str = "AnatomicCrown", **more: str) -> str:
    """One ``<Tooth>``; a material and a colour unless it is healthy or an antagonist."""
    work = {"MaterialName": "Zirconia", "Material": "ZI", "MesialConnector": "false", "Color": "A2"}
    fields = {"Number": str(number), "ReconstructionType": kind}
    fields |= ({} if kind in ("HealthyTooth", "Antagonist") else work) | more
    return f"<Tooth>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</Tooth>"


def project(teeth: str = "", *, number: int = 1, more: str = "", encoding: str = "utf-8-sig") -> bytes:
    """A ``.dentalProject`` as scanners write it: BOM and CRLF, names with a blank behind them, often without teeth."""
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f"""<?xml version="1.0" encoding="{declared}"?>
<Treatment UseRecipientMaterialConfiguration="true">
  <DateTime>2026-03-01T09:12:44</DateTime>
  <TrayNo>T-{number}</TrayNo>
  <Notes>Full contour, please.
Ring if the bite is open.</Notes>
  <ProjectGUID>{number:08d}-0000-4000-8000-000000000001</ProjectGUID>
  <Teeth>{teeth}</Teeth>
  <Practice><PracticeId>7</PracticeId><PracticeName>Lindenhof Dental</PracticeName></Practice>
  <Patient><PatientId>{number}</PatientId><PatientName>Roe </PatientName><PatientFirstName>Zoë </PatientFirstName></Patient>
  <AntagonistType>DigitalImpressionScan</AntagonistType>
  <MovementMarkerScan>false</MovementMarkerScan>{more}
</Treatment>
"""
    return text.replace("\n", "\r\n").encode(encoding)


def configured(teeth: str) -> bytes:
    """A project as exocad itself writes it, with the laboratory's own configuration: what a lab names as a template."""
    configuration = (
        "<WorkParams>eJxjYGRiZmFlY+fg5OLm4eXjFxAUEhYRFROXkJSSlpGVk1dQVFIGADdBA7o=</WorkParams>"
        "<WorkParamsSHA>5d41402abc4b2a76b9719d911017c592</WorkParamsSHA>"
        "<ProjectUniqueId>ABCDEFGHIJKLMNOPQRSTUVWXYZ</ProjectUniqueId><ToothColor>A3</ToothColor>"
    )
    return project(teeth, number=4711, more=configuration)


def matrix(name: str = "Matrix4", *, inverse: bool = False) -> str:
    """A turn and a shift as exocad writes matrices: for row vectors, the translation in the last row."""
    turn = [list(column) for column in zip(*TURN, strict=True)]  # row vectors: the transposed turn
    rows = [[*row, 0.0] for row in turn] + [[*SHIFT, 1.0]]
    if inverse:
        back = [-sum(a * b for a, b in zip(SHIFT, column, strict=True)) for column in zip(*TURN, strict=True)]
        rows = [[*row, 0.0] for row in TURN] + [[*back, 1.0]]
    cells = (f"<_{r}{c}>{value:.6f}</_{r}{c}>" for r, row in enumerate(rows) for c, value in enumerate(row))
    return f"<{name}>{''.join(cells)}</{name}>"


def scan_info(*names: str) -> bytes:
    """A ``.scanInfo`` that names these files: per file the way from the scene back to the file."""
    files = "".join(
        f"<ScanFile><FileName>{n}</FileName>{matrix('TransformationMatrix', inverse=True)}</ScanFile>" for n in names
    )
    return f'<?xml version="1.0"?><ScanInfo><ScanFiles>{files}</ScanFiles></ScanInfo>'.encode()


@cache
def mesh(role: str, suffix: str, seed: int = 0) -> bytes:
    """A small scan with colour where the format has it."""
    return scan_bytes(small_scan(role, seed), suffix, colour=suffix != "stl")


def jaws(stem: str, words: Mapping[str, str], suffix: str = "stl", seed: int = 0) -> dict[str, bytes]:
    """Meshes named ``<stem>-<word>.<suffix>``; ``words`` maps each word to upper, lower or bite."""
    return {f"{stem}-{word}.{suffix}": mesh(role, suffix, seed) for word, role in words.items()}


def expected(stem: str, words: Mapping[str, str], suffix: str = "stl", *, before: str = "") -> dict[str, str]:
    """What ``Expected.scans`` must be for meshes made by :func:`jaws`."""
    return {f"{before}{stem}-{word}.{suffix}": SHOWS[word.casefold()] for word in words}


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files inside a folder of that name."""
    return {f"{folder}/{path}": content for path, content in files.items()}


SHINING = {"UpperJaw": "upper", "LowerJaw": "lower", "TotalJaw0": "bite", "TotalJaw1": "bite"}
JAWS = {"upperjaw": "upper", "lowerjaw": "lower"}
IMPLANT = JAWS | {"lowerjaw-marker": "lower", "TotalJaw0": "bite"}


def shining() -> dict[str, bytes]:
    """Aoralscan: no teeth in the project, one matrix for all scans."""
    files = {"Roe.dentalProject": project(), "Roe.matrix4": matrix().encode()}
    return in_folder("Roe", jaws("Roe", SHINING) | files)


def own_case() -> dict[str, bytes]:
    """A case that exocad itself has worked on: construction, results, margin points."""
    stem = "2026-03-01_00001-001"
    files = jaws(stem, JAWS, "ply") | {
        f"{stem}.dentalProject": configured(tooth(16) + tooth(46, "Antagonist")),
        f"{stem}.constructionInfo": b"<ConstructionInfo/>",
        f"{stem}-16-crown_cad.stl": mesh("upper", "stl", 1),
        f"{stem}-16-Margin.xyz": b"0 0 0\n",
    }
    return in_folder(stem, files)


def bridge() -> dict[str, bytes]:
    """A bridge 14-16 with bites and situation, in scans fine enough for every check."""
    stem = "2026-03-01_Roe lower first preop"
    pair = jaw_pair(15, triangles=16_000, preparations=(14, 16))
    before = jaw_pair(15, triangles=16_000)
    shapes = {
        "upperjaw": pair.upper,
        "lowerjaw": pair.lower,
        "upperjaw-situ": before.upper,
        "TotalJaw0": pair.bites[0],
    }
    situ = {"SituScan": "true"}
    teeth = [
        tooth(13, "HealthyTooth"),
        tooth(14, **situ),
        tooth(15, "AnatomicPontic", MesialConnector="true", **situ),
        tooth(16, MesialConnector="true", **situ),
        tooth(46, "Antagonist"),
    ]
    files = {f"{stem}-{word}.stl": scan_bytes(shape, "stl") for word, shape in shapes.items()}
    return in_folder(stem, files | {f"{stem}.dentalProject": project("".join(teeth), number=2)})


def implant() -> dict[str, bytes]:
    """An implant with its scan body, the document in the code page of a Windows PC."""
    teeth = tooth(36, ImplantType="CustomAbutment", MaterialAbutment="TI", ScanAbutmentScan="true")
    files = {"Zoe.dentalProject": project(teeth, number=3, encoding="windows-1252")}
    return in_folder("Zoe", jaws("Zoe", IMPLANT) | files)


def textured() -> dict[str, bytes]:
    """OBJ with material files and pictures."""
    stem = "Roe_26"
    files = jaws(stem, JAWS, "obj") | {f"{stem}.dentalProject": project(tooth(26), number=4)}
    for word in JAWS:
        files[f"{stem}-{word}.mtl"] = f"newmtl scan\nmap_Kd {stem}-{word}.jpg\n".encode()
        files[f"{stem}-{word}.jpg"] = b"\xff\xd8\xff\xe0 picture"
    return in_folder(stem, files)


def opened() -> dict[str, bytes]:
    """Opened in exocad once: a .scanInfo for every scan, and a stale .matrix4."""
    names = [f"Poe-{word}.ply" for word in JAWS]
    files = {
        "Poe.dentalProject": project(tooth(11), number=6),
        "Poe.scanInfo": scan_info(*names),
        "Poe.matrix4": b"<Matrix4><_00>1</_00><_11>1</_11><_22>1</_22><_33>1</_33></Matrix4>",
    }
    return in_folder("Poe", jaws("Poe", JAWS, "ply") | files)


def data_root() -> dict[str, bytes]:
    """Two projects as they lie below a data root."""
    first = jaws("Roe", JAWS) | {"Roe.dentalProject": project(tooth(11), number=7)}
    second = jaws("Poe", JAWS, seed=1) | {"Poe.dentalProject": project(tooth(46), number=8)}
    return in_folder("CAD-Data", in_folder("Roe", first) | in_folder("Poe", second))


def samples() -> tuple[Sample, ...]:
    """Every known tree."""
    stem, own = "2026-03-01_Roe lower first preop", "2026-03-01_00001-001"
    situ = JAWS | {"upperjaw-situ": "upper", "TotalJaw0": "bite"}
    both = expected("Roe", JAWS, before="Roe/") | expected("Poe", JAWS, before="Poe/")
    result = {f"{own}-16-crown_cad.stl": "design/-"}
    return (
        Sample(
            "shining-3d",
            "Aoralscan's export to exocad",
            shining,
            Expected(STAGE, expected("Roe", SHINING), vendor_id=_guid(1)),
            "real",
        ),
        Sample(
            "own-case",
            "a case that exocad has worked on",
            own_case,
            Expected(STAGE, expected(own, JAWS, "ply") | result, (16,), _guid(4711)),
            "real",
        ),
        Sample(
            "bridge",
            "a bridge with situation, healthy neighbours and antagonist",
            bridge,
            Expected(STAGE, expected(stem, situ), (14, 15, 16), _guid(2)),
            "real",
            demo=True,
        ),
        Sample(
            "implant",
            "an implant with scan body, XML in windows-1252",
            implant,
            Expected(STAGE, expected("Zoe", IMPLANT), (36,), _guid(3)),
            "real",
        ),
        Sample(
            "textured", "OBJ with pictures", textured, Expected(STAGE, expected("Roe_26", JAWS, "obj"), (26,)), "real"
        ),
        Sample(
            "opened",
            "opened in exocad: .scanInfo",
            opened,
            Expected(STAGE, expected("Poe", JAWS, "ply"), (11,)),
            "real",
        ),
        Sample("data-root", "two projects", data_root, Expected(STAGE, both, (11, 46), cases=2), "real"),
    )


def _guid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000001"
