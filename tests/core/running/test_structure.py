"""What the runner promises about its own shape."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CORE = Path("core/src/casepan")
SQL = re.compile(r"(\bselect [\w*, ]+ from |\binsert (or \w+ )?into |\bupdate \w+ set |\bdelete from |import sqlite3)")


def test_only_the_ledger_speaks_sql(repository: Path) -> None:
    """Everything else calls its methods; only the test kit damages ledgers by hand."""
    homes = (repository / CORE / "running" / "ledger", repository / CORE / "testing")
    speaking = [
        path.name
        for path in (repository / CORE).rglob("*.py")
        if not any(path.is_relative_to(home) for home in homes) and SQL.search(path.read_text("utf-8"))
    ]
    assert speaking == []


def test_the_supervisor_and_a_child_before_its_job_load_no_numpy() -> None:
    """Memory stays small and children start fast: meshes are opened by the stages that need them."""
    program = (
        "import sys, casepan.running.supervisor, casepan.running.intake, casepan.running.steps, casepan.running.deliveries\n"
        "print(' '.join({'numpy', 'scipy', 'trimesh'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_child_loads_no_ledger() -> None:
    """Only the parent writes it."""
    program = (
        "import sys, casepan.running.child, casepan.running.intake, casepan.running.steps, casepan.running.deliveries\n"
        "print(' '.join(name for name in sys.modules if 'ledger' in name or name == 'sqlite3'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
