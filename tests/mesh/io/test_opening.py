"""Bytes from anywhere, gzip looked through, every failure typed."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casepan.errors import CorruptFile, LimitExceeded
from casepan.mesh import inventory, read_mesh, write_mesh
from casepan.mesh.opening import load


@pytest.fixture
def stl(triangle_text: str) -> bytes:
    """An ASCII STL of one facet."""
    return f"solid a\n{triangle_text}endsolid a\n".encode()


def test_path_bytes_and_open_file_are_the_same(stl: bytes, tmp_path: Path) -> None:
    """All three kinds of source give the same faces, and a path its own name."""
    path = tmp_path / "scan.stl"
    path.write_bytes(stl)
    with path.open("rb") as file:
        assert len(read_mesh(file).faces) == len(read_mesh(stl).faces) == len(read_mesh(path).faces) == 1
    assert load(path) == (stl, "scan.stl")


def test_a_path_may_be_text(stl: bytes, tmp_path: Path) -> None:
    """Read and written as with a Path; a missing file is a corrupt one, not a bug."""
    path = tmp_path / "scan.stl"
    path.write_bytes(stl)
    mesh = read_mesh(str(path))
    assert write_mesh(mesh, str(tmp_path / "again.stl")) == write_mesh(mesh, path)
    assert (tmp_path / "again.stl").read_bytes() == path.read_bytes()
    assert load(str(path))[1] == "scan.stl"
    assert inventory(os.fspath(path)).format == "stl"
    with pytest.raises(CorruptFile, match="FileNotFoundError"):
        read_mesh(str(tmp_path / "missing.stl"))


@pytest.mark.parametrize("source", [None, 7, ["scan.stl"], io.StringIO("solid a")])
def test_what_holds_no_bytes_is_refused_by_name(source: Any) -> None:
    """The error says what may be given instead."""
    with pytest.raises(TypeError, match="a mesh is read from"):
        read_mesh(source)


def test_gzip_is_looked_through(stl: bytes) -> None:
    """One member or several, and the name loses its .gz."""
    assert load(gzip.compress(stl), name="scan.stl.gz") == (stl, "scan.stl")
    half = len(stl) // 2
    assert load(gzip.compress(stl[:half]) + gzip.compress(stl[half:]))[0] == stl


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data[:5], lambda data: data[:30] + b"x" + data[31:]]
)
def test_damaged_gzip_is_refused(stl: bytes, damage: Callable[[bytes], bytes]) -> None:
    """Cut off or changed, it is a corrupt file and not a shorter one."""
    with pytest.raises(CorruptFile, match="gzip"):
        load(damage(gzip.compress(stl)), name="scan.stl.gz")


def test_damaged_zip_member_is_refused(stl: bytes) -> None:
    """A wrong checksum while reading is told as a corrupt file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.stl", stl)
    raw = bytearray(buffer.getvalue())
    raw[60] ^= 1
    with (
        zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive,
        archive.open("a.stl") as member,
        pytest.raises(CorruptFile),
    ):
        read_mesh(member, name="a.stl")


def test_missing_path_is_told_with_its_name(tmp_path: Path) -> None:
    """The name stands in the place, not in the reason."""
    with pytest.raises(CorruptFile) as caught:
        read_mesh(tmp_path / "Doe.stl")
    assert caught.value.place == "Doe.stl"
    assert "Doe" not in caught.value.reason


@pytest.mark.parametrize(
    "wrap", [lambda data, path: data, lambda data, path: io.BytesIO(data), lambda data, path: path]
)
@pytest.mark.parametrize("packed", [False, True])
def test_too_large_files_are_refused(
    wrap: Callable[..., Any], packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing beyond the limit is held, whether it comes plain or as a small gzip."""
    monkeypatch.setattr("casepan.mesh.opening.LARGEST_BYTES", 1000)
    monkeypatch.setattr("casepan.mesh.opening._PIECE", 300)
    data = gzip.compress(bytes(5000)) if packed else bytes(1001)
    path = tmp_path / "a.stl"
    path.write_bytes(data)
    with pytest.raises(LimitExceeded):
        load(wrap(data, path))


def test_gzip_is_unpacked_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of several members are put together in order; an end in the middle of one is still noticed."""
    monkeypatch.setattr("casepan.mesh.opening._PIECE", 7)
    members = [gzip.compress(part) for part in (bytes(range(256)), b"", b"0123456789")]
    assert load(b"".join(members))[0] == bytes(range(256)) + b"0123456789"
    with pytest.raises(CorruptFile, match="ends early"):
        load(members[0][:-1])


def test_an_archive_is_named_as_such() -> None:
    """A zip is no mesh: the error says what to give instead."""
    with pytest.raises(CorruptFile, match="zip archive") as caught:
        read_mesh(b"PK\x03\x04" + bytes(60), name="scan.zip")
    assert "inside" in str(caught.value.hint)


def test_stream_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces are put together in order."""
    monkeypatch.setattr("casepan.mesh.opening._PIECE", 3)
    assert load(io.BytesIO(b"0123456789"))[0] == b"0123456789"
