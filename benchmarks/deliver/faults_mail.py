"""Mail, tables and notices with every fault, through real runs against real servers.

    python benchmarks/deliver/faults_mail.py [DESTINATION]

``state`` is the delivery's state in the ledger after two runs, ``copies`` what the destination holds then. A row that is not
as expected, or a secret in any file of the state folder, fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "deliver" / "mail"))

from tests.deliver.mail.faults import FAULTS, Scene, secret_of
from tests.deliver.mail.servers import Authority


def main() -> int:
    os.environ["PYTHONPATH"] = sys.path[0]  # for the children that shall die
    wanted, wrong = sys.argv[1:], 0
    print(
        f"| {'destination':<26} | {'fault':<36} | {'state':<8} | copies |\n| {'-' * 26} | {'-' * 36} | {'-' * 8} | -----: |"
    )
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder), Authority(Path(folder)))
        for number, fault in enumerate(FAULTS):
            if wanted and fault.destination not in wanted:
                continue
            state, copies, lab = scene.play(fault, number)
            leaks = lab.holds(secret_of(fault))
            odd = (state, copies) != (fault.state, fault.copies) or bool(leaks)
            mark = f"  expected {fault.state}, {fault.copies}; secret in {len(leaks)} files" if odd else ""
            print(f"| {fault.destination:<26} | {fault.name:<36} | {state:<8} | {copies:>6} |{mark}", flush=True)
            wrong += odd
        scene.close()
    print("PASSED" if not wrong else f"FAILED: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
