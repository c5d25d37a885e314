"""Generated Primescan arrivals: the trees of the facts with invented people and synthetic jaws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from zipfile import ZipFile, ZipInfo

from casepan.api import Expected, Sample
from casepan.testing import jaw_pair, scan_bytes, small_scan

STAGE = "primescan.export"
GUID = "3F2504E0-4F89-11D3-9A0C-0305E82C3301"
OTHER_GUID = "7D444840-9DC0-11D1-B245-5FFDCE74FAD2"

RECORD = """<?xml version="1.0"?>
<DentalCase>
  <Patient>
    <LastName>Muster</LastName><FirstName>Anna</FirstName><FullName> Anna Muster</FullName>
    <PatientID>24447</PatientID><DateOfBirth>1900-01-01</DateOfBirth><CaseGUID>{guid}</CaseGUID>
  </Patient>
  <Dentist><Name>2510</Name></Dentist>
  <AcquireDevice>Primescan</AcquireDevice>
  <FileHistory><DateTime day="8" month="9" year="2026" hour="2" minute="35" second="10"/></FileHistory>
  <Models>{models}</Models>
  <Restorations><Restoration><ScanOnly type="Impression"/></Restoration></Restorations>
  <ToothDefinitions>{teeth}</ToothDefinitions>
</DentalCase>
"""


@cache
def mesh(role: str, suffix: str, seed: int = 0) -> bytes:
    """A small scan of upper, lower or bite."""
    return scan_bytes(small_scan(role, seed), suffix, colour=suffix != "stl")


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of fixed dates."""
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name, (2026, 9, 8, 2, 35, 10)), content)
    return target.getvalue()


def record(*, guid: str = GUID, teeth: tuple[int, ...] = (), models: tuple[str, ...] = ("UpperJaw", "LowerJaw")) -> str:
    """A ``DentalCase.xml`` in the shape of the facts."""
    return RECORD.format(
        guid=guid,
        models="".join(f"<ModelType>{model}</ModelType>" for model in models),
        teeth="".join(f"<ToothNumber>{tooth}</ToothNumber>" for tooth in teeth),
    )


def dxd(
    *,
    mark: bool = True,
    guid: str = GUID,
    teeth: tuple[int, ...] = (),
    models: tuple[str, ...] = ("UpperJaw", "LowerJaw"),
) -> bytes:
    """A DXD: a zip with the record in UTF-16LE and a payload that nobody knows."""
    text = record(guid=guid, teeth=teeth, models=models)
    return zipped(
        {"DentalCase.xml": text.encode("utf-16" if mark else "utf-16-le"), "Payload.bin": bytes(range(256)) * 64}
    )


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files inside a folder of that name."""
    return {f"{folder}/{path}": content for path, content in files.items()}


def dxd_alone() -> dict[str, bytes]:
    """A DXD named by patient and local time."""
    return {"Muster, Anna 2026-09-08_11-34-58.dxd": dxd()}


def dxd_with_teeth() -> dict[str, bytes]:
    """A DXD without byte order mark, teeth set in the software, scan bodies inside."""
    return {"2026-09-08 Muster.dxd": dxd(mark=False, teeth=(11, 21), models=("UpperJaw", "LowerJaw", "ScanbodyUpper"))}


def dxd_marked() -> dict[str, bytes]:
    """A DXD with the teeth in its name, and another date that is no tooth."""
    return {"Muster #11,21 Dr Doe 24.dxd": dxd(models=("UpperJaw",))}


def ds_core(pair_seed: int = 0) -> dict[str, bytes]:
    """The meshes and the empty project of DS Core's exocad download."""
    start = "2026-09-10-00000-000"
    return {
        f"{start}-upperjaw.ply": mesh("upper", "ply", pair_seed),
        f"{start}-upperjaw-gingiva.ply": mesh("upper", "ply", pair_seed + 1),
        f"{start}-lowerjaw.ply": mesh("lower", "ply", pair_seed),
        f"{start}.dentalproject": b"",
    }


def ds_core_zip() -> dict[str, bytes]:
    """DS Core, download as .exocad."""
    return {"TMP-0001_exocad.zip": zipped(ds_core())}


def ds_core_bite() -> dict[str, bytes]:
    """The same unpacked, with a bite, fine enough for every check."""
    pair = jaw_pair(11, triangles=16_000, preparations=(24,))
    start = "2026-09-10-00000-000"
    shapes = {"upperjaw": pair.upper, "lowerjaw": pair.lower, "bite": pair.bites[0]}
    files = {f"{start}-{word}.ply": scan_bytes(shape, "ply") for word, shape in shapes.items()}
    return in_folder("TMP-0002 #24_exocad", {**files, f"{start}.dentalproject": b""})


def order_folder() -> dict[str, bytes]:
    """A DS Core order as a lab fetched it."""
    return in_folder(
        "9XKQ42M1", {"9XKQ42M1_123213_DI_2026-10-05.dxd": dxd(), "case sheet.pdf": b"%PDF-1.4\n% Case Sheet\n%%EOF\n"}
    )


