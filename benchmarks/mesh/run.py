"""The mesh benchmark, one command: ``python benchmarks/mesh/run.py`` prints a table and writes JSON.

Makes the inputs and an environment for the peers in a cache folder (once), runs every program in turns on the same files,
takes medians, and sets what was reached against the targets. A peer that cannot be installed or imported is left out and
said to be. Programs run one at a time, the rounds interleaved, so that other work on the machine falls on all alike; the
ratios are what counts.

    --sizes 200000 600000 1300000   faces per arch
    --rounds 3                      runs of each program; medians are shown
    --peers trimesh pymeshlab …     fewer peers
    --cache FOLDER                  where inputs and peers are kept
    --json FILE                     where the numbers go
    --add                           keep what that file holds of other sizes: a run in parts, one table
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import Any

from inputs import case_files, format_files
from measuring import Cost, FailedError, peak_mib, timed
from peers_home import PEERS, usable_peers
from report import tables

HERE = Path(__file__).parent
WAYS = {"casepan-fast": {"CASEPAN_NO_FAST": ""}, "casepan": {"CASEPAN_NO_FAST": "1"}}


def main() -> int:
    options = parsed()
    peers, missing = usable_peers(options.cache / "peers", options.peers)
    for name, reason in missing.items():
        print(f"left out: {name}: {reason}", file=sys.stderr)
    results = kept(options.json) if options.add else {"sizes": {}}
    results |= {"rounds": options.rounds, "missing": missing}
    for size in options.sizes:
        files = [str(path) for path in case_files(options.cache / "inputs", size).values()]
        load = os.getloadavg()[0]
        found = measured(files, options.cache / "out", peers, options.rounds)
        results["sizes"][str(size)] = {**found, "steps": steps(files[0]), "load": load}
        options.json.write_text(json.dumps(results, indent=1))
    if "reading" not in results:
        files_to_read = format_files(options.cache / "inputs", min(options.sizes)) + real_scans()
        results["reading"] = reading(files_to_read, peers)
        options.json.write_text(json.dumps(results, indent=1))
    print(tables(results))
    return 0


def kept(path: Path) -> dict[str, Any]:
    """What an earlier run wrote, or nothing yet."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"sizes": {}}
    return found


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The mesh benchmark")
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000, 600_000, 1_300_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "casepan-bench")
    parser.add_argument("--json", type=Path, default=Path("mesh-benchmark.json"))
    parser.add_argument("--add", action="store_true")
    return parser.parse_args()


def measured(files: list[str], out: Path, peers: dict[str, Path], rounds: int) -> dict[str, Any]:
    """Medians of all programs on one case, and the peak of each in a run of its own."""
    out.mkdir(exist_ok=True)
    programs = commands(files, str(out), peers)
    costs: dict[str, list[Cost]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, (command, environment) in programs.items():
            costs[name].append(timed(command, environment))
    return {
        name: {
            "wall": median(cost.wall for cost in costs[name]),
            "cpu": median(cost.cpu for cost in costs[name]),
            "peak": peak_mib(command, environment),
            "found": json.loads(costs[name][0].output.splitlines()[-1]),
        }
        for name, (command, environment) in programs.items()
    }


def commands(files: list[str], out: str, peers: dict[str, Path]) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Every program with its command and environment."""
    found = {}
    for name, environment in WAYS.items():
        command = [sys.executable, str(HERE / "casepan_work.py"), *files, out]
        found[name] = (command, environment)
        found[f"{name} --no-self"] = ([*command, "--no-self"], environment)
    for name, python in peers.items():
        found[name] = ([str(python), str(HERE / "peers" / f"{name}_work.py"), *files, out], {})
    return found


def reading(files: list[Path], peers: dict[str, Path]) -> dict[str, dict[str, float | None]]:
    """Processor seconds to read and weld each file, by program."""
    script, paths = str(HERE / "casepan_read.py"), [str(path) for path in files]
    found = {}
    for name, environment in WAYS.items():
        found[name] = json.loads(timed([sys.executable, script, *paths], environment).output)
    if "trimesh" in peers:
        found["trimesh"] = json.loads(timed([str(peers["trimesh"]), script, "-t", *paths], {}).output)
    return found


def real_scans() -> list[Path]:
    """Real scans above a megabyte, where there are any: in CASEPAN_SHARED, else beside the repository."""
    folder = Path(os.environ.get("CASEPAN_SHARED", HERE.parents[2] / "shared")) / "data"
    files = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".stl", ".ply", ".obj"))
    return [path for path in files if path.stat().st_size > 1 << 20]


def steps(scan: str) -> dict[str, Any]:
    """Single steps and their limits, with and without the kernels."""
    command = [sys.executable, str(HERE / "limits.py"), scan]
    found = {}
    for name, environment in WAYS.items():
        found[name] = json.loads(timed(command, environment).output)["seconds"]
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FailedError as error:
        sys.exit(f"a program failed: {error}")
