"""The ways into a portal in one request: a form, a PUT, a PUT to an address that the portal signs first."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from casepan.api import DeliveryRefused, ExportContext
from casepan_deliver.addresses import parse_address, refuse_readable
from casepan_deliver.http_options import HttpOptions
from casepan_deliver.stores import Item, ask_fence, taken
from casepan_deliver.web import Watched, judge, open_client, shown, speaking

Way = Callable[[httpx.Client, HttpOptions, Item, ExportContext], httpx.Response]


def send_multipart(client: httpx.Client, options: HttpOptions, item: Item, ctx: ExportContext) -> httpx.Response:
    """One POST with the file and the fields ``key``, ``name`` and ``sha256``. Raises as ``judge`` and ``speaking``."""
    fields = {**options.fields, "key": ctx.key, "name": item.name, "sha256": item.sha256}
    with item.open() as source:
        body: Any = Watched(source, item.size)
        ask_fence(ctx)
        with speaking(options.url, lambda: body.ended):
            answer = client.post(
                options.url,
                data=fields,
                files={options.field: (item.name, body, "application/zip")},
                headers={"Idempotency-Key": ctx.key},
            )
    judge(answer, commits=True)
    return answer


def send_put(client: httpx.Client, options: HttpOptions, item: Item, ctx: ExportContext) -> httpx.Response:
    """One PUT, refused by the portal when something lies there and may not be replaced."""
    url = options.url.format(name=item.name, key=ctx.key)
    headers = {"Idempotency-Key": ctx.key, **_described(item)}
    if not ctx.replace:
        headers["If-None-Match"] = "*"
    return _put(client, url, headers, item, ctx)


def send_presigned(client: httpx.Client, options: HttpOptions, item: Item, ctx: ExportContext) -> httpx.Response:
    """Ask the portal where to; the signed address gets the file without our token, and is kept nowhere."""
    wish = {"key": ctx.key, "name": item.name, "size": item.size, "sha256": item.sha256}
    with speaking(options.url):
        answer = client.post(options.url, json=wish, headers={"Idempotency-Key": ctx.key})
    judge(answer, commits=False)
    url, headers = _signed(answer, options)
    ca = ctx.base / options.ca if options.ca else None
    with open_client(timeout=options.timeout, ca=ca) as bare:
        return _put(bare, url, {"Content-Type": "application/zip", **headers}, item, ctx)


def _put(client: httpx.Client, url: str, headers: Mapping[str, str], item: Item, ctx: ExportContext) -> httpx.Response:
    with item.open() as source:
        body = Watched(source, item.size)
        ask_fence(ctx)
        with speaking(url, lambda: body.ended):
            answer = client.put(url, content=body, headers={**headers, "Content-Length": str(item.size)})
    if answer.status_code == httpx.codes.PRECONDITION_FAILED:
        raise taken(shown(url))
    judge(answer, commits=True)
    return answer


def _described(item: Item) -> dict[str, str]:
    """Type and checksum of the content (RFC 9530)."""
    digest = b64encode(bytes.fromhex(item.sha256)).decode()
    return {"Content-Type": "application/zip", "Content-Digest": f"sha-256=:{digest}:"}


def _signed(answer: httpx.Response, options: HttpOptions) -> tuple[str, dict[str, str]]:
    """The address in ``url`` and the headers in ``headers`` of the portal's JSON.

    Raises:
        DeliveryRefused: there is none, or it is not encrypted.
    """
    hint = 'It must answer JSON: {"url": "https://…", "headers": {…}}.'
    try:
        document = answer.json()
        url, headers = str(document["url"]), dict(document.get("headers") or {})
        refuse_readable(parse_address(url.partition("?")[0], ("https", "http")), insecure=options.insecure)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DeliveryRefused("the portal gave no address to send to", place=shown(options.url), hint=hint) from None
    return url, {str(name): str(value) for name, value in headers.items()}


WAYS: Mapping[str, Way] = {"multipart": send_multipart, "put": send_put, "presigned": send_presigned}
