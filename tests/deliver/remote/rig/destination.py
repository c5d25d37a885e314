"""A server with a folder of its own for one test, and the options that lead there."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from casepan.api import Duration, Secret
from casepan_deliver.remote import RemoteExport
from casepan_deliver.remote_options import RemoteOptions

from .proxy import FaultProxy
from .servers import BUCKET, S3Server, Server
from .serving import ACCESS_KEY, PASSWORD, SECRET_KEY, USER

WriteSecret = Callable[[str, str], Secret]
KINDS = ("sftp", "webdav", "s3")


@frozen
class Destination:
    """One server with a folder of its own on it, reached through a line that can be harmed."""

    kind: str
    box: str
    server: Server
    proxy: FaultProxy
    options: RemoteOptions

    def export(self, **more: Any) -> RemoteExport:
        """The exporter, with some options changed."""
        return RemoteExport(evolve(self.options, **more))

    def content(self) -> dict[str, bytes]:
        """Everything that lies there, path to bytes."""
        if isinstance(self.server, S3Server):
            found = self.server.client().list_objects_v2(Bucket=BUCKET, Prefix=f"{self.box}/").get("Contents", ())
            return {
                item["Key"].removeprefix(f"{self.box}/"): self.server.client()
                .get_object(Bucket=BUCKET, Key=item["Key"])["Body"]
                .read()
                for item in found
            }
        folder = self.server.folder / "content" / self.box
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def put(self, path: str, content: bytes) -> None:
        """Lay something there, past all that is tested."""
        if isinstance(self.server, S3Server):
            self.server.client().put_object(Bucket=BUCKET, Key=f"{self.box}/{path}", Body=content)
            return
        target = self.server.folder / "content" / self.box / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def sftp_options(server: Server, port: int, box: str, write: WriteSecret) -> RemoteOptions:
    """By key."""
    known = (server.folder / "known_hosts").read_text().replace(f":{server.port}", f":{port}")
    return RemoteOptions(
        url=f"sftp://{getpass.getuser()}@127.0.0.1:{port}{server.folder}/content/{box}",
        key=write("user-key", (server.folder / "user").read_text()),
        known_hosts=str(write("known", known).file),  # type: ignore[arg-type]
        timeout=Duration(5.0),
    )


def webdav_options(server: Server, port: int, box: str, write: WriteSecret) -> RemoteOptions:
    """By password."""
    return RemoteOptions(
        url=f"http://127.0.0.1:{port}/{box}/",
        user=USER,
        password=write("password", PASSWORD),
        timeout=Duration(5.0),
    )


def s3_options(server: Server, port: int, box: str, write: WriteSecret) -> RemoteOptions:
    """By access key."""
    return RemoteOptions(
        url=f"s3://{BUCKET}/{box}",
        endpoint=f"http://127.0.0.1:{port}",
        access_key=write("access", ACCESS_KEY),
        secret_key=write("secret", SECRET_KEY),
        timeout=Duration(5.0),
    )
