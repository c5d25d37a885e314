"""Starting and stopping real servers on loopback, and looking at what they hold."""

from __future__ import annotations

import getpass
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, field

from .serving import ACCESS_KEY, SECRET_KEY

BUCKET = "cases"
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
PATIENCE = 20.0


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@define
class Server:
    """A server process.

    Attributes:
        folder: everything it keeps; what was delivered lies below ``content``.
        restart: ends all connections and serves again at the same port.
        full: makes boxes whose name ends with ``-full`` full, or not.
    """

    port: int
    folder: Path
    restart: Callable[[], object]
    full: Callable[[bool], object]
    hold: dict[str, Any] = field(factory=dict)

    def copies(self, box: str) -> int:
        """How many finished deliveries lie in a box."""
        folder = self.folder / "content" / box
        return sum(not path.name.endswith((".part", ".old")) for path in folder.iterdir()) if folder.is_dir() else 0


class S3Server(Server):
    """S3 keeps nothing on disk: it is asked."""

    def copies(self, box: str) -> int:
        """How many zips or sealed folders lie below a prefix."""
        found = self.client().list_objects_v2(Bucket=BUCKET, Prefix=f"{box}/").get("Contents", ())
        return sum(item["Key"].endswith((".zip", "manifest.json")) for item in found)

    def client(self) -> Any:
        """A client past all proxies."""
        if "client" not in self.hold:
            import boto3

            self.hold["client"] = boto3.client(
                "s3", endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1",
                aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
            )  # fmt: skip
        return self.hold["client"]


@contextmanager
def python_server(kind: str, folder: Path) -> Iterator[Server]:
    """WebDAV, S3 or the portal."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [
        sys.executable,
        "-W",
        "ignore",
        str(Path(__file__).with_name("serving.py")),
        kind,
        str(folder),
        str(port),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def restart() -> None:
        process.send_signal(signal.SIGHUP)

    def full(on: bool) -> None:
        (folder / "full").touch() if on else (folder / "full").unlink(missing_ok=True)

    try:
        _wait(port, process)
        server = (S3Server if kind == "s3" else Server)(port, folder, restart, full)
        if isinstance(server, S3Server):
            server.client().create_bucket(Bucket=BUCKET)
        yield server
    finally:
        _end(process)


@contextmanager
def sshd(folder: Path, *, largest: int | None = None) -> Iterator[Server]:
    """OpenSSH's server with SFTP only, for this account and one key.

    Args:
        largest: bytes of the largest file it can write, as on a full disk; None for no limit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "content").mkdir(exist_ok=True)
    for name in ("host", "user", "other"):
        if not (folder / name).exists():
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    port = free_port()
    known = f"[127.0.0.1]:{port} {' '.join((folder / 'host.pub').read_text().split()[:2])}\n"
    (folder / "known_hosts").write_text(known)
    (folder / "config").write_text(_sshd_config(folder, port))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    hold: dict[str, Any] = {}

    def start(limit: int | None = largest) -> None:
        hold["process"] = _start_sshd(folder, limit)
        _wait(port, hold["process"])

    def restart() -> None:
        _end_sshd(hold["process"])
        start(hold["limit"])

    def full(on: bool) -> None:
        hold["limit"] = largest if on else None
        restart()

    hold["limit"] = largest
    start()
    try:
        yield Server(port, folder, restart, full, hold)
    finally:
        _end_sshd(hold["process"])


def _sshd_config(folder: Path, port: int) -> str:
    return f"""
Port {port}
ListenAddress 127.0.0.1
HostKey {folder / "host"}
AuthorizedKeysFile {folder / "authorized"}
AllowUsers {getpass.getuser()}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


def _start_sshd(folder: Path, largest: int | None) -> subprocess.Popen[bytes]:
    def limit() -> None:
        if largest is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    command = [str(SSHD), "-D", "-e", "-f", str(folder / "config")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=limit, restore_signals=largest is None)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the server did not start")


def _end_sshd(process: subprocess.Popen[bytes]) -> None:
    """End it with the processes of its connections, which have sessions of their own."""
    children = list(_children(process.pid))
    _end(process)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children(parent: int) -> Iterator[int]:
    """Its child processes, where the system tells them by files."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(path.parent.name)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
