"""What differs between operating systems: locks, limits, process groups, and how a process ends with its parent.

The Windows half is written against the documented calls and unit-tested by substitution; it was not run on Windows.
"""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from casepan.errors import StateError

MARK = "CASEPAN_JOB"
"""Environment variable that every process of a job inherits, by which even daemons it started are found."""

NETWORK_TYPES = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "9p",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
    "davfs",
}
DRIVE_REMOTE = 4
KILL_ROUNDS = 50


class Platform(Protocol):
    """What the supervisor and its children need from the operating system."""

    @property
    def can_fork(self) -> bool:
        """True where a warm process may fork children that go on without a fresh start."""

    @property
    def can_select(self) -> bool:
        """True where pipes can be waited for together."""

    def try_lock(self, handle: int) -> bool:
        """Take an exclusive lock on an open file without waiting; False when somebody holds it."""

    def child_options(self, lock_handle: int) -> dict[str, Any]:
        """Arguments of ``subprocess.Popen`` for a child in its own group that inherits the lock."""

    def adopt(self, process: int, memory: int) -> object:
        """Bind a started child to this process; keep what is returned as long as the child lives."""

    def end_with_parent(self, parent: int) -> None:
        """In the child: die when the parent dies, however it dies."""

    def limit(self, memory: int, file_size: int) -> None:
        """In the child: limit address space and the size of any written file, in bytes; no core files."""

    def kill_group(self, pid: int) -> None:
        """Kill a child and the group it leads; nothing happens when both are gone."""

    def kill_marked(self, mark: str) -> None:
        """Kill whatever left the group but carries the child's mark."""

    def is_network_share(self, path: Path) -> bool:
        """True when the path lies on a network file system, where SQLite's locks cannot be trusted."""


class Posix:
    """Linux and macOS."""

    can_select = True

    @property
    def can_fork(self) -> bool:
        """On Linux only: the system libraries of macOS do not bear it."""
        return sys.platform == "linux"

    def try_lock(self, handle: int) -> bool:
        """``flock``: the lock belongs to the open file, so children that inherit it hold it too."""
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def child_options(self, lock_handle: int) -> dict[str, Any]:
        """A new session, so that the whole group can be killed."""
        return {"start_new_session": True, "pass_fds": (lock_handle,)}

    def adopt(self, process: int, memory: int) -> object:
        """Nothing to do: the child limits itself and watches its parent."""
        del process, memory
        return None

    def end_with_parent(self, parent: int) -> None:
        """On Linux the kernel kills this process with its parent, frozen or not; elsewhere the closed pipe ends it."""
        if sys.platform == "linux":
            import ctypes

            set_death_signal = 1
            ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    def limit(self, memory: int, file_size: int) -> None:
        """Resource limits; a limit below the present hard limit cannot be raised again by the stage."""
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for kind, wanted in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file_size)):
            hard = resource.getrlimit(kind)[1]
            allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(kind, (allowed, allowed))

    def kill_group(self, pid: int) -> None:
        """One signal to the whole group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    def kill_marked(self, mark: str) -> None:
        """Until nobody is left; only Linux shows who carries a mark."""
        for _ in range(KILL_ROUNDS):
            left = marked_processes(mark)
            if not left:
                return
            # Stopped first: a process that forks faster than one loop kills would escape otherwise.
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for process in left:
                    _signal(process, number)
            time.sleep(0.01)

    def is_network_share(self, path: Path) -> bool:
        """By the type of the mount that holds the path, where the system lists its mounts."""
        return mount_type(path.resolve(), _mounts()) in NETWORK_TYPES


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def marked_processes(mark: str) -> list[int]:
    """Living processes of this user whose environment carries the mark (Linux; elsewhere nobody is found)."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if wanted in environment.split(b"\0"):
            found.append(int(entry.name))
    return found


def _mounts() -> list[tuple[str, str]]:
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    fields = [line.split(" ") for line in lines]
    return [(parts[1].replace("\\040", " "), parts[2]) for parts in fields if len(parts) > 2]


def mount_type(path: Path, mounts: list[tuple[str, str]]) -> str | None:
    """The file system type of the deepest mount that holds the path."""
    holding = [(point, kind) for point, kind in mounts if path.is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]))[1] if holding else None


