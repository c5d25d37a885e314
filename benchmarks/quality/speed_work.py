"""All checks on a case of three scans: ``python speed_work.py UPPER LOWER BITE`` prints one JSON line of seconds and codes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import cast

from checking import Bench, all_checks

from casepan.api import Case, CaseKey, Context, FileRef, Origin, Prescription, Scan, WorkItem
from casepan.mesh import read_mesh

SCANS = (
    Scan("upper", "arch", "upper", file=FileRef("upper", 1, "a"), frame="occlusion"),
    Scan("lower", "arch", "lower", file=FileRef("lower", 1, "b"), frame="occlusion"),
    Scan("bite", "bite", file=FileRef("bite", 1, "c"), frame="occlusion"),
)
CASE = Case(
    "K7Q2-M4",
    CaseKey("core", "x"),
    Origin("core.generic"),
    scans=SCANS,
    prescription=Prescription(items=(WorkItem("1", (16,), "crown", material="zirconia", shade="A2"),), reference="R-1"),
)


def main(paths: list[str]) -> int:
    start = time.perf_counter()
    surfaces = {scan.id: read_mesh(Path(path)) for scan, path in zip(SCANS, paths, strict=True)}
    seconds = {"read": time.perf_counter() - start}
    codes: list[str] = []
    ctx = cast("Context", Bench(surfaces))
    for name, check in all_checks().items():
        start = time.perf_counter()
        codes += [finding.code for finding in check.check(CASE, ctx)]
        seconds[name] = time.perf_counter() - start
    print(json.dumps({"seconds": {name: round(taken, 3) for name, taken in seconds.items()}, "codes": codes}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
