"""A bench with generated scans for the built-in stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from casepan.arrivals.listing import FolderListing
from casepan.model.case import Case, CaseKey, Origin, Scan
from casepan.running.context import Bench

MakeBench = Callable[[Mapping[str, bytes]], Bench]


@pytest.fixture
def bench_of(tmp_path: Path) -> Iterator[MakeBench]:
    """Make a bench over files given as name to bytes."""
    opened: list[Bench] = []

    def make(files: Mapping[str, bytes]) -> Bench:
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        for name, content in files.items():
            (source / name).write_bytes(content)
        opened.append(Bench.on(FolderListing.of(source), base=tmp_path))
        return opened[-1]

    yield make
    for bench in opened:
        bench.close()


def case_of(bench: Bench, *scans: tuple[str, str, str | None], **more: object) -> Case:
    """A case of (file name, role, arch) triples; the scan's id is the file's stem."""
    made = tuple(
        Scan(name.partition(".")[0], role, arch, file=bench.reference(name), format=name.rpartition(".")[2])  # type: ignore[arg-type]
        for name, role, arch in scans
    )
    return Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=made, **more)  # type: ignore[arg-type]
