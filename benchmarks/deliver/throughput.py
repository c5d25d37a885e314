"""What a delivery costs beside plain tools that give the same guarantee; the target is a ratio of at least 0.8.

    python benchmarks/deliver/throughput.py [--mb 200] [--files 4] [--rounds 3]

``core.folder`` against ``cp``, ``sync`` of the copies and their folder, and ``sha256sum --check`` of the copies.
``deliver.remote`` (SFTP, one folder per case) against ``sftp`` put and get of the same files and ``sha256sum --check`` of what
came back. Both sides move the same random files on the same disk, to the same OpenSSH server on loopback; they take turns,
and the best round of each counts. The sums to compare with are known to both beforehand.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.deliver.remote.rig.servers import Server, sshd

from casepan.api import Case, CaseKey, Origin, Scan, Secret
from casepan.arrivals.listing import FolderListing
from casepan.config.lab import Lab, LabTable
from casepan.config.secrets import fetch_secret
from casepan.running.context import Bench, Errand
from casepan.stages.folder import FolderExport, FolderOptions
from casepan_deliver.remote import RemoteExport
from casepan_deliver.remote_options import RemoteOptions

TARGET = 0.8
MB = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_files(root / "source", asked.mb, asked.files)
        with bench_on(root) as bench, sshd(root / "ssh") as server:
            case = case_of(bench)
            folder = (FolderExport(FolderOptions()), plain_copy)
            remote = (RemoteExport(sftp_options(root, server)), lambda root: plain_sftp(root, server))
            ratios = [
                compare(title, ours, plain, case, bench, asked.mb, asked.rounds)
                for title, (ours, plain) in {"core.folder": folder, "deliver.remote sftp": remote}.items()
            ]
    print("PASSED" if min(ratios) >= TARGET else "FAILED")
    return 0 if min(ratios) >= TARGET else 1


def compare(
    title: str, ours: Any, plain: Callable[[Path], None], case: Case, bench: Bench, mb: int, rounds: int
) -> float:
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(rounds):
        ctx = bench.sending("core.folder", "out", Errand(f"{title} {number}", f"{title.split()[0]}-{number}"))
        times["plain"].append(timed(lambda: plain(bench.base)))
        times["ours"].append(timed(lambda: ours.deliver(case, ctx)))  # noqa: B023 - called at once
        os.sync()
    best = {name: min(values) for name, values in times.items()}
    ratio = best["plain"] / best["ours"]
    print(
        f"{title:20}  casepan {mb / best['ours']:6.0f} MB/s   plain tools {mb / best['plain']:6.0f} MB/s   ratio {ratio:.2f}"
    )
    return ratio


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def plain_copy(root: Path) -> None:
    target = root / "plain"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    files = sorted((root / "source").iterdir())
    run("cp", *map(str, files), str(target))
    run("sync", *(str(target / file.name) for file in files), str(target))
    run("sha256sum", "--check", "--quiet", str(root / "sums"), cwd=target)


def plain_sftp(root: Path, server: Server) -> None:
    there, back = server.folder / "content" / "plain", root / "back"
    for folder in (there, back):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    batch = root / "batch"
    files = sorted((root / "source").iterdir())
    puts = [f"put {file} {there / file.name}" for file in files]
    batch.write_text("\n".join([*puts, *(f"get {there / file.name} {back / file.name}" for file in files)]))
    options = ("-o", f"UserKnownHostsFile={server.folder / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes")
    run(
        "sftp", "-q", "-b", str(batch), "-P", str(server.port), "-i", str(server.folder / "user"), *options,
        f"{getpass.getuser()}@127.0.0.1",
    )  # fmt: skip
    run("sha256sum", "--check", "--quiet", str(root / "sums"), cwd=back)


def run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, stdout=subprocess.DEVNULL)


def make_files(folder: Path, mb: int, count: int) -> None:
    folder.mkdir()
    sums = []
    for number in range(count):
        content = os.urandom(mb * MB // count)
        (folder / f"scan-{number}.stl").write_bytes(content)
        sums.append(f"{sha256(content).hexdigest()}  scan-{number}.stl\n")
    (folder.parent / "sums").write_text("".join(sums))


@contextmanager
def bench_on(root: Path) -> Iterator[Bench]:
    lab = Lab(version=1, lab=LabTable(name="Benchmark"), path=root / "lab.toml")
    listing = FolderListing.of(root / "source")
    with Bench.on(listing, base=root, secrets=lambda reference: fetch_secret(reference, lab)) as bench:
        yield bench


def case_of(bench: Bench) -> Case:
    scans = tuple(
        Scan(path.stem, "other", file=bench.reference(path.name), format="stl")
        for path in sorted((bench.base / "source").iterdir())
    )
    return Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=scans)


def sftp_options(root: Path, server: Server) -> RemoteOptions:
    shutil.copy(server.folder / "user", root / "key")
    url = f"sftp://{getpass.getuser()}@127.0.0.1:{server.port}{server.folder}/content/ours"
    known = str(server.folder / "known_hosts")
    return RemoteOptions(url=url, form="folder", key=Secret(file="key"), known_hosts=known)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
