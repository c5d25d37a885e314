"""SFTP by paramiko: the server must prove itself by its known key, and every byte is read back before the rename."""

from __future__ import annotations

import errno
import logging
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import paramiko

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, ExportContext, OutcomeUnknown
from casepan_deliver.addresses import Address
from casepan_deliver.remote_options import RemoteOptions
from casepan_deliver.renaming import place_by_renaming
from casepan_deliver.stores import Item, NotThere, Parcel, secret_of, taken

PORT = 22
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
"""The fast ones first: in Python, one call for cipher and proof together halves the time of an upload."""
REQUEST = 32_768
"""Bytes of one request that every server takes (draft-ietf-secsh-filexfer-02, 3)."""
OPENSSH_WRITE, OPENSSH_READ = 65_000, 130_000
"""Bytes of one request for OpenSSH, the fastest measured; its limit is 256 KiB (sftp-common.h)."""
ASKED_AT_ONCE = 32
WINDOW = 1 << 24
PACKET = 1 << 18
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_LOST = (EOFError, paramiko.SSHException, OSError)

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs lost connections with a traceback; ours say it once


@contextmanager
def connect(options: RemoteOptions, ctx: ExportContext) -> Iterator[SftpStore]:
    """Log in; the connection is closed at the end.

    Raises:
        AuthenticationFailed: the server's key is not the known one, or it does not take ours.
        DeliveryError: it cannot be reached.
    """
    address = options.address
    login = {
        "username": options.account,
        "password": secret_of(ctx, options.password),
        "pkey": _private_key(secret_of(ctx, options.key), secret_of(ctx, options.key_passphrase)),
    }
    with closing(paramiko.SSHClient()) as client:
        _load_known_hosts(client, ctx.base / str(options.known_hosts))
        with _reaching(address):
            _log_in(client, address, login, options.timeout)
            sftp = _open_sftp(client, options.timeout)
        yield SftpStore(client, sftp, address)


