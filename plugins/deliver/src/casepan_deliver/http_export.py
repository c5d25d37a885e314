"""``deliver.http``: one zip per case to the lab's own portal, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from casepan.api import Case, DeliveryError, ExportContext, OutcomeUnknown, Receipt
from casepan_deliver import http_ways, tus
from casepan_deliver.guarding import before_sending
from casepan_deliver.http_options import HttpOptions
from casepan_deliver.stores import Item, plain_secret, secret_of, zip_of
from casepan_deliver.web import REFUSALS, judge, open_client, shown, speaking

ABSENT = (httpx.codes.NOT_FOUND, httpx.codes.GONE)


class HttpExport:
    """Ask if the portal can be asked, send with the delivery's key as ``Idempotency-Key``, keep what it answers."""

    def __init__(self, options: HttpOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The case to the portal.

        Raises:
            DeliveryError: or one of its kinds. FenceLost: another process owns the case.
        """
        with before_sending(), self._client(ctx) as client:
            with suppress(OutcomeUnknown):  # whoever calls for a delivery has settled that
                if self.options.can_ask and (present := self._find(client, ctx)):
                    return present
            item = zip_of(case, ctx, self.options, compress=self.options.compress)
            way = tus.send if self.options.way == "tus" else http_ways.WAYS[self.options.way]
            answer = way(client, self.options, item, ctx)
            place = shown(urljoin(str(answer.request.url), answer.headers.get("Location", "")))
            return Receipt(ctx.key, place, ctx.now(), {**_proof(answer, item), **item.told}, {item.name: item.sha256})

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the portal names this delivery; None if it says that it has not got it.

        Raises:
            OutcomeUnknown: the portal cannot be asked at all. DeliveryError: it cannot now.
        """
        if not self.options.can_ask:
            hint = "Look there, then: casepan deliveries resolve. With `probe` casepan could ask by itself."
            raise OutcomeUnknown("nobody can tell whether it arrived: this portal cannot be asked", hint=hint)
        with before_sending(), self._client(ctx) as client:
            return self._find(client, ctx)

    def health(self, ctx: ExportContext) -> str:
        """A sentence when the portal answers and lets us in. Raises ``DeliveryError``."""
        with self._client(ctx) as client:
            if self.options.probe is not None:
                self._ask(client, self.options.probe, "casepan-check")
                return "the portal answers questions for deliveries"
            url = self.options.url.format(name="casepan-check", key="casepan-check")
            with speaking(url):
                answer = client.request("OPTIONS", url)
            if answer.status_code in REFUSALS or answer.status_code >= 500:
                judge(answer, commits=False)
            return f"the portal answers: HTTP {answer.status_code}"

    def _find(self, client: httpx.Client, ctx: ExportContext) -> Receipt | None:
        if self.options.probe is None:
            return tus.find(client, ctx)
        place = self._ask(client, self.options.probe, ctx.key)
        return (
            None if place is None else Receipt(ctx.key, place, ctx.now(), {"verified": "the portal names the delivery"})
        )

    def _ask(self, client: httpx.Client, url: str, key: str) -> str | None:
        """Where the portal has a delivery, None when it certainly has not."""
        url = url.format(key=quote(key, safe=""))
        with speaking(url):
            answer = client.get(url, headers={"Accept": "application/json"})
        if answer.status_code in ABSENT:
            return None
        judge(answer, commits=False)
        try:
            document = answer.json()
        except ValueError:
            hint = "It must answer 404, or JSON that holds the key."
            raise DeliveryError("the portal answers the probe with something else than JSON", hint=hint) from None
        return shown(url) if _names(document, key) else None

    @contextmanager
    def _client(self, ctx: ExportContext) -> Iterator[httpx.Client]:
        options = self.options
        headers, password = {}, secret_of(ctx, options.password)
        token = plain_secret(secret_of(ctx, options.token))
        if token is not None:
            bearer = options.token_header.lower() == "authorization"
            headers[options.token_header] = f"Bearer {token}" if bearer else token
        auth = httpx.BasicAuth(options.user, password) if options.user is not None and password is not None else None
        ca = ctx.base / options.ca if options.ca else None
        with open_client(timeout=options.timeout, ca=ca, auth=auth, headers=headers) as client:
            yield client


def _names(document: Any, key: str) -> bool:
    """True when a value anywhere in a JSON document is the key."""
    if isinstance(document, Mapping):
        return any(_names(value, key) for value in document.values())
    return any(_names(value, key) for value in document) if isinstance(document, list) else document == key


def _proof(answer: httpx.Response, item: Item) -> Mapping[str, str]:
    """What the portal said.

    Raises:
        OutcomeUnknown: it says that it has something else.
    """
    proof = {"verified": f"the portal answered HTTP {answer.status_code}"}
    try:
        document = answer.json()
    except ValueError:
        return proof
    if not isinstance(document, Mapping):
        return proof
    told = document.get("sha256")
    if told is not None and str(told).lower() != item.sha256:
        raise OutcomeUnknown(
            "the portal says that it has another content", hint="Look there, then: casepan deliveries resolve"
        )
    if told is not None:
        proof["verified"] = "the portal answered with the same sha256"
    if isinstance(document.get("id"), str | int):
        proof["id"] = str(document["id"])
    return proof
