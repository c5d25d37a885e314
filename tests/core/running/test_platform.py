"""Locks, limits and groups; the Windows half by substitution, because nobody runs it here."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from casepan.errors import StateError
from casepan.running import platform
from casepan.running.lock import holder_of, supervisor_lock
from casepan.running.platform import Posix, Windows, mount_type


class Kernel:
    """The calls of kernel32 that are used, noted down."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.calls.append((name, *arguments))
            return 4 if name == "GetDriveTypeW" and arguments[0].startswith("Z") else 77

        return call


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A substitute of kernel32."""
    made = Kernel()
    monkeypatch.setattr(platform, "_kernel32", lambda: made)
    return made


def test_only_one_holds_the_lock_and_the_other_learns_who(tmp_path: Path) -> None:
    """The note names process and host; a free lock has no holder."""
    path = tmp_path / "lock"
    with supervisor_lock(path, Posix()):
        holder = holder_of(path, Posix())
        with pytest.raises(StateError, match=str(os.getpid())), supervisor_lock(path, Posix(), patience=0.0):
            raise AssertionError("two hold it")
    assert holder is not None
    assert holder["pid"] == os.getpid()
    assert holder_of(path, Posix()) is None


def test_a_lock_that_cannot_be_made_is_a_state_error(tmp_path: Path) -> None:
    """The folder is not there."""
    with pytest.raises(StateError), supervisor_lock(tmp_path / "no" / "lock", Posix()):
        raise AssertionError("it was made")


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/lab/state", "nfs4"), ("/srv/labor", "ext4"), ("/home/x", "ext4"), ("/srv/lab/local/x", "xfs")],
)
def test_the_deepest_mount_decides(path: str, kind: str) -> None:
    """A local disk mounted below a share is local."""
    mounts = [("/", "ext4"), ("/srv/lab", "nfs4"), ("/srv/lab/local", "xfs")]
    assert mount_type(Path(path), mounts) == kind


def test_a_state_folder_on_a_share_is_refused(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's locks cannot be trusted there."""
    monkeypatch.setattr(platform, "_mounts", lambda: [("/", "cifs")])
    with pytest.raises(StateError, match="network share"):
        fake.run(fake.lab())


def test_windows_locks_one_byte(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``msvcrt.locking`` on the first byte; a refusal is an answer."""
    calls: list[tuple[int, int]] = []

    def locking(handle: int, mode: int, size: int) -> None:
        if calls:
            raise OSError(13, "locked")
        calls.append((mode, size))

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with (tmp_path / "f").open("wb") as stream:
        assert Windows().try_lock(stream.fileno())
        assert not Windows().try_lock(stream.fileno())
    assert calls == [(2, 1)]


def test_windows_binds_children_to_a_job(kernel: Kernel) -> None:
    """Kill on close and a memory limit; letting go closes the job."""
    handle = Windows().adopt(42, 1 << 30)
    names = [call[0] for call in kernel.calls]
    assert names == ["CreateJobObjectW", "SetInformationJobObject", "AssignProcessToJobObject"]
    _, job, kind, block, size = kernel.calls[1]
    assert (job, kind, size, len(block)) == (77, 9, 144, 144)
    assert struct.unpack_from("<I", block, 16)[0] == 0x2100
    assert struct.unpack_from("<Q", block, 112)[0] == 1 << 30
    del handle
    assert kernel.calls[-1] == ("CloseHandle", 77)


def test_windows_knows_shares(kernel: Kernel) -> None:
    """UNC paths and mapped drives."""
    assert Windows().is_network_share(Path("\\\\server\\share"))
    assert Windows().is_network_share(Path("Z:\\lab"))
    assert not Windows().is_network_share(Path("C:\\lab"))
    assert Windows().child_options(3)["creationflags"] == 0x08000200


def test_a_child_that_is_gone_is_no_error(kernel: Kernel) -> None:
    """Killing what is dead already does nothing on either system."""
    gone = 2**22 + 1
    Posix().kill_group(gone)
    Posix().kill_marked("nobody-carries-this")
    Windows().kill_group(gone)
    Windows().kill_marked("x")
    assert kernel.calls == []


def test_an_open_target_is_waited_for_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virus scanner holds the file for a moment; the rename is tried again."""
    from casepan.running import durable

    tries: list[int] = []

    def replace(self: Path, target: Path) -> Path:
        tries.append(1)
        if len(tries) < 3:
            raise PermissionError(13, "in use")
        target.write_bytes(self.read_bytes())
        return target

    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("x")
    monkeypatch.setattr(durable, "WINDOWS", True)
    monkeypatch.setattr(durable, "RENAME_PAUSE", 0.0)
    monkeypatch.setattr(Path, "replace", replace)
    durable.rename_over(source, target)
    assert (target.read_text(), len(tries)) == ("x", 3)