class SftpStore:
    """A folder of an SFTP server. Implements ``Store`` and ``Renaming``."""

    def __init__(self, client: Any, sftp: Any, address: Address) -> None:
        self._client = client
        self._sftp = sftp
        self._address = address
        self._base = address.path.removeprefix("/~/") if address.path != "/~" else "."
        version = client.get_transport().remote_version
        self._write_size, self._read_size = (
            (OPENSSH_WRITE, OPENSSH_READ) if "OpenSSH" in version else (REQUEST, REQUEST)
        )

    def place(self, parcel: Parcel, ctx: ExportContext) -> Mapping[str, str]:
        """See ``Store.place``."""
        proof = place_by_renaming(self, parcel, ctx)
        return {**proof, "server key": self._client.get_transport().get_remote_server_key().fingerprint}

    def shown(self, path: str) -> str:
        """See ``Store.shown``."""
        return f"{self._address.shown}/{path}"

    def health(self) -> str:
        """See ``Store.health``."""
        try:
            with self._speaking(""):
                self._sftp.listdir_attr(self._base or "/")
        except NotThere:
            return "the server has its known key and lets us in; the folder is not there yet and will be made"
        return "the server has its known key, lets us in and shows the folder"

    def read(self, path: str) -> Iterator[bytes]:
        """See ``Store.read``."""
        with self._speaking(path), self._sftp.open(self._full(path), "rb") as remote:
            remote.MAX_REQUEST_SIZE = self._read_size
            size, step = remote.stat().st_size or 0, self._read_size
            asked = [(start, min(step, size - start)) for start in range(0, size, step)]
            for first in range(0, len(asked), ASKED_AT_ONCE):
                yield from remote.readv(asked[first : first + ASKED_AT_ONCE])

    def write(self, path: str, item: Item) -> None:
        """See ``Renaming.write``."""
        with item.open() as source, self._speaking(path), self._sftp.open(self._full(path), "wb") as remote:
            remote.MAX_REQUEST_SIZE = self._write_size
            chunk = source.read(self._write_size)
            while chunk:
                after = source.read(self._write_size)
                remote.set_pipelined(bool(after))  # the last write waits for the answers to all of them
                remote.write(chunk)
                chunk = after

    def make_folder(self, path: str) -> None:
        """See ``Renaming.make_folder``."""
        with self._speaking(path):
            self._make(self._full(path))

    def remove(self, path: str) -> None:
        """See ``Renaming.remove``."""
        with suppress(NotThere), self._speaking(path):
            self._remove(self._full(path))

    def exists(self, path: str) -> bool:
        """See ``Renaming.exists``."""
        try:
            with self._speaking(path):
                self._sftp.lstat(self._full(path))
        except NotThere:
            return False
        return True

    def rename(self, old: str, new: str, *, overwrite: bool = False) -> None:
        """See ``Renaming.rename``; plain RENAME fails when the new name is taken, posix-rename replaces it."""
        call = self._sftp.posix_rename if overwrite else self._sftp.rename
        try:
            call(self._full(old), self._full(new))
        except _LOST as error:
            if not self._was_answered(error):
                raise OutcomeUnknown("the connection was lost during the rename", place=self.shown(new)) from None
            if not overwrite and self.exists(new):
                raise taken(self.shown(new)) from None
            if overwrite and not isinstance(error, FileNotFoundError | PermissionError):
                raise _cannot_replace(self.shown(new)) from None
            raise _refused(error, self.shown(new)) from None

    def _full(self, path: str) -> str:
        return f"{self._base}/{path}" if path else self._base or "/"

    def _make(self, full: str) -> None:
        if full in ("", "/", "."):
            return
        try:
            self._sftp.stat(full)
        except FileNotFoundError:
            self._make(full.rpartition("/")[0])
            self._sftp.mkdir(full)

    def _remove(self, full: str) -> None:
        if not stat.S_ISDIR(self._sftp.lstat(full).st_mode):
            self._sftp.remove(full)
            return
        for entry in self._sftp.listdir_attr(full):
            self._remove(f"{full}/{entry.filename}")
        self._sftp.rmdir(full)

    def _was_answered(self, error: BaseException) -> bool:
        """True when the server itself said no; then nothing has happened."""
        if not isinstance(error, OSError) or isinstance(error, TimeoutError):
            return False
        alive = self._client.get_transport().is_active() and not self._sftp.get_channel().closed
        return error.errno in (errno.ENOENT, errno.EACCES) or (error.errno is None and alive)

    @contextmanager
    def _speaking(self, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise NotThere.at(self.shown(path)) from None
        except _LOST as error:
            if self._was_answered(error):
                raise _refused(error, self.shown(path)) from None
            raise _lost(error, self._address) from None


def _load_known_hosts(client: Any, path: Path) -> None:
    hint = "Write the server's line into it: ssh-keyscan -p PORT HOST, after comparing the fingerprint with its owner."
    try:
        marked = any(line.startswith("@") for line in path.read_text("utf-8").splitlines())
        if not marked:
            client.load_host_keys(str(path))
    except (OSError, UnicodeDecodeError, paramiko.hostkeys.InvalidHostKey) as error:
        reason = f"the file with known server keys cannot be read: {type(error).__name__}"
        raise AuthenticationFailed(reason, place=str(path), hint=hint) from None
    if marked:
        raise AuthenticationFailed(
            "the file with known server keys holds @revoked or @cert-authority lines, which are not supported",
            place=str(path),
            hint="Give this server a file of its own.",
        )
    client.set_missing_host_key_policy(_RefuseUnknown())


class _RefuseUnknown:
    """What paramiko calls for a server that known_hosts does not name."""

    def missing_host_key(self, _: Any, hostname: str, key: Any) -> None:
        """Refuse, and say which line is missing."""
        raise AuthenticationFailed(
            "the server's key is not in known_hosts",
            place=hostname,
            hint=f"Ask its owner whether {key.fingerprint} is right; if so, add: {hostname} {key.get_name()} {key.get_base64()}",
        )


def _private_key(text: str | None, passphrase: str | None) -> Any:
    for kind in _KEYS if text else ():
        try:
            return kind.from_private_key(StringIO(text), passphrase)
        except paramiko.PasswordRequiredException:
            raise AuthenticationFailed("the private key needs its passphrase", hint="Add key_passphrase.") from None
        except (paramiko.SSHException, ValueError, TypeError):
            continue
    if text:
        hint = "Is it the private one, whole, in OpenSSH or PEM form, and the passphrase right?"
        raise AuthenticationFailed("the private key cannot be read", hint=hint)
    return None


def _log_in(client: Any, address: Address, login: Mapping[str, Any], timeout: float) -> None:
    port = address.port or PORT
    sock = socket.create_connection((address.host, port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.connect(
            address.host, port, sock=sock, timeout=timeout, banner_timeout=timeout, auth_timeout=timeout,
            channel_timeout=timeout, look_for_keys=False, allow_agent=False, transport_factory=_transport, **login,
        )  # fmt: skip
    except BaseException:
        sock.close()
        raise


def _transport(sock: Any, **more: Any) -> Any:
    made = paramiko.Transport(sock, **more)
    made.get_security_options().ciphers = CIPHERS
    return made


def _open_sftp(client: Any, timeout: float) -> Any:
    channel = client.get_transport().open_session(window_size=WINDOW, max_packet_size=PACKET, timeout=timeout)
    channel.settimeout(timeout)
    channel.invoke_subsystem("sftp")
    return paramiko.SFTPClient(channel)


@contextmanager
def _reaching(address: Address) -> Iterator[None]:
    try:
        yield
    except paramiko.BadHostKeyException as error:
        raise AuthenticationFailed(
            f"the server's key has changed to {error.key.fingerprint}: somebody may be posing as it",
            place=address.shown,
            hint="Ask its owner; only if it was really exchanged, replace its line in known_hosts.",
        ) from None
    except paramiko.AuthenticationException:
        hint = "Check user, and password or key."
        raise AuthenticationFailed("the server does not let us in", place=address.shown, hint=hint) from None
    except _LOST as error:
        raise _lost(error, address) from None


def _lost(error: BaseException, address: Address) -> DeliveryError:
    silent = isinstance(error, TimeoutError)
    reason = "the server was silent for too long" if silent else f"the connection failed: {type(error).__name__}"
    return DeliveryError(reason, place=address.shown, hint="Check that the server is up and the line is.")


def _cannot_replace(place: str) -> DeliveryRefused:
    """Servers without ``posix-rename`` say no more than that it failed."""
    hint = 'Write form = "folder" (swapped by two renames), or leave out on_existing = "replace".'
    return DeliveryRefused("the server cannot replace a file in one step (posix-rename)", place=place, hint=hint)


def _refused(error: BaseException, place: str) -> DeliveryError:
    if isinstance(error, PermissionError):
        return DeliveryError(
            "the server does not allow that there", place=place, hint="Give the account the right to write."
        )
    hint = "Often the disk or the quota there is full."
    return DeliveryError("the server could not do it and did not say why", place=place, hint=hint)
