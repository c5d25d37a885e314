"""Addresses of destinations: what may stand in ``url``, and why some kinds are refused."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import frozen

REFUSED = {
    "ftp": "plain FTP sends the password and the patient's data readable for everybody on the way: use sftp://",
    "ftps": "FTP over TLS has no rename that is sure not to overwrite, and many of its servers check no key: use sftp://",
    "smb": "a Windows share is mounted by the operating system: mount it and use core.folder",
    "file": "a folder is written by core.folder",
    "webdav": "write https:// for WebDAV",
    "davs": "write https:// for WebDAV",
}


@frozen
class Address:
    """A parsed ``url``.

    Attributes:
        path: without a slash at its end; empty for the root.
    """

    scheme: str
    host: str
    port: int | None
    user: str | None
    path: str

    @property
    def is_loopback(self) -> bool:
        """True for this machine itself, where nothing travels over a net."""
        return is_loopback(self.host)

    @property
    def shown(self) -> str:
        """The address for receipts and messages; it never holds a secret."""
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{user}{host}{port}{self.path}"


def is_loopback(host: str) -> bool:
    """True for names and addresses of this machine itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def parse_address(url: str, schemes: tuple[str, ...]) -> Address:
    """The parts of an address.

    Raises:
        ValueError: it is none, of a kind that is refused, or holds what belongs elsewhere; in words for ``lab.toml``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the url cannot be read: write it like sftp://mill.example.com/in") from None
    if parts.scheme in REFUSED:
        raise ValueError(REFUSED[parts.scheme])
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"the url must begin with {' or '.join(f'{name}://' for name in schemes)} and name a server")
    _refuse_secrets(parts)
    return Address(parts.scheme, parts.hostname, port, parts.username, unquote(parts.path).rstrip("/"))


def _refuse_secrets(parts: SplitResult) -> None:
    """A password or a signed query in lab.toml would end up in backups and screenshots."""
    if parts.password is not None:
        raise ValueError('a password does not belong into the url: write password = { env = "NAME" }')
    if parts.query or parts.fragment:
        raise ValueError("the url must end with the path: a query or fragment is not taken")


def refuse_readable(address: Address, *, insecure: bool) -> None:
    """Refuse unencrypted addresses of other machines.

    Raises:
        ValueError: everybody on the way could read along, and ``insecure`` does not allow it.
    """
    if address.scheme == "http" and not address.is_loopback and not insecure:
        raise ValueError("http:// is not encrypted: write https://, or insecure = true if nobody else is on that net")
