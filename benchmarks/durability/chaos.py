"""Random kill -9 of children, of the supervisor and of the whole tree, over many cases to three destinations.

    python benchmarks/durability/chaos.py --cases 420 --kills 205

Judged from outside: what lies at the destinations, what the server counted, what the steps noted; then the ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import durlab
from flaky import Flaky

from casepan.running.ledger import Ledger

HERE = Path(__file__).parent
PAUSE = (0.02, 0.3)
"""Seconds between two looks whether a kill is due; kills are spread over the whole run by what was done so far."""
NOTED = 4
"""Lines of the trace that a case leaves when nothing is killed: three steps and one call of the server."""
SPREAD = 0.9


def children_of(pid: int) -> list[int]:
    """The warm process that forks, the children of cases, and what they started."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(below for child in children for below in children_of(child))]


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Chaos:
    def __init__(self, root: Path, cases: int, kills: int, seed: int) -> None:
        self.root, self.cases, self.kills = root, cases, kills
        self.chance = random.Random(seed)
        self.server = Flaky(seed)
        self.done: Counter[str] = Counter()

    def start(self) -> subprocess.Popen[bytes]:
        errors = (self.root / "supervisors.log").open("ab")
        command = [sys.executable, str(HERE / "supervise.py"), str(self.root), self.server.url, str(self.cases)]
        environment = {**os.environ, "DURLAB": str(self.root), "PYTHONPATH": str(HERE)}
        return subprocess.Popen(command, env=environment, stderr=errors, cwd=HERE)

    def run(self) -> float:
        durlab.drop_cases(self.root, self.cases)
        begun, supervisor = time.monotonic(), self.start()
        while True:
            time.sleep(self.chance.uniform(*PAUSE))
            if supervisor.poll() is not None:
                if supervisor.returncode == 0:
                    return time.monotonic() - begun
                supervisor = self.start()
                continue
            children = children_of(supervisor.pid)
            if len(children) > 1 and self.is_due():  # a warm process alone has nothing in its hands
                self.strike(supervisor, children)

    def is_due(self) -> bool:
        """True when less of the kills than of the work is done."""
        trace, done = self.root / "trace.log", sum(self.done.values())
        noted = trace.read_bytes().count(b"\n") if trace.exists() else 0
        return done < self.kills and done / self.kills <= noted / (NOTED * self.cases * SPREAD)

    def strike(self, supervisor: subprocess.Popen[bytes], children: list[int]) -> None:
        draw = self.chance.random()
        if draw < 0.6:
            kill(self.chance.choice(children))
            self.done["child"] += 1
        elif draw < 0.8:
            kill(supervisor.pid)
            supervisor.wait()
            self.done["supervisor"] += 1
        else:
            for pid in (supervisor.pid, *children):
                kill(pid)
            supervisor.wait()
            self.done["tree"] += 1


def judge(chaos: Chaos, seconds: float) -> bool:
    ledger = Ledger(chaos.root / "state" / "ledger.sqlite")
    cases, deliveries = ledger.cases(), ledger.deliveries()
    broken = ledger.verify()
    recorded = {}
    for event in ledger.events(limit=10_000_000):
        if event.kind == "step.done":
            when = datetime.fromisoformat(event.at).timestamp()
            recorded[(event.ref, json.loads(event.detail)["step"])] = when
    ledger.close()
    by_export = defaultdict(set)
    for row in deliveries:
        if row.state == "sent":
            by_export[row.export].add(row.key)
    folders = {json.loads(path.read_text())["key"] for path in (chaos.root / "out/folder").glob("*/manifest.json")}
    zips = len(list((chaos.root / "out/zip").glob("*.zip")))
    taken = {path.strip("/"): count for path, count in chaos.server.taken.items()}
    starts: Counter[tuple[str, str]] = Counter()
    after = 0
    for line in (chaos.root / "trace.log").read_text().splitlines():
        begun, what, ref, _ = line.split()
        if what.startswith("step:"):
            step = (ref, what.removeprefix("step:"))
            starts[step] += 1
            after += step in recorded and float(begun) > recorded[step] + 0.002
    unknown = [row for row in deliveries if row.state == "unknown" and row.not_before is None]
    lost = chaos.cases - len({row.key_hash for row in cases if row.state == "handed-on"})
    doubles = sum(count - 1 for count in taken.values() if count > 1)
    kills = sum(chaos.done.values())
    figures = {
        "cases": chaos.cases, "kills": kills, "of": dict(chaos.done), "seconds": round(seconds, 1),
        "states": dict(Counter(row.state for row in cases)), "lost": lost, "twice in the ledger": len(cases) - chaos.cases,
        "folder: at the destination / recorded": (len(folders), len(by_export["folder"])),
        "zip: at the destination / recorded": (zips, len(by_export["zip"])),
        "http: at the destination / recorded": (len(taken), len(by_export["http"])),
        "http duplicates": doubles, "http asked": chaos.server.asked, "unknown and visible": len(unknown),
        "steps run again before they were recorded": sum(count - 1 for count in starts.values()),
        "steps run again after they were recorded": after, "breaks in the trail": len(broken),
    }  # fmt: skip
    for name, value in figures.items():
        print(f"{name:45} {value}")
    same = folders == by_export["folder"] and set(taken) == by_export["http"]
    enough = kills >= chaos.kills
    return enough and same and not (lost or doubles or after or broken or len(cases) != chaos.cases)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=420)
    parser.add_argument("--kills", type=int, default=205)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DURLAB"] = folder
        chaos = Chaos(Path(folder), given.cases, given.kills, given.seed)
        seconds = chaos.run()
        good = judge(chaos, seconds)
        if not good:
            print((Path(folder) / "supervisors.log").read_text()[-3000:])
    print("PASSED" if good else "FAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
