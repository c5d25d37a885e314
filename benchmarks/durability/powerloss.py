"""Power loss at random moments: the system calls of a whole run are recorded, and the disk is rebuilt as it may have looked.

    python benchmarks/durability/powerloss.py --points 200        (needs strace)

The rebuilt disk is the worst that POSIX allows: what was not flushed may be there or not, write by write, in any combination; an
entry of a folder is safe only once that folder was flushed. Checked at each point: the ledger opens and its trail is whole, every
case that may be worked on has its folder, and nothing is recorded as sent that is not at its destination, byte for byte. At some
points the run is then taken up again and must finish everything.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath

import durlab

from casepan.running.ledger import Ledger
from casepan.running.supervisor import run_once

HERE = Path(__file__).parent
CALLS = "openat,open,creat,lseek,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir"  # noqa: E501
FORBIDDEN = "sendfile,copy_file_range,splice,writev,pwritev,link,linkat,symlink,truncate"
LINE = re.compile(r"(\d+\.\d+) (\w+)\((.*)\) += (-?\d+)(?:<.*>)?")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
HANDLE = re.compile(r"(AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>")


class Inode:
    """One file: what is certainly on disk, and the writes that may be."""

    def __init__(self) -> None:
        self.safe = b""
        self.loose: list[tuple[int, bytes | None]] = []
        self.at, self.appends = 0, False  # one writer at a time: the position belongs to the file

    def flush(self) -> None:
        self.safe, self.loose = self.content(), []

    def content(self, chance: random.Random | None = None) -> bytes:
        data = bytearray(self.safe)
        for offset, written in self.loose:
            if chance is not None and chance.random() < 0.5:
                continue
            if written is None:
                data = data[:offset] + bytes(max(0, offset - len(data)))
            else:
                data += bytes(max(0, offset - len(data)))
                data[offset : offset + len(written)] = written
        return bytes(data)


class Folder:
    """One folder: its entries as programs see them, and the changes since it was last flushed, in order."""

    def __init__(self) -> None:
        self.safe: dict[str, Inode | Folder] = {}
        self.seen: dict[str, Inode | Folder] = {}
        self.loose: list[list[tuple[str, Inode | Folder | None]]] = []

    def change(self, *entries: tuple[str, Inode | Folder | None]) -> None:
        self.loose.append(list(entries))
        _apply(self.seen, entries)

    def flush(self) -> None:
        self.safe, self.loose = dict(self.seen), []

    def survivors(self, chance: random.Random) -> dict[str, Inode | Folder]:
        kept = dict(self.safe)
        for entries in self.loose[: chance.randint(0, len(self.loose))]:
            _apply(kept, entries)
        return kept


def _apply(entries: dict[str, Inode | Folder], changes: object) -> None:
    for name, node in changes:  # type: ignore[attr-defined]
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node


class Disk:
    """Replays recorded calls below one root."""

    def __init__(self, root: str) -> None:
        self.root, self.top = PurePosixPath(root), Folder()

    def find(self, path: str) -> tuple[Folder, str] | None:
        pure = PurePosixPath(path)
        if not pure.is_relative_to(self.root) or pure == self.root:
            return None
        folder = self.top
        *parents, name = pure.relative_to(self.root).parts
        for part in parents:
            node = folder.seen.get(part)
            if not isinstance(node, Folder):
                return None
            folder = node
        return folder, name

    def node(self, path: str) -> Inode | Folder | None:
        if path == str(self.root):
            return self.top
        found = self.find(path)
        return found[0].seen.get(found[1]) if found else None

    def write(self, out: Path, chance: random.Random) -> None:
        _materialise(self.top, out, chance)


def _materialise(folder: Folder, out: Path, chance: random.Random) -> None:
    out.mkdir(exist_ok=True)
    for name, node in folder.survivors(chance).items():
        if isinstance(node, Folder):
            _materialise(node, out / name, chance)
        elif not name.endswith("-shm"):
            (out / name).write_bytes(node.content(chance))


def text(hexed: str) -> str:
    return bytes.fromhex(hexed.replace("\\x", "")).decode("utf-8", "surrogateescape")


def record(root: Path, traces: Path) -> None:
    command = ["strace", "-ff", "-ttt", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS},{FORBIDDEN}"]
    command += ["-o", str(traces / "t")]
    environment = {**os.environ, "DURLAB": str(root.parent), "PYTHONPATH": str(HERE)}
    subprocess.run(
        [*command, sys.executable, str(HERE / "powerloss.py"), "--run", str(root)], env=environment, check=True
    )


def calls(traces: Path) -> list[tuple[float, int, str, str, int]]:
    found = []
    for path in traces.iterdir():
        thread = int(path.suffix[1:])
        for line in path.read_text().splitlines():
            match = LINE.match(line)
            if match and int(match[4]) >= 0:
                found.append((float(match[1]), thread, match[2], match[3], int(match[4])))
    return sorted(found)


def replay(disk: Disk, call: str, arguments: str, result: int) -> bool:
    """Apply one call; True when it touched the disk."""
    handles = [text(path) for _, path in HANDLE.findall(arguments)]
    names = [text(found) for found in TEXT.findall(HANDLE.sub("", arguments))]
    if call in FORBIDDEN.split(","):
        touched = [path for path in handles + names if path.startswith(str(disk.root))]
        if touched:
            raise RuntimeError(f"{call} is not modelled: {touched}")
        return False
    if call in ("lseek", "write", "pwrite64", "ftruncate", "fsync", "fdatasync"):
        return _on_file(disk, call, arguments, handles[0], result)
    if "at" in call and handles:
        names = [str(PurePosixPath(base) / name) for base, name in zip(handles * len(names), names, strict=False)]
    return _on_entry(disk, call, arguments, names)


def _on_file(disk: Disk, call: str, arguments: str, path: str, result: int) -> bool:
    node = disk.node(path.removesuffix(" (deleted)"))
    if isinstance(node, Folder):
        node.flush()
    elif node is None:
        return False
    elif call in ("fsync", "fdatasync"):
        node.flush()
    elif call == "lseek":
        node.at = result
    elif call == "ftruncate":
        node.loose.append((int(arguments.rsplit(",", 1)[1]), None))
    else:
        found = TEXT.search(HANDLE.sub("", arguments))
        data = bytes.fromhex(found[1].replace("\\x", "")) if found else b""
        if call == "pwrite64":
            node.loose.append((int(arguments.rsplit(",", 1)[1]), data[:result]))
            return True
        begin = len(node.content()) if node.appends else node.at
        node.loose.append((begin, data[:result]))
        node.at = begin + result
    return True


def _on_entry(disk: Disk, call: str, arguments: str, names: list[str]) -> bool:
    places = [disk.find(name) for name in names]
    if not places or places[0] is None:
        return False
    folder, name = places[0]
    if call in ("open", "openat", "creat"):
        node = folder.seen.get(name)
        if node is None and ("O_CREAT" in arguments or call == "creat"):
            node = Inode()
            folder.change((name, node))
        elif isinstance(node, Inode) and "O_TRUNC" in arguments:
            node.loose.append((0, None))
        if isinstance(node, Inode) and "O_RDONLY" not in arguments:
            node.at, node.appends = 0, "O_APPEND" in arguments
    elif call.startswith("mkdir"):
        folder.change((name, Folder()))
    elif call.startswith("rename"):
        target = places[1]
        assert target is not None
        node = folder.seen[name]
        if target[0] is folder:
            folder.change((name, None), (target[1], node))
        else:
            target[0].change((target[1], node))
            folder.change((name, None))
    else:
        folder.change((name, None))
    return True


def problems(root: Path) -> Iterator[str]:
    """What is wrong with a lab's folders after the power came back."""
    path = root / "state/ledger.sqlite"
    if not path.exists():
        return
    ledger = Ledger(path)
    yield from ledger.verify()
    cases, deliveries = ledger.cases(), ledger.deliveries()
    ledger.close()
    for case in cases:
        document = root / f"state/cases/{case.ref}/r{case.revision}/case.json"
        if case.state != "arriving" and not _is_json(document):
            yield f"{case.ref} is {case.state} without a case.json"
    for row in deliveries:
        if row.state == "sent" and not _is_there(root, row.export, row.ref, row.key):
            yield f"{row.ref} is recorded as sent to {row.export} and is not there"


