"""A planted name is nowhere but in the state folder's private parts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from casepan.testing import scan_bytes, small_scan

from .conftest import LabFolder

NAME = "Sentinella"

MANIFEST = f"""<?xml version="1.0" encoding="utf-8"?>
<iTeroExport Version="3.0"><RxInfo><OrderID>70000009</OrderID><OrderCode>00ABCDEF</OrderCode>
<Patient>Anna, {NAME}</Patient><Doctor>Dr. {NAME}</Doctor><DueDate>01/31/2026</DueDate></RxInfo>
<ExportedObjects>
<Object ObjectType="Surface" SubType="Jaw" JawId="Lower" FileName="70000009_shell_occlusion_l.stl"/>
<Object ObjectType="Surface" SubType="Jaw" JawId="Upper" FileName="70000009_shell_occlusion_u.stl"/>
</ExportedObjects></iTeroExport>"""

DENTAL_CASE = f"""<?xml version="1.0"?><DentalCase><Patient><LastName>{NAME}</LastName><FullName>Anna {NAME}</FullName>
<PatientID>24447</PatientID><CaseGUID>00000000-0000-0000-0000-00000000ABCD</CaseGUID></Patient></DentalCase>"""


def mesh(role: str, form: str = "stl") -> bytes:
    """A small scan."""
    return scan_bytes(small_scan(role), form)


def arrivals() -> dict[str, bytes]:
    """One arrival of each ecosystem, a generic one, a broken one and an unknown one, all full of the name."""
    dxd = io.BytesIO()
    with zipfile.ZipFile(dxd, "w") as archive:
        archive.writestr("DentalCase.xml", DENTAL_CASE.encode("utf-16"))
    trios = {
        f"{NAME} Anna/{NAME} Anna {t}.stl": mesh(r)
        for t, r in (("UpperJawScan", "upper"), ("LowerJawScan", "lower"), ("BiteScan", "bite"))
    }
    medit = {
        f"2026-03-01-{NAME}/2026-02-28-{NAME}-{t}.obj": b"#<MEDIT>\n" + mesh(r, "obj")
        for t, r in (("maxillary", "upper"), ("mandibular", "lower"), ("occlusionfirst", "bite"))
    }
    carestream = {
        f"20260301 - 101500 - {NAME} Anna/{t}.stl": mesh(r)
        for t, r in (("Maxillary Anatomy", "upper"), ("Mandibular Anatomy", "lower"), ("Normal Bite", "bite"))
    }
    itero = {
        f"OrthoCAD_Export_{NAME}/itero_export_#70000009_v30.xml": MANIFEST.encode(),
        f"OrthoCAD_Export_{NAME}/70000009_shell_occlusion_u.stl": mesh("upper"),
        f"OrthoCAD_Export_{NAME}/70000009_shell_occlusion_l.stl": mesh("lower"),
    }
    odd = {
        f"{NAME} generic/{NAME}_oberkiefer.stl": mesh("upper"),
        f"{NAME} generic/{NAME}_unterkiefer.stl": mesh("lower"),
        f"{NAME} broken/{NAME} upper.stl": b"broken",
        f"{NAME} unknown/{NAME}.pdf": b"%PDF",
        f"{NAME}.zip": b"PK broken",
    }
    return {**trios, **medit, **carestream, **itero, **odd, f"{NAME} Anna 2026-03-01_10-11-12.dxd": dxd.getvalue()}


def test_the_name_is_in_no_output(lab: LabFolder) -> None:
    """Not in what commands print, nor in the log, the ledger, or anything delivered."""
    for path, content in arrivals().items():
        target = lab.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    lab.casepan("run", ends=5)
    lab.casepan("run", "--json", ends=None)
    for command in (
        ["cases", "list"],
        ["cases", "list", "--json"],
        ["quarantine", "list"],
        ["deliveries", "list"],
        ["status"],
    ):
        lab.casepan(*command)
    assert NAME.casefold() not in lab.said.casefold()
    public = [
        *(lab.root / "out").rglob("*"),
        *(lab.root / "state" / "log").rglob("*"),
        *(lab.root / "state").glob("ledger*"),
    ]
    assert len(public) > 20
    found = [path for path in public if _holds(path)]
    assert found == []


def _holds(path: Path) -> bool:
    if NAME.casefold() in path.name.casefold():
        return True
    if not path.is_file():
        return False
    data = path.read_bytes().lower()
    return any(NAME.lower().encode(encoding) in data for encoding in ("utf-8", "utf-16-le"))