def connect_folder() -> dict[str, bytes]:
    """A Connect Case Center folder with order sheet and DXD."""
    return in_folder(
        "0000000001_Muster_Anna",
        {
            "DentalCase.xml": record().encode("utf-16-le"),
            "0000000001.xps": b"PK\x05\x06" + bytes(18),
            "Muster.dxd": dxd(),
        },
    )


def local_stl() -> dict[str, bytes]:
    """Local STL export: nothing but two names."""
    return in_folder("PAT001D1", {"UpperJaw.stl": mesh("upper", "stl"), "LowerJaw.stl": mesh("lower", "stl")})


def local_obj() -> dict[str, bytes]:
    """Local OBJ export: one folder per model, scan bodies and pre-operative scan included."""
    shapes = {"UpperJaw": "upper", "LowerJaw": "lower", "PreOpUpper": "upper", "ScanbodyUpper": "upper"}
    return in_folder("PAT001D2", {f"{name}/Data.obj": mesh(role, "obj") for name, role in shapes.items()})


def two_dxd() -> dict[str, bytes]:
    """Two cases mailed together."""
    return in_folder("mail", {"Muster A.dxd": dxd(), "Muster B.dxd": dxd(guid=OTHER_GUID)})


def samples() -> tuple[Sample, ...]:
    """Every known tree."""
    return (*closed_samples(), *open_samples())


def closed_samples() -> tuple[Sample, ...]:
    """Arrivals whose surfaces are in a DXD."""
    alone = "Muster, Anna 2026-09-08_11-34-58.dxd"
    return (
        Sample("dxd", "a DXD on its own", dxd_alone, _closed({alone: "arch/both"}), "real"),
        Sample(
            "dxd-teeth",
            "a DXD with teeth, no byte order mark",
            dxd_with_teeth,
            _closed({"2026-09-08 Muster.dxd": "arch/both"}, (11, 21)),
            "real",
        ),
        Sample(
            "dxd-marked",
            "a DXD with #11,21 in its name",
            dxd_marked,
            _closed({"Muster #11,21 Dr Doe 24.dxd": "arch/upper"}, (11, 21)),
            "real",
        ),
        Sample(
            "order-folder",
            "a DS Core order",
            order_folder,
            _closed({"9XKQ42M1_123213_DI_2026-10-05.dxd": "arch/both"}),
            "real",
        ),
        Sample("connect-folder", "a Connect case folder", connect_folder, _closed({"Muster.dxd": "arch/both"})),
        Sample("two-dxd", "two DXD in one folder", two_dxd, _two()),
    )


def open_samples() -> tuple[Sample, ...]:
    """Arrivals with open meshes."""
    start = "2026-09-10-00000-000"
    zip_name = f"TMP-0001_exocad.zip!{start}"
    core = {
        f"{zip_name}-upperjaw.ply": "arch/upper",
        f"{zip_name}-upperjaw-gingiva.ply": "gingiva/upper",
        f"{zip_name}-lowerjaw.ply": "arch/lower",
    }
    unpacked = {
        f"{start}-upperjaw.ply": "arch/upper",
        f"{start}-lowerjaw.ply": "arch/lower",
        f"{start}-bite.ply": "bite/-",
    }
    obj = {
        "UpperJaw": "arch/upper",
        "LowerJaw": "arch/lower",
        "PreOpUpper": "preop/upper",
        "ScanbodyUpper": "scanbody/upper",
    }
    return (
        Sample(
            "dscore-zip",
            "DS Core, download as .exocad",
            ds_core_zip,
            Expected(STAGE, core, vendor_id="tmp-0001 | 2026-09-10"),
            "real",
        ),
        Sample(
            "dscore-bite",
            "DS Core's exocad download, unpacked, with bite and a marked tooth",
            ds_core_bite,
            Expected(STAGE, unpacked, (24,), "tmp-0002 #24 | 2026-09-10"),
            demo=True,
        ),
        Sample(
            "local-stl",
            "local STL export",
            local_stl,
            Expected(STAGE, {"UpperJaw.stl": "arch/upper", "LowerJaw.stl": "arch/lower"}, vendor_id="pat001d1"),
            "real",
        ),
        Sample(
            "local-obj",
            "local OBJ export",
            local_obj,
            Expected(STAGE, {f"{name}/Data.obj": view for name, view in obj.items()}, vendor_id="pat001d2"),
            "real",
        ),
    )


def _closed(scans: Mapping[str, str], teeth: tuple[int, ...] = ()) -> Expected:
    return Expected(STAGE, scans, teeth, GUID, closed=1, outcome="review")


def _two() -> Expected:
    scans = {"Muster A.dxd": "arch/both", "Muster B.dxd": "arch/both"}
    return Expected(STAGE, scans, closed=2, cases=2, outcome="review")
