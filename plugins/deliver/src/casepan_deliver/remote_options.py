"""Options of ``deliver.remote``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from attrs import frozen

from casepan.api import Duration, FilePath, PackingOptions, Secret, option
from casepan_deliver.addresses import Address, parse_address, refuse_readable

SCHEMES = ("sftp", "s3", "https", "http")
NEEDS = {"sftp": "paramiko", "s3": "boto3"}
ONLY = {
    "sftp": ("key", "key_passphrase", "known_hosts"),
    "s3": ("endpoint", "region", "access_key", "secret_key"),
}


@frozen(kw_only=True)
class RemoteOptions(PackingOptions):
    """One server: SFTP, S3 or WebDAV, by the beginning of its address."""

    url: str = option(
        doc="`sftp://user@host:port/folder`, `s3://bucket/prefix`, or `https://host/folder` for WebDAV; "
        "`sftp://host/~/folder` counts from the account's own folder"
    )
    form: Literal["zip", "folder"] = option("zip", "one zip per case, or one folder")
    compress: bool = option(False, "deflate the files of a zip; meshes shrink to about 45 % and take longer")
    user: str | None = option(None, "account (SFTP, WebDAV), if the url does not name it")
    password: Secret | None = option(None, "its password (SFTP, WebDAV)")
    key: Secret | None = option(None, "private key as text, OpenSSH or PEM (SFTP)")
    key_passphrase: Secret | None = option(None, "passphrase of the private key (SFTP)")
    known_hosts: FilePath | None = option(
        None, "file with the server's own key, needed for SFTP: unknown ones are refused"
    )
    endpoint: str | None = option(
        None, "address of an S3 server that is not Amazon's, such as `https://minio.example.com`"
    )
    region: str | None = option(None, "region of the bucket (S3)")
    access_key: Secret | None = option(None, "id of the access key (S3)")
    secret_key: Secret | None = option(None, "the access key itself (S3)")
    ca: FilePath | None = option(None, "certificates (PEM) to trust instead of the system's, for a server of your own")
    timeout: Duration = option(Duration(30.0), "longest silence of the server")
    insecure: bool = option(False, "allow http:// to another machine: everybody on the way can read along")

    def __attrs_post_init__(self) -> None:
        address = self.address
        protocol = self.protocol
        for wanted, names in ONLY.items():
            for name in names if protocol != wanted else ():
                if getattr(self, name) is not None:
                    raise ValueError(f"{name!r} is only for {wanted}:// addresses")
        refuse_readable(address, insecure=self.insecure)
        package = NEEDS.get(protocol)
        if package and find_spec(package) is None:
            raise ValueError(f"{protocol}:// needs {package}: pip install casepan-deliver[{protocol}]")
        {"sftp": self._check_sftp, "s3": self._check_s3, "webdav": self._check_webdav}[protocol]()

    @property
    def address(self) -> Address:
        """The parsed address."""
        return parse_address(self.url, SCHEMES)

    @property
    def protocol(self) -> Literal["sftp", "s3", "webdav"]:
        """What is spoken there."""
        scheme = self.address.scheme
        return "sftp" if scheme == "sftp" else "s3" if scheme == "s3" else "webdav"

    @property
    def account(self) -> str | None:
        """The account's name, from ``user`` or the address."""
        return self.user or self.address.user

    def _check_sftp(self) -> None:
        if self.known_hosts is None:
            raise ValueError("'known_hosts' is needed: without the server's own key anybody could pose as it")
        if self.account is None:
            raise ValueError("'user' is missing: write sftp://user@host, or user")
        if (self.password is None) == (self.key is None):
            raise ValueError("either 'password' or 'key' is needed")
        if self.ca is not None:
            raise ValueError("'ca' is for certificates; an SFTP server proves itself by 'known_hosts'")

    def _check_s3(self) -> None:
        if self.user or self.address.user or self.password:
            raise ValueError("S3 takes 'access_key' and 'secret_key' instead of 'user' and 'password'")
        if self.access_key is None or self.secret_key is None:
            raise ValueError("'access_key' and 'secret_key' are needed")
        if self.endpoint is not None:
            refuse_readable(parse_address(self.endpoint, ("https", "http")), insecure=self.insecure)

    def _check_webdav(self) -> None:
        if (self.account is None) != (self.password is None):
            raise ValueError("'user' and 'password' belong together")
