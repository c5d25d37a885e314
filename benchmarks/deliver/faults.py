"""Every destination of ``deliver.remote`` and ``deliver.http`` with every fault, through real runs against real servers.

    python benchmarks/deliver/faults.py [DESTINATION …]

``state``, ``code``, ``tries`` and ``copies`` are what a run with the fault ends with; ``mended`` and its ``copies`` what the next
run ends with: the fault is gone, a person has sent failed deliveries again and has looked where nobody could tell.
``portal-mute`` is a portal that cannot be asked.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.deliver.remote.rig.matrix import DESTINATIONS, run_matrix, table


def main() -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_matrix(sys.argv[1:] or DESTINATIONS, Path(folder))
    print(table(outcomes))
    twice = [outcome for outcome in outcomes if max(outcome.copies, outcome.mended_copies) > 1]
    print(f"delivered twice: {len(twice)} of {len(outcomes)}; {time.monotonic() - begun:.0f} s")
    leaks = sum(len(outcome.leaks) for outcome in outcomes)
    print("PASSED" if not twice and not leaks else "FAILED")
    return 1 if twice or leaks else 0


if __name__ == "__main__":
    sys.exit(main())
