"""``deliver.notices``: tells at once when a delivery failed for good or something lies in quarantine.

What is to be told is written down before it is sent, so a mail server that is away delays a notice and loses none. Five tries
with growing pauses, then it is dropped with a line in the log: ``casepan today`` shows the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from casepan.api import DeliveryError, Event, ObserverContext, OutcomeUnknown
from casepan_deliver.notify import channel_health, send_digest, send_notice
from casepan_deliver.notify_forms import Notice, Section
from casepan_deliver.notify_options import NoticesOptions

WAITING = "waiting"
MOST_WAITING = 200
MOST_TRIES = 5
FIRST_PAUSE = timedelta(minutes=1)
_KINDS = {
    "delivery.stuck": "failed",
    "arrival.quarantined": "quarantine",
    "case.quarantined": "quarantine",
}


class Notices:
    """An observer; it runs in a thread of its own and may take its time."""

    def __init__(self, options: NoticesOptions) -> None:
        self.options = options

    def observe(self, events: Sequence[Event], ctx: ObserverContext) -> None:
        """Write down what is to be told, and tell all that waits."""
        wanted = [event for event in events if _KINDS.get(event.kind) in self.options.tell]
        waiting: dict[str, Any] = ctx.memory.get(WAITING) or {"lines": [], "tries": 0, "not_before": None}
        if wanted:
            lines = [*waiting["lines"], *map(_line, wanted)][-MOST_WAITING:]
            waiting = {**waiting, "lines": lines}
            ctx.memory[WAITING] = waiting
        if waiting["lines"] and _is_due(waiting, ctx.now()):
            self._tell(waiting, ctx)

    def health(self, ctx: ObserverContext) -> str:
        """A sentence when mail server or chat can be reached. Raises as ``channel_health``."""
        return channel_health(self.options.channel, ctx, ctx.base)

    def digest(
        self, document: Mapping[str, Any], ctx: ObserverContext, *, day: date, again: bool = False
    ) -> str | None:
        """What ``casepan today --send`` calls. As ``send_digest``."""
        return send_digest(document, self.options, ctx, day=day, again=again)

    def _tell(self, waiting: dict[str, Any], ctx: ObserverContext) -> None:
        lines = tuple(waiting["lines"])
        count = f"{len(lines)} things need" if len(lines) > 1 else "something needs"
        notice = Notice("failed", f"casepan: {count} a person", (Section("", lines),))
        key = sha256("\n".join(lines).encode()).hexdigest()[:40]
        try:
            send_notice(notice, self.options.channel, ctx, ctx.base, key=key, may_commit=lambda: True)
        except OutcomeUnknown:
            ctx.log.warning("nobody can tell whether a notice arrived")
        except DeliveryError as error:
            ctx.memory[WAITING] = self._later(waiting, error, ctx)
            return
        ctx.memory[WAITING] = None

    def _later(self, waiting: dict[str, Any], error: DeliveryError, ctx: ObserverContext) -> dict[str, Any] | None:
        tries = waiting["tries"] + 1
        if tries >= MOST_TRIES or not error.retryable:
            ctx.log.error("a notice was not sent: %s [%s]", error.reason, error.code)
            return None
        ctx.log.warning("a notice could not be sent yet: %s [%s]", error.reason, error.code)
        return {**waiting, "tries": tries, "not_before": (ctx.now() + FIRST_PAUSE * 2 ** (tries - 1)).isoformat()}


def _is_due(waiting: dict[str, Any], now: datetime) -> bool:
    return waiting["not_before"] is None or now >= datetime.fromisoformat(waiting["not_before"])


def _line(event: Event) -> str:
    """One line without names; the event's own detail has none."""
    code = f" [{event.detail['code']}]" if event.detail.get("code") else ""
    if event.kind == "arrival.quarantined":
        return f"{event.at}: an arrival could not be processed{code}. Look: casepan quarantine list"
    if event.kind == "case.quarantined":
        return f"{event.at}: {event.ref} could not be processed{code}. Look: casepan quarantine list"
    what = "nobody can tell whether it arrived" if event.detail.get("state") == "unknown" else "failed for good"
    return (
        f"{event.at}: {event.ref}, delivery {event.detail.get('export')!r}: {what}{code}. Look: casepan deliveries list"
    )
