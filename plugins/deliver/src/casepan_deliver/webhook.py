"""Posting a small JSON document so that afterwards everybody knows whether it was taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from casepan.api import DeliveryError, FenceLost, OutcomeUnknown
from casepan_deliver.web import REFUSALS, judge, open_client, speaking


def post_json(
    url: str,
    document: Mapping[str, Any],
    *,
    headers: Mapping[str, str],
    timeout: float,
    ca: Path | None,
    may_commit: Callable[[], bool],
    repeatable: bool = False,
) -> str:
    """Post a document; what the server answered.

    Args:
        timeout: seconds, for connecting and for each answer.
        may_commit: asked right before the call.
        repeatable: True when the receiver knows a repeated post by its ``Idempotency-Key``: a lost answer is then only a
            reason to try again.

    Raises:
        DeliveryError: not taken, another try may help. DeliveryRefused: no try will. AuthenticationFailed: 401 or 403.
        OutcomeUnknown: the answer was lost. FenceLost: another process owns the delivery. No error tells the address.
    """
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")  # undecoded bytes of names become "?"
    try:
        with open_client(timeout=timeout, ca=ca, headers=headers) as client:
            if not may_commit():
                raise FenceLost("another process owns this delivery now")
            with speaking(url, lambda: not repeatable):
                answer = client.post(url, content=body, headers={"Content-Type": "application/json"})
            judge(answer, commits=not repeatable)
    except DeliveryError as error:
        raise _without_address(error) from None
    return f"HTTP {answer.status_code}"


def reach(url: str, *, headers: Mapping[str, str], timeout: float, ca: Path | None) -> str:
    """Ask what may be asked there (OPTIONS): that reaches the server, proves it and posts nothing; what it answered.

    Raises:
        AuthenticationFailed: 401, 403 or 407. DeliveryError: it cannot be reached, or fails. No error tells the address.
    """
    try:
        with open_client(timeout=timeout, ca=ca, headers=headers) as client, speaking(url):
            answer = client.request("OPTIONS", url)
        if answer.status_code in REFUSALS or answer.status_code >= 500:
            judge(answer, commits=False)
    except DeliveryError as error:
        raise _without_address(error) from None
    return f"something answers there: HTTP {answer.status_code}; whether it takes a post only a post can tell"


def _without_address(error: DeliveryError) -> DeliveryError:
    """Whoever knows the address of a chat can post there."""
    hint = error.hint or ("Look there, then: casepan deliveries resolve" if isinstance(error, OutcomeUnknown) else None)
    return type(error)(error.reason, hint=hint, retry_after=error.retry_after)
