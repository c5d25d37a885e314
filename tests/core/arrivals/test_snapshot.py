"""The copy of an arrival that everything later works on."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from casepan.arrivals import snapshot
from casepan.arrivals.listing import FolderListing
from casepan.arrivals.snapshot import take_snapshot
from casepan.errors import CaseError, NotReady, StateError

Maker = Callable[..., Path]


def content_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with content and time."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_an_arrival_is_copied_hashed_with_its_times(make_folder: Maker, tmp_path: Path) -> None:
    """Folders and loose files, byte for byte, and the source stays as it was."""
    inbox = make_folder(
        "inbox", {"Jane/Scans/a.stl": b"1" * 3_000_000, "Jane/b.xml": b"<a/>", "c.zip": b"PK", "d.stl": b"x"}
    )
    os.utime(inbox / "Jane/b.xml", ns=(1, 1_600_000_000_123_456_700))
    before = content_of(inbox)
    made = take_snapshot(inbox, ("Jane", "c.zip"), tmp_path / "state" / "source")
    copied = content_of(tmp_path / "state" / "source")
    assert copied == {name: kept for name, kept in before.items() if name != "d.stl"}
    assert content_of(inbox) == before
    assert {file.path: file.sha256 for file in made.files} == {
        name: sha256(content).hexdigest() for name, (content, _) in copied.items()
    }


def test_the_copy_lists_like_the_source(make_folder: Maker, tmp_path: Path) -> None:
    """Recognition sees the same names in the snapshot."""
    inbox = make_folder("inbox", {"Jane/a.stl": b"1", "Jane/b/c.xml": b"2"})
    take_snapshot(inbox, ("Jane",), tmp_path / "source")
    source, copy = FolderListing.of(inbox / "Jane"), FolderListing.of(tmp_path / "source" / "Jane")
    assert (copy.name, copy.entries) == (source.name, source.entries)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX rights")
def test_only_this_account_can_read_the_copy(make_folder: Maker, tmp_path: Path) -> None:
    """Files 0600, folders 0700."""
    take_snapshot(make_folder("inbox", {"Jane/a.stl": b"1"}), ("Jane",), tmp_path / "source")
    modes = [
        path.stat().st_mode & 0o777 for path in (tmp_path / "source" / "Jane", tmp_path / "source" / "Jane" / "a.stl")
    ]
    assert modes == [0o700, 0o600]


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_links_are_left_out_and_refused_as_arrivals(make_folder: Maker, tmp_path: Path) -> None:
    """A link inside is not copied; a link as the arrival itself is an error that says so."""
    secret = make_folder("outside", {"secret.stl": b"secret"})
    inbox = make_folder("inbox", {"Jane/a.stl": b"1"})
    (inbox / "Jane" / "b").symlink_to(secret)
    (inbox / "John").symlink_to(secret)
    assert [file.path for file in take_snapshot(inbox, ("Jane",), tmp_path / "one").files] == ["Jane/a.stl"]
    with pytest.raises(CaseError, match="link"):
        take_snapshot(inbox, ("John",), tmp_path / "two")


def test_a_file_that_grows_while_it_is_copied_is_not_ready(
    make_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and time are compared again after the last byte."""
    inbox = make_folder("inbox", {"a.stl": b"1"})

    def grow(source: object, place: str, read: Callable[..., bytes] = snapshot._read) -> bytes:
        with (inbox / "a.stl").open("ab") as more:
            more.write(b"2") if (inbox / "a.stl").stat().st_size == 1 else None
        return read(source, place)

    monkeypatch.setattr(snapshot, "_read", grow)
    with pytest.raises(NotReady, match="changed"):
        take_snapshot(inbox, ("a.stl",), tmp_path / "source")


def test_a_file_that_comes_while_others_are_copied_is_not_ready(
    make_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arrival is listed again at the end."""
    inbox = make_folder("inbox", {"Jane/a.stl": b"1"})

    def come(source: object, place: str, read: Callable[..., bytes] = snapshot._read) -> bytes:
        (inbox / "Jane" / "b.stl").write_bytes(b"2")
        return read(source, place)

    monkeypatch.setattr(snapshot, "_read", come)
    with pytest.raises(NotReady, match="came or went"):
        take_snapshot(inbox, ("Jane",), tmp_path / "source")


def test_an_arrival_that_vanished_is_not_ready(make_folder: Maker, tmp_path: Path) -> None:
    """Somebody took it away again."""
    with pytest.raises(NotReady, match="vanished"):
        take_snapshot(make_folder("inbox", {"a.stl": b"1"}), ("b.stl",), tmp_path / "source")


def test_an_unreadable_file_names_itself(make_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission denied is a typed error with the place and what to do; the reason holds no name."""
    inbox = make_folder("inbox", {"Jane.stl": b"1"})
    real = os.open

    def refuse(path: str | Path, flags: int, *more: int) -> int:
        if Path(path) == inbox / "Jane.stl":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CaseError, match="Permission denied") as caught:
        take_snapshot(inbox, ("Jane.stl",), tmp_path / "source")
    assert caught.value.place == str(inbox / "Jane.stl")
    assert caught.value.hint
    assert "Jane" not in caught.value.reason


def test_a_read_error_of_the_disk_is_typed(make_folder: Maker, tmp_path: Path) -> None:
    """A share that breaks off in the middle of a file."""

    class Broken:
        def read(self, size: int) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(CaseError, match="Input/output error"):
        snapshot._read(Broken(), "a.stl")  # type: ignore[arg-type]


def test_a_state_folder_that_cannot_be_written_is_a_state_error(make_folder: Maker, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    inbox = make_folder("inbox", {"a.stl": b"1"})
    (tmp_path / "source").write_bytes(b"")
    with pytest.raises(StateError):
        take_snapshot(inbox, ("a.stl",), tmp_path / "source")


def test_names_that_the_disk_cannot_tell_apart_are_an_error(make_folder: Maker, tmp_path: Path) -> None:
    """Nothing is overwritten: here the second copy meets a file that is already there."""
    inbox = make_folder("inbox", {"a.stl": b"1"})
    make_folder("source", {"a.stl": b"2"})
    with pytest.raises(CaseError, match="differ only in capitals"):
        take_snapshot(inbox, ("a.stl",), tmp_path / "source")
    assert (tmp_path / "source" / "a.stl").read_bytes() == b"2"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps names that are not UTF-8")
def test_a_name_that_is_not_utf8_is_copied(tmp_path: Path) -> None:
    """Undecodable bytes survive in name and reference."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    name = os.fsdecode(b"M\xfcller.stl")
    (inbox / name).write_bytes(b"1")
    made = take_snapshot(inbox, (name,), tmp_path / "source")
    assert made.files[0].path == name
    assert (tmp_path / "source" / name).read_bytes() == b"1"
