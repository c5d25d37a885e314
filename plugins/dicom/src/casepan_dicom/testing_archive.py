"""A real archive for tests and benchmarks: Orthanc on loopback, and a line to it that can be cut."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, field

USER, PASSWORD = "casepan", "correct horse"
TITLE = "ARCHIVE"
_PLUGINS = ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins")
_PATIENCE = 30.0
_BLOCK = 1 << 16


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program() -> str | None:
    """Where Orthanc is installed, None when it is not."""
    return shutil.which("Orthanc") or next((p for p in ("/usr/sbin/Orthanc",) if Path(p).is_file()), None)


@define
class Orthanc:
    """An Orthanc with DICOMweb in a folder of its own.

    Attributes:
        folder: its settings and database; http, dicom: its ports; more: settings over the usual ones.
        largest: bytes of the largest file it can write: to it, the disk is then full.
    """

    folder: Path
    http: int = field(factory=free_port)
    dicom: int = field(factory=free_port)
    more: Mapping[str, Any] = field(factory=dict)
    largest: int | None = None
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = self.folder / "orthanc.json"
        settings.write_text(json.dumps(self._settings()), encoding="utf-8")
        log = (self.folder / "orthanc.log").open("ab")
        with log:
            command = [str(program()), str(settings)]
            if self.largest is not None:  # in blocks of 1024 bytes; without the signal a write fails, as on a full disk
                command = [
                    "bash",
                    "-c",
                    f"trap '' XFSZ; ulimit -f {self.largest // 1024}; exec \"$@\"",
                    "bash",
                    *command,
                ]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                self.stop()
                raise TimeoutError(f"Orthanc does not answer: {self.log[-500:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self.ask("/system")
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, path: str) -> bytes:
        """What its own interface answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}")
        request.add_header("Authorization", f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            return bytes(answer.read())

    def instances(self) -> list[str]:
        """Its own ids of everything it holds."""
        found = json.loads(self.ask("/instances"))
        return [str(one) for one in found]

    def file(self, instance: str) -> bytes:
        """An object as it would give it to anybody: a DICOM file."""
        return self.ask(f"/instances/{instance}/file")

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "orthanc.log").read_text("utf-8", "replace")

    def _settings(self) -> dict[str, Any]:
        plugin = next(
            (f"{p}/libOrthancDicomWeb.so" for p in _PLUGINS if Path(p, "libOrthancDicomWeb.so").exists()), None
        )
        return {
            "Name": "casepan tests",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "index"),
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": TITLE,
            "DicomCheckCalledAet": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomAlwaysAllowStore": False,
            "DicomModalities": {"casepan": ["CASEPAN", "127.0.0.1", 104]},
            "Plugins": [plugin] if plugin else [],
            **self.more,
        }


@define
class Line:
    """A TCP line to a server on this machine that can go wrong.

    Attributes:
        target: the server's port; port: the line's own.
        cut_after: bytes sent to the server after which both ends are closed, None for never.
        stall_after, stall: bytes sent to the server from which on each block waits so many seconds.
        mute: True to close the line instead of passing on the server's answer to what was sent last.
        on_mute: called when an answer was held back: a server that restarts between send and receipt.
    """

    target: int
    port: int = 0
    cut_after: int | None = None
    stall_after: int | None = None
    stall: float = 2.0
    mute: Callable[[int], bool] | None = None
    on_mute: Callable[[], None] | None = None
    _server: socket.socket = field(factory=socket.socket)

    @contextmanager
    def open(self) -> Iterator[Line]:
        """Listen while the block runs."""
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            caller.close()
            return
        sent = [0]
        back = threading.Thread(target=self._back, args=(server, caller, sent), daemon=True)
        back.start()
        with suppress(OSError):
            while block := caller.recv(_BLOCK):
                if self.cut_after is not None and sent[0] + len(block) > self.cut_after:
                    server.sendall(block[: self.cut_after - sent[0]])
                    break
                if self.stall_after is not None and sent[0] + len(block) > self.stall_after:
                    time.sleep(self.stall)
                server.sendall(block)
                sent[0] += len(block)
        _close(server)
        _close(caller)

    def _back(self, server: socket.socket, caller: socket.socket, sent: list[int]) -> None:
        with suppress(OSError):
            while block := server.recv(_BLOCK):
                if self.mute is not None and self.mute(sent[0]):
                    if self.on_mute:
                        self.on_mute()
                    break
                caller.sendall(block)
        _close(server)
        _close(caller)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
