"""How long a report takes beyond the checks, and how large it gets: ``python benchmarks/report/size_and_time.py [FACES …]``.

Three scans of the asked size each (upper, lower, and a third one as a scan before preparation), read before the clock
starts: validation has read them anyway, and their meshes are shared.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from casepan.api import Case, CaseKey, Origin, Scan
from casepan.running.context import Bench, Errand
from casepan.testing import jaw_pair, scan_bytes
from casepan_report.export import ReportExport
from casepan_report.options import ReportOptions


def measure(faces: int, folder: Path) -> None:
    """Print one line for one size."""
    jaws = jaw_pair(5, triangles=faces)
    for name, mesh in (("upper", jaws.upper), ("lower", jaws.lower), ("preop", jaws.upper)):
        (folder / f"{name}.ply").write_bytes(scan_bytes(mesh, "ply"))
    with Bench.at(folder) as bench:
        scans = (
            Scan("upper-arch", "arch", "upper", file=bench.reference("upper.ply"), format="ply"),
            Scan("lower-arch", "arch", "lower", file=bench.reference("lower.ply"), format="ply"),
            Scan("upper-preop", "preop", "upper", file=bench.reference("preop.ply"), format="ply", textures=()),
        )
        count = sum(len(bench.mesh(scan).faces) for scan in scans)
        ctx = bench.sending("report.html", "report", Errand("key", "K7Q2-M4", verdict="accept"))
        begun, work = time.perf_counter(), time.process_time()
        case = Case("K7Q2-M4", CaseKey("core", ""), Origin("core.generic"), scans=scans)
        text = ReportExport(ReportOptions()).files(case, ctx)[0]
        ended, work = time.perf_counter(), time.process_time() - work
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"3 x {faces:,} ({count:,} triangles): {ended - begun:.1f} s, {work:.1f} s of processor; "
        f"{text.size / 1e6:.2f} MB; peak {peak:.0f} MiB"
    )


def main() -> None:
    """Measure each size asked for."""
    for faces in [int(argument) for argument in sys.argv[1:]] or [200_000, 600_000]:
        with tempfile.TemporaryDirectory() as folder:
            measure(faces, Path(folder))


if __name__ == "__main__":
    main()
