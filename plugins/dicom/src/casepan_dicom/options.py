"""Options of the exporters ``dicom.stl`` and ``dicom.obj``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from attrs import Attribute, frozen

from casepan.api import Duration, FilePath, FolderPath, Secret, option


def _is_ae_title(_: object, attribute: Attribute[str], value: str) -> None:
    if not re.fullmatch(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?", value):
        raise ValueError(f"{attribute.name} {value!r}: an AE title has 1 to 16 plain signs, no backslash (PS3.5 6.2)")


def _is_address(_: object, attribute: Attribute[str], value: str) -> None:
    parts = urlsplit(value)
    if not value:
        return
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{attribute.name} must begin with https:// (or http:// on this machine) and name a server")
    if parts.password is not None or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{attribute.name} holds only server and path: user and password have options of their own")


def is_loopback(host: str) -> bool:
    """True for names and addresses of this machine itself, where nothing travels over a net."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@frozen
class DicomOptions:
    """Where models go and what they say."""

    to: Literal["folder", "stow-rs", "c-store"] = option(
        "folder", "files in a folder, or a DICOM archive by this service"
    )
    path: FolderPath = option(FolderPath("out/dicom"), "for `folder`: folder that gets one study folder per case")
    private: bool = option(False, "write patient and doctor; else the case's ref stands for the patient")
    url: str = option("", "for `stow-rs`: root of the archive's DICOMweb service", validator=_is_address)
    user: str = option("", "for `stow-rs`: name to sign in with (HTTP Basic)")
    password: Secret | None = option(None, "for `stow-rs`: its password")
    token: Secret | None = option(None, "for `stow-rs`: a bearer token instead of name and password")
    ca: FilePath | None = option(None, "certificates (PEM) that sign the archive's own, for `stow-rs` and `tls`")
    insecure: bool = option(
        False, "allow http:// and c-store without TLS to other machines: everybody on that net can read it"
    )
    host: str = option("", "for `c-store`: the archive's name or address")
    port: int = option(104, "for `c-store`: its port", minimum=1)
    called: str = option("ARCHIVE", "for `c-store`: the archive's AE title", validator=_is_ae_title)
    calling: str = option(
        "CASEPAN", "for `c-store`: casepan's AE title, as the archive knows it", validator=_is_ae_title
    )
    tls: bool = option(False, "for `c-store`: encrypt the association")
    timeout: Duration = option(Duration(60.0), "longest silence of the archive before the delivery is given up")

    def __attrs_post_init__(self) -> None:
        if self.to == "stow-rs":
            self._check_web()
        if self.to == "c-store" and not self.host:
            raise ValueError("c-store needs `host`: the archive's name or address")
        if self.to == "c-store" and not (self.tls or self.insecure or is_loopback(self.host)):
            raise ValueError(
                "c-store without TLS is not encrypted: tls = true, or insecure = true if nobody else is on that net"
            )

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        if not self.private:
            yield "patient and doctor (`private = false`)"
        if self.to != "folder":
            yield "names of files: an archive knows objects by their identifiers"

    def _check_web(self) -> None:
        parts = urlsplit(self.url)
        if not self.url:
            raise ValueError("stow-rs needs `url`: the root of the archive's DICOMweb service")
        if parts.scheme == "http" and not (self.insecure or is_loopback(parts.hostname or "")):
            raise ValueError(
                "http:// is not encrypted: write https://, or insecure = true if nobody else is on that net"
            )
        if self.token and (self.user or self.password):
            raise ValueError("either `token`, or `user` and `password`")
        if bool(self.user) != bool(self.password):
            raise ValueError("`user` and `password` belong together")