def is_zombie(pid: int) -> bool:
    """True when a process has ended and its parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return False


def threads() -> int:
    """How many threads this process runs, those of native libraries included (Linux)."""
    return len(list(Path("/proc/self/task").iterdir()))


def carry_mark(mark: str) -> None:
    """Write the mark over the one that stands in this process's environment, where others can read it (Linux).

    ``os.environ`` alone would not do: the system shows the bytes that the process was started with. Both marks are equally long.
    """
    import ctypes

    library = ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_void_p
    place = library.getenv(MARK.encode())
    if place and len(os.environ[MARK]) == len(mark):
        ctypes.memmove(place, mark.encode(), len(mark))
    os.environ[MARK] = mark


class Windows:
    """Windows: byte-range locks and a Job Object that kills its processes when the last handle closes."""

    can_fork = False
    can_select = False

    def try_lock(self, handle: int) -> bool:
        """Lock the first byte."""
        msvcrt: Any = importlib.import_module("msvcrt")
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def child_options(self, lock_handle: int) -> dict[str, Any]:
        """A new process group; the lock itself is not inherited, the Job Object takes its place."""
        del lock_handle
        create_new_process_group, no_window = 0x200, 0x08000000
        return {"creationflags": create_new_process_group | no_window}

    def adopt(self, process: int, memory: int) -> object:
        """Put the child into a Job Object with kill-on-close and a memory limit."""
        kernel = _kernel32()
        job = kernel.CreateJobObjectW(None, None)
        block = _job_limits(memory)
        extended_limit_information = 9
        kernel.SetInformationJobObject(job, extended_limit_information, block, len(block))
        kernel.AssignProcessToJobObject(job, process)
        return _JobHandle(job)

    def end_with_parent(self, parent: int) -> None:
        """Nothing to do: the Job Object ends with the parent's handle."""

    def limit(self, memory: int, file_size: int) -> None:
        """Nothing to do in the child: the Job Object limits memory; Windows has no limit on file sizes."""

    def kill_group(self, pid: int) -> None:
        """Kill the process; its Job Object takes the rest when it is let go."""
        _signal(pid, signal.SIGTERM)

    def kill_marked(self, mark: str) -> None:
        """Nothing to do: nobody leaves a Job Object."""

    def is_network_share(self, path: Path) -> bool:
        """UNC paths and mapped drives."""
        text = str(path)
        if text.startswith("\\\\"):
            return True
        drive = text[:3] if text[1:2] == ":" else None
        return drive is not None and _kernel32().GetDriveTypeW(drive) == DRIVE_REMOTE


class _JobHandle:
    """Closes the Job Object, and with it ends what is left in it, when the supervisor lets go of it."""

    def __init__(self, job: int) -> None:
        self.job = job

    def __del__(self) -> None:
        _kernel32().CloseHandle(self.job)


def _kernel32() -> Any:
    ctypes: Any = importlib.import_module("ctypes")
    return ctypes.windll.kernel32


def _job_limits(memory: int) -> bytes:
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION`` of a 64-bit process (144 bytes): kill on close, memory of each process."""
    import struct

    kill_on_job_close, process_memory = 0x2000, 0x100
    basic = struct.pack("<qqI4xQQI4xQII", 0, 0, kill_on_job_close | process_memory, 0, 0, 0, 0, 0, 0)
    counters = bytes(48)
    return basic + counters + struct.pack("<QQQQ", memory, 0, 0, 0)


def current() -> Platform:
    """The platform this process runs on."""
    return Windows() if os.name == "nt" else Posix()


def free_bytes(path: Path) -> int:
    """Free space on the disk that holds the path, for this user."""
    return shutil.disk_usage(path).free


def wait_for_lock(handle: int, *, tries: int, pause: float = 0.05) -> None:
    """Take a lock that is held for moments only.

    Raises:
        StateError: it was never free.
    """
    here = current()
    for _ in range(tries):
        if here.try_lock(handle):
            return
        time.sleep(pause)
    raise StateError("a file of the state folder stays locked", hint="Close other programs that use the state folder.")


def is_too_large(error: OSError) -> bool:
    """True when a write failed at the limit on file sizes."""
    return error.errno == errno.EFBIG
