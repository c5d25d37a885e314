"""Real scans and nasty files in vendors' layouts through ``casepan run``: a table of what became of each and why.

    uv run python benchmarks/path/real_input.py [DIR]

The data is found at CASEPAN_SHARED, else ``../shared``; nothing of it is copied anywhere but into DIR (a temporary folder).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CASEPAN_SHARED", ROOT.parent / "shared"))
DATA = SHARED / "data"
LAB = """version = 1
[lab]
name = "Real input"
[adapters.trios]
[adapters.itero]
[adapters.primescan]
[adapters.medit]
[adapters.carestream]
[pipelines.all]
[[pipelines.all.import]]
use = "core.inbox"
with = { path = "inbox", settle = "1s" }
[[pipelines.all.steps]]
use = "core.require-scans"
[[pipelines.all.steps]]
use = "core.mesh-sanity"
[[pipelines.all.steps]]
use = "core.units"
[[pipelines.all.steps]]
use = "core.convert"
[[pipelines.all.steps]]
use = "core.rename"
[[pipelines.all.export]]
use = "core.folder"
with = { path = "out" }
"""
MANIFEST = """<?xml version="1.0" encoding="utf-8"?><iTeroExport Version="3.0"><RxInfo><OrderID>70000001</OrderID>
<OrderCode>00ABCDEF</OrderCode><Patient>Given, Family</Patient></RxInfo><ExportedObjects>
<Object ObjectType="Surface" SubType="Jaw" JawId="Lower" FileName="70000001_shell_occlusion_l.stl"/>
<Object ObjectType="Surface" SubType="Jaw" JawId="Upper" FileName="70000001_shell_occlusion_u.stl"/>
</ExportedObjects></iTeroExport>"""


def arrivals() -> Mapping[str, bytes]:
    """Path below the inbox to bytes."""
    real = (DATA / "derived/scan_039.decoded.stl").read_bytes()
    upper, lower = ((DATA / f"cases/sjtu-ref-0/Ref_{jaw}_Mesh_Tag=0.obj").read_bytes() for jaw in ("Upper", "Lower"))
    orthoaid = (DATA / "arches/orthoaid/upper_jaw.zip").read_bytes()
    hps = {jaw: (DATA / f"hps/open3sdcm/scan_0{n}.dcm").read_bytes() for jaw, n in (("Upper", 39), ("Lower", 40))}
    made = {
        "upper_jaw.zip": orthoaid,
        "TRIOS open/Roe UpperJawScan.stl": real,
        "TRIOS open/Roe LowerJawScan.stl": real,
        "TRIOS open/Roe BiteScan.stl": real,
        "TRIOS closed/Roe UpperJawScan.dcm": hps["Upper"],
        "TRIOS closed/Roe LowerJawScan.dcm": hps["Lower"],
        "OrthoCAD_Export_70000001/itero_export_#70000001_v30.xml": MANIFEST.encode(),
        "OrthoCAD_Export_70000001/70000001_shell_occlusion_u.stl": real,
        "OrthoCAD_Export_70000001/70000001_shell_occlusion_l.stl": real,
        "2026-03-01-Roe's case/2026-02-28-Roe-maxillary.obj": b"#<MEDIT>\n" + upper,
        "2026-03-01-Roe's case/2026-02-28-Roe-mandibular.obj": b"#<MEDIT>\n" + lower,
        "20260301 - 101500 - Roe Jane/Maxillary Anatomy.stl": real,
        "20260301 - 101500 - Roe Jane/Mandibular Anatomy.stl": real,
        "20260301 - 101500 - Roe Jane/Normal Bite.stl": real,
        "DS Core/2026-03-01-00000-000-upperjaw.ply": (DATA / "hps/hpsdecode/example_ce.ply").read_bytes(),
        "DS Core/2026-03-01-00000-000-lowerjaw.ply": (DATA / "hps/hpsdecode/example_ce.ply").read_bytes(),
        "DS Core/2026-03-01-00000-000.dentalproject": b"",
        "sjtu pair/Ref_Upper_Mesh_Tag=0.obj": upper,
        "sjtu pair/Ref_Lower_Mesh_Tag=0.obj": lower,
    }
    for path in sorted((DATA / "nasty").rglob("*.*")):
        folder = f"nasty {path.parent.name} {path.name}"
        made[f"{folder}/upper{path.suffix.lower()}"] = path.read_bytes()
        made[f"{folder}/lower.stl"] = real
        made[f"{folder}/bite.stl"] = real
    return made


def main() -> int:
    """Run and print the table; ends 1 when anything crashed or vanished."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="casepan-real-"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.toml").write_text(LAB, encoding="utf-8")
    files = arrivals()
    for path, content in files.items():
        target = folder / "inbox" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    command = [sys.executable, "-m", "casepan", "run", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    names = titles(folder)
    rows = [
        (names[row["ref"], row["revision"]], row["adapter"], row["state"], row["reason"]) for row in report["cases"]
    ]
    rows += [(names[row["id"], 0], "-", "quarantine", row["reason"]) for row in report["quarantined"]]
    for row in sorted(rows):
        print("{:<44} {:<11} {:<11} {}".format(*(str(cell or "") for cell in row)))
    lost = {path.split("/")[0] for path in files} - {row[0] for row in rows}
    print(f"{len(rows)} arrivals; ends {done.returncode}; vanished: {sorted(lost) or 'none'}; in {folder}")
    return 1 if lost or "Traceback" in done.stderr else 0


def titles(folder: Path) -> dict[tuple[str, int], str]:
    """The arrival's name of each case and of each arrival that became none."""
    found: dict[tuple[str, int], str] = {}
    for document in (folder / "state" / "arrivals").glob("*/arrival.json"):
        found[document.parent.name, 0] = json.loads(document.read_text("utf-8"))["names"][0]
    for document in (folder / "state" / "cases").glob("*/r*/case.json"):
        content = json.loads(document.read_text("utf-8"))
        found[content["case"]["ref"], content["case"]["revision"]] = found[content["arrival"], 0]
    return found


if __name__ == "__main__":
    sys.exit(main())
