"""Both ways into a DICOM archive with every fault, through real runs against real Orthanc servers.

    python benchmarks/dicom/faults.py [stow-rs|c-store …]

``state``, ``code``, ``tries``, ``objects`` (of two) and ``copies`` (of the same object) are what a run with the fault ends
with; ``mended`` and what stands behind it what the next run ends with: the fault is gone, a person has sent failed
deliveries again and has looked where nobody could tell.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.dicom.rig import DESTINATIONS, OBJECTS, run_matrix, table


def main() -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_matrix(sys.argv[1:] or DESTINATIONS, Path(folder))
    print(table(outcomes))
    twice = [one for one in outcomes if max(one.copies, one.mended_copies) > 1]
    lost = [one for one in outcomes if one.mended != "sent" or one.mended_objects != OBJECTS]
    leaks = sum(len(one.leaks) for one in outcomes)
    seconds = time.monotonic() - begun
    print(
        f"stored twice: {len(twice)}; not whole in the end: {len(lost)}; leaks: {leaks}; of {len(outcomes)}; {seconds:.0f} s"
    )
    print("FAILED" if twice or lost or leaks else "PASSED")
    return 1 if twice or lost or leaks else 0


if __name__ == "__main__":
    sys.exit(main())
