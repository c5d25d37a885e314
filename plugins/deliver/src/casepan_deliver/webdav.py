"""WebDAV by httpx: PUT beside the place, GET to prove, MOVE as the commit (RFC 4918)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from casepan.api import DeliveryRefused, ExportContext
from casepan_deliver.remote_options import RemoteOptions
from casepan_deliver.renaming import place_by_renaming
from casepan_deliver.stores import CHUNK, Item, NotThere, Parcel, secret_of, taken
from casepan_deliver.web import Watched, judge, open_client, speaking

MULTI_STATUS = 207
EXISTS = 405
"""MKCOL's answer where something is already (RFC 4918, 9.3.1)."""


@contextmanager
def connect(options: RemoteOptions, ctx: ExportContext) -> Iterator[WebdavStore]:
    """A client for the address. Nothing is asked yet."""
    password = secret_of(ctx, options.password)
    auth = httpx.BasicAuth(options.account, password) if options.account and password is not None else None
    ca = ctx.base / options.ca if options.ca else None
    with open_client(timeout=options.timeout, ca=ca, auth=auth) as client:
        address = options.address
        host = f"[{address.host}]" if ":" in address.host else address.host
        port = f":{address.port}" if address.port else ""
        yield WebdavStore(client, f"{address.scheme}://{host}{port}", address.path)


class WebdavStore:
    """A folder of a WebDAV server. Implements ``Store`` and ``Renaming``."""

    def __init__(self, client: httpx.Client, server: str, base: str) -> None:
        self._client = client
        self._server = server
        self._base = base

    def place(self, parcel: Parcel, ctx: ExportContext) -> Mapping[str, str]:
        """See ``Store.place``."""
        return place_by_renaming(self, parcel, ctx)

    def shown(self, path: str) -> str:
        """See ``Store.shown``."""
        return f"{self._server}{self._base}/{path}"

    def health(self) -> str:
        """See ``Store.health``."""
        if not self.exists(""):
            return "the server lets us in; the folder is not there yet and will be made"
        return "the server lets us in and shows the folder"

    def read(self, path: str) -> Iterator[bytes]:
        """See ``Store.read``."""
        url = self._url(path)
        with speaking(url), self._client.stream("GET", url) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise NotThere.at(self.shown(path))
            judge(answer, commits=False)
            yield from answer.iter_raw(CHUNK)

    def write(self, path: str, item: Item) -> None:
        """See ``Renaming.write``."""
        with item.open() as source:
            content = Watched(source, item.size)
            self._ask("PUT", path, content=content, headers={"Content-Length": str(item.size)})

    def make_folder(self, path: str) -> None:
        """See ``Renaming.make_folder``."""
        parts = self._base.strip("/").split("/") + ([*path.split("/")] if path else [])
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if folder:
                self._request("MKCOL", f"{self._server}/{quote(folder)}/", fine=(EXISTS,))

    def remove(self, path: str) -> None:
        """See ``Renaming.remove``."""
        self._ask("DELETE", path, fine=(httpx.codes.NOT_FOUND,))

    def exists(self, path: str) -> bool:
        """See ``Renaming.exists``."""
        fine = (MULTI_STATUS, httpx.codes.NOT_FOUND)
        answer = self._ask("PROPFIND", path, headers={"Depth": "0"}, fine=fine)
        if answer.status_code not in fine:
            hint = "Check the url: it must be the server's WebDAV address, not that of its pages."
            raise DeliveryRefused("what answers there does not speak WebDAV", place=self.shown(path), hint=hint)
        return answer.status_code == MULTI_STATUS

    def rename(self, old: str, new: str, *, overwrite: bool = False) -> None:
        """See ``Renaming.rename``."""
        headers = {"Destination": self._url(new), "Overwrite": "T" if overwrite else "F"}
        url = self._url(old)
        with speaking(url, maybe_taken=lambda: True):
            answer = self._client.request("MOVE", url, headers=headers)
        if answer.status_code == httpx.codes.PRECONDITION_FAILED:
            raise taken(self.shown(new))
        if answer.status_code in (httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.NOT_IMPLEMENTED):
            hint = "Ask whoever runs it to allow MOVE: without it nothing can be there whole at once."
            raise DeliveryRefused("the server cannot rename (MOVE)", place=self.shown(new), hint=hint)
        judge(answer, commits=True)

    def _url(self, path: str) -> str:
        return f"{self._server}{quote(f'{self._base}/{path}' if path else self._base or '/')}"

    def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        return self._request(method, self._url(path), **more)  # type: ignore[arg-type]

    def _request(
        self,
        method: str,
        url: str,
        *,
        fine: tuple[int, ...] = (),
        headers: Mapping[str, str] | None = None,
        content: Watched | None = None,
    ) -> httpx.Response:
        with speaking(url):
            answer = self._client.request(method, url, headers=headers, content=content)
        if answer.status_code not in fine:
            judge(answer, commits=False)
        return answer
