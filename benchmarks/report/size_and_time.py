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
from casepan_report.contents import gather
from casepan_report.options import ReportOptions
from casepan_report.page import page
from casepan_report.showing import viewer_part_of


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
        report = gather(Case("K7Q2-M4", CaseKey("core", ""), Origin("core.generic"), scans=scans), ctx, ReportOptions())
        drawn = time.perf_counter()
        viewer = viewer_part_of(report)
        packed = time.perf_counter()
        text = page(report, viewer)
        ended, work = time.perf_counter(), time.process_time() - work
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts = f"pictures {drawn - begun:.1f} + 3D {packed - drawn:.1f} + page {ended - packed:.1f}"
    print(
        f"3 x {faces:,} ({count:,} triangles): {ended - begun:.1f} s = {parts}, {work:.1f} s of processor; "
        f"{len(text) / 1e6:.2f} MB, of it 3D {len(viewer.html) / 1e6:.2f}; peak {peak:.0f} MiB"
    )


def main() -> None:
    """Measure each size asked for."""
    for faces in [int(argument) for argument in sys.argv[1:]] or [200_000, 600_000]:
        with tempfile.TemporaryDirectory() as folder:
            measure(faces, Path(folder))


if __name__ == "__main__":
    main()
