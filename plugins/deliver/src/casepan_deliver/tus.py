"""Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload): created once, then filled piece by piece.

Where the upload lies is remembered from try to try, so that a later one goes on where the line was cut, and can ask.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from casepan.api import DeliveryError, DeliveryRefused, ExportContext, OutcomeUnknown, Receipt
from casepan_deliver.http_options import HttpOptions
from casepan_deliver.stores import Item, ask_fence
from casepan_deliver.web import judge, shown, speaking

VERSION = {"Tus-Resumable": "1.0.0"}
GONE = (403, 404, 410)
REMEMBERED = timedelta(days=30)
"""An upload that nobody asked about for so long is forgotten."""


def send(client: httpx.Client, options: HttpOptions, item: Item, ctx: ExportContext) -> httpx.Response:
    """Fill the upload, an earlier try's if there is one; the last piece is the commit.

    Raises:
        DeliveryError: or one of its kinds; the next try goes on. FenceLost: another process owns the case.
    """
    kept = _kept(ctx)
    offset = _offset(client, kept["url"]) if kept and kept["sha256"] == item.sha256 else None
    if kept is None or offset is None:
        kept, offset = _create(client, options, item, ctx), 0
    url, answer = kept["url"], None
    with item.open() as source:
        while answer is None or offset < item.size:
            source.seek(offset)
            piece = source.read(options.chunk)
            last = offset + len(piece) == item.size
            if last:
                _keep(ctx, {**kept, "last": True})
                ask_fence(ctx)
            answer = _patch(client, url, offset, piece, last=last)
            offset += len(piece)
    return answer


def find(client: httpx.Client, ctx: ExportContext) -> Receipt | None:
    """The receipt, if the upload that was begun for this delivery is complete; None if it is not, or none was begun.

    Raises:
        OutcomeUnknown: the portal no longer knows an upload whose last piece may have arrived.
    """
    kept = _kept(ctx)
    if kept is None:
        return None
    offset = _offset(client, kept["url"])
    if offset is None and kept["last"]:
        raise OutcomeUnknown("the portal no longer knows the upload, and its last piece may have arrived")
    if offset != kept["size"]:
        return None
    proof = {"verified": "the portal has every byte of the upload"}
    return Receipt(ctx.key, shown(kept["url"]), ctx.now(), proof, {kept["name"]: kept["sha256"]})


def _create(client: httpx.Client, options: HttpOptions, item: Item, ctx: ExportContext) -> dict[str, Any]:
    told = {"filename": item.name, "key": ctx.key, "sha256": item.sha256}
    metadata = ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**VERSION, "Upload-Length": str(item.size), "Upload-Metadata": metadata, "Idempotency-Key": ctx.key}
    with speaking(options.url):
        answer = client.post(options.url, headers=headers)
    judge(answer, commits=False)
    url = urljoin(options.url, answer.headers.get("Location", ""))
    if answer.status_code != httpx.codes.CREATED or urlsplit(url)[:2] != urlsplit(options.url)[:2]:
        hint = "It must answer 201 with a Location on the same server (tus 1.0, creation)."
        raise DeliveryRefused("the portal does not take resumable uploads", place=shown(options.url), hint=hint)
    kept = {"url": url, "name": item.name, "size": item.size, "sha256": item.sha256, "last": False}
    _keep(ctx, kept)
    return kept


def _offset(client: httpx.Client, url: str) -> int | None:
    """How many bytes the portal has, None when it does not know the upload."""
    with speaking(url):
        answer = client.head(url, headers=VERSION)
    if answer.status_code in GONE:
        return None
    judge(answer, commits=False)
    return _told_offset(answer)


def _patch(client: httpx.Client, url: str, offset: int, piece: bytes, *, last: bool) -> httpx.Response:
    headers = {**VERSION, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    with speaking(url, lambda: last):
        answer = client.patch(url, content=piece, headers=headers)
    judge(answer, commits=last)
    if _told_offset(answer) != offset + len(piece):
        raise DeliveryError("the portal took only a part of what was sent", place=shown(url))
    return answer


def _told_offset(answer: httpx.Response) -> int:
    text = answer.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdecimal()):
        raise DeliveryError("the portal does not say how much it has", place=shown(str(answer.request.url)))
    return int(text)


def _kept(ctx: ExportContext) -> dict[str, Any] | None:
    kept = ctx.memory.get(ctx.key)
    return dict(kept) if kept else None


def _keep(ctx: ExportContext, kept: dict[str, Any]) -> None:
    for key, old in list(ctx.memory.items()):
        if ctx.now() - datetime.fromisoformat(old["at"]) > REMEMBERED:
            del ctx.memory[key]
    ctx.memory[ctx.key] = {**kept, "at": ctx.now().isoformat()}