def _is_json(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError):
        return False


def _is_there(root: Path, export: str, ref: str, key: str) -> bool:
    try:
        zipped = root / f"out/zip/{ref}.zip"
        read = zipfile.ZipFile(zipped).read if export == "zip" else _reader(root / "out/folder" / ref)
        manifest = json.loads(read("manifest.json"))
        whole = all(sha256(read(file["name"])).hexdigest() == file["sha256"] for file in manifest["files"])
        return whole and manifest["key"] == key
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return False


def _reader(folder: Path) -> Callable[[str], bytes]:
    return lambda name: (folder / name).read_bytes()


def finishes(root: Path, cases: int) -> str | None:
    """Take the run up again; what is wrong after it."""
    os.environ |= {"DURLAB": str(root.parent), "PYTHONPATH": str(HERE)}
    report = run_once(durlab.make_lab(root, "", steps=2), "durlab:load")
    ledger = Ledger(root / "state/ledger.sqlite")
    states = [row.state for row in ledger.cases()]
    ledger.close()
    if report.exit_code or states != ["handed-on"] * cases:
        return f"after going on: exit {report.exit_code}, {states}, {[row.reason for row in report.quarantined]}"
    return next(problems(root), None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--go-on", type=int, default=10, help="points at which the run is taken up again")
    parser.add_argument("--cases", type=int, default=6)
    parser.add_argument("--run", type=Path)
    given = parser.parse_args()
    if given.run:
        return run_once(durlab.make_lab(given.run, "", steps=2), "durlab:load").exit_code
    with tempfile.TemporaryDirectory() as folder:
        return judge(Path(folder), given.points, given.go_on, given.cases)


def judge(base: Path, points: int, go_on: int, cases: int) -> int:
    root, traces = base / "lab", base / "traces"
    traces.mkdir()
    durlab.drop_cases(root, cases)
    shutil.copytree(root, base / "before")
    record(root, traces)
    recorded = calls(traces)
    here = str(root).encode().hex()
    touching = [n for n, (_, _, _, arguments, _) in enumerate(recorded) if here in arguments.replace("\\x", "")]
    chance = random.Random(1)
    stops = sorted(chance.sample(touching, min(points, len(touching))))
    resumed = set(chance.sample(stops, min(go_on, len(stops))))
    disk, at, bad = Disk(str(root)), 0, []
    disk.top.change(("inbox", Folder()))
    disk.top.flush()
    for stop in stops:
        for _, _, call, arguments, result in recorded[at:stop]:
            replay(disk, call, arguments, result)
        at = stop
        after = base / "after" / "lab"
        shutil.rmtree(after.parent, ignore_errors=True)
        after.parent.mkdir()
        disk.write(after, chance)
        shutil.rmtree(after / "inbox", ignore_errors=True)
        shutil.copytree(base / "before/inbox", after / "inbox")
        found = list(problems(after))
        if not found and stop in resumed:
            found = [wrong for wrong in [finishes(after, cases)] if wrong]
        bad += [f"at call {stop}: {wrong}" for wrong in found]
    flushes = sum(call in ("fsync", "fdatasync") for _, _, call, _, _ in recorded)
    print(f"{len(recorded)} calls, {len(touching)} on the lab's disk, {flushes / cases:.0f} flushes a case")
    print(f"{len(stops)} points, taken up again at {len(resumed)}: {len(bad)} problems")
    for wrong in bad[:20]:
        print(f"  {wrong}")
    print("PASSED" if not bad else "FAILED")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
