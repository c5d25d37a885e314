"""The same arrival as it comes on other ways: zipped, downloaded twice, packed on a Mac, one folder deeper."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO

from attrs import evolve

from casepan.contract.specs import Sample

Files = Mapping[str, bytes]
_WHEN = (2026, 3, 1, 9, 30, 0)
_WINDOWS = {"Thumbs.db": b"\xd0\xcf\x11\xe0", "desktop.ini": b"[.ShellClassInfo]\r\n"}
_MAC = {".DS_Store": b"\0\0\0\1Bud1"}


def packagings(sample: Sample) -> Iterator[Sample]:
    """A sample that is one folder, in other packagings; nothing for loose files and for what is a zip already.

    What must come out stays the same; only the paths in ``Expected.scans`` change.
    """
    files = sample.files()
    tops = {path.partition("/")[0] for path in files}
    if len(tops) != 1 or any(path.lower().endswith(".zip") or "/" not in path for path in files):
        return
    (top,) = tops
    yield _packaging(sample, "zip-flat-copy", lambda: _flat(top, sample.files()), f"{top} (1).zip!")
    yield _packaging(sample, "zip-top-mac", lambda: _with_top(top, sample.files()), f"{top}.zip!{top}/")
    yield _packaging(sample, "deeper", lambda: _deeper(top, sample.files()), f"{top}/")


def _packaging(sample: Sample, name: str, files: Callable[[], Files], before: str) -> Sample:
    scans = {f"{before}{path}": role for path, role in sample.expected.scans.items()}
    return evolve(
        sample,
        name=f"{sample.name}-{name}",
        files=files,
        expected=evolve(sample.expected, scans=scans),
        evidence="inferred",
        demo=False,
    )


def _flat(top: str, files: Files) -> Files:
    return {f"{top} (1).zip": _zipped({path.removeprefix(f"{top}/"): content for path, content in files.items()})}


def _with_top(top: str, files: Files) -> Files:
    litter = {f"{top}/{name}": content for name, content in _MAC.items()}
    forks = {f"__MACOSX/{path.rpartition('/')[0]}/._{path.rpartition('/')[2]}": b"\0\5\x16\7" for path in files}
    return {f"{top}.zip": _zipped({**files, **litter, **forks})}


def _deeper(top: str, files: Files) -> Files:
    litter = {f"{top}/{name}": content for name, content in _WINDOWS.items()}
    return {f"Monday/{path}": content for path, content in {**files, **litter}.items()}


def _zipped(files: Files) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _WHEN), content)
    return stream.getvalue()
