"""Wall time of ``casepan --help`` against ``import typer`` in one run, bytecode compiled; ends 1 above three times."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median

LIMIT = 3.0
ROUNDS = 15


def wall(command: list[str]) -> float:
    """Seconds of one run."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def main() -> int:
    """Measure in turns and print the ratio."""
    peers = {
        "import typer": [sys.executable, "-c", "import typer"],
        "casepan --help": [sys.executable, "-m", "casepan", "--help"],
    }
    taken: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(ROUNDS + 1):
        for name, command in peers.items():
            taken[name].append(wall(command))
    typer, casepan = (median(times[1:]) for times in taken.values())
    ratio = casepan / typer
    print(
        f"import typer {typer * 1e3:.0f} ms, casepan --help {casepan * 1e3:.0f} ms, ratio {ratio:.2f} (limit {LIMIT})"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
