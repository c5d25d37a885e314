"""An SFTP server that is not OpenSSH's, with a password, in threads of this process: what a partner's appliance may be like."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from attrs import define, field

from .servers import PATIENCE

ACCOUNT, PASSWORD = "mill", "Zähne hunter2"


@define
class OtherServer:
    """The server as a test sees it.

    Attributes:
        port: where it listens; root: its files; key: its own.
        replaces: True when it knows ``posix-rename``.
        asked: how often somebody tried to log in with a password.
    """

    root: Path
    key: Any = field(factory=lambda: paramiko.ECDSAKey.generate(), repr=False)
    port: int = 0
    replaces: bool = True
    asked: int = 0

    @property
    def known_hosts(self) -> str:
        """The line by which it is known."""
        return f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}\n"


@contextmanager
def other_sftp(root: Path) -> Iterator[OtherServer]:
    """A running server with its files below ``root``."""
    told = OtherServer(root)
    ends: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told.port = int(listening.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listening, told, ends), daemon=True)
        thread.start()
        try:
            yield told
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            for end in ends:
                end.close()
                end.join(PATIENCE)
    thread.join(PATIENCE)


def _serve(listening: socket.socket, told: OtherServer, ends: list[Any]) -> None:
    with suppress(OSError):
        while True:
            line, _ = listening.accept()
            transport = paramiko.Transport(line)
            transport.add_server_key(told.key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, told)
            ends.append(transport)
            with suppress(paramiko.SSHException, EOFError):
                transport.start_server(server=_Door(told))


class _Door(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    """One account, by password only."""

    def __init__(self, told: OtherServer) -> None:
        self.told = told

    def get_allowed_auths(self, _: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self.told.asked += 1
        right = (username, password) == (ACCOUNT, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_channel_request(self, *_: Any) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


class _Files(paramiko.SFTPServerInterface):  # type: ignore[misc]
    """A folder. A plain rename never overwrites, as the protocol says."""

    def __init__(self, _: Any, told: OtherServer) -> None:
        self.told = told

    def list_folder(self, path: str) -> Any:
        return self._done(lambda: [_described(one) for one in self._at(path).iterdir()])

    def stat(self, path: str) -> Any:
        return self._done(lambda: _described(self._at(path)))

    lstat = stat

    def open(self, path: str, flags: int, _: Any) -> Any:
        def opened() -> Any:
            mode = "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb"
            handle = paramiko.SFTPHandle(flags)
            stream = os.fdopen(os.open(self._at(path), flags, 0o600), mode)
            handle.readfile = handle.writefile = stream
            handle.stat = lambda: paramiko.SFTPAttributes.from_stat(os.fstat(stream.fileno()))
            return handle

        return self._done(opened)

    def remove(self, path: str) -> Any:
        return self._done(lambda: self._at(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> Any:
        if self._at(newpath).exists():
            return paramiko.SFTP_FAILURE
        return self._done(lambda: self._at(oldpath).rename(self._at(newpath)))

    def posix_rename(self, oldpath: str, newpath: str) -> Any:
        if not self.told.replaces:
            return paramiko.SFTP_OP_UNSUPPORTED
        return self._done(lambda: self._at(oldpath).replace(self._at(newpath)))

    def mkdir(self, path: str, _: Any) -> Any:
        return self._done(lambda: self._at(path).mkdir())

    def rmdir(self, path: str) -> Any:
        return self._done(lambda: self._at(path).rmdir())

    def _at(self, path: str) -> Path:
        return self.told.root / str(self.canonicalize(path)).lstrip("/")

    def _done(self, act: Callable[[], Any]) -> Any:
        try:
            result = act()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or errno.EIO)
        return paramiko.SFTP_OK if result is None or isinstance(result, Path) else result


def _described(path: Path) -> paramiko.SFTPAttributes:
    found = paramiko.SFTPAttributes.from_stat(path.lstat())
    found.filename = path.name
    return found
