"""``deliver.notify``: a notice about a case; and the morning digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from casepan.api import (
    Case,
    Context,
    DeliveryError,
    DeliveryRefused,
    ExportContext,
    Finding,
    ObserverContext,
    OutcomeUnknown,
    Receipt,
    UsageError,
)
from casepan_deliver.email_message import account_of, as_it_travels, mail_health, message_id
from casepan_deliver.email_options import MailChannel
from casepan_deliver.email_smtp import send_mail
from casepan_deliver.guarding import before_sending, refuse_open_url
from casepan_deliver.notify_forms import Notice, Section, as_chat, as_draft
from casepan_deliver.notify_options import Channel, ChatChannel, NoticesOptions, NotifyOptions
from casepan_deliver.webhook import post_json, reach

MOST_FINDINGS = 5
DIGEST = "digest"
_TITLES = {"ready": "{case} is ready", "held": "{case} is held", "rush": "RUSH: {case}"}


class Notify:
    """One notice per case. Neither mail nor chat can be asked what arrived."""

    def __init__(self, options: NotifyOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The notice, taken by the mail server or the chat. Raises as ``send_notice``."""
        event = _event(self.options.say, case, ctx)
        notice = case_notice(case, event, names=self.options.names)
        place, answer = send_notice(notice, self.options.channel, ctx, ctx.base, key=ctx.key, may_commit=ctx.fence_ok)
        return Receipt(ctx.key, place, ctx.now(), {"server": answer, "said": event})

    def health(self, ctx: ExportContext) -> str:
        """A sentence when mail server or chat can be reached. Raises as ``channel_health``."""
        return channel_health(self.options.channel, ctx, ctx.base)


def case_notice(case: Case, event: str, *, names: bool = False) -> Notice:
    """What is told about a case: number, work, dates, and the worst findings when it is held.

    Args:
        names: tell the patient's name as well. It never stands in the title.
    """
    called = case.desk.number or case.ref
    lines = tuple(_facts(case, names=names))
    found = tuple(_told(finding) for finding in _worst(case)) if event == "held" else ()
    return Notice(
        event,
        _TITLES[event].format(case=called),
        (Section("", lines), *((Section("What was noticed", found),) if found else ())),
    )


def send_notice(
    notice: Notice, channel: Channel, ctx: Context, base: Path, *, key: str, may_commit: Callable[[], bool]
) -> tuple[str, str]:
    """Send a notice.

    Args:
        base: the folder that relative paths of the channel count from.
        key: the same for every try; mails derive their Message-ID from it, webhooks get it as ``Idempotency-Key``.

    Returns:
        Where it went, and what the server answered. The address of a chat is not told.

    Raises:
        DeliveryError: as ``send_mail`` and ``post_json`` do. FenceLost: another process owns the delivery.
    """
    if isinstance(channel, MailChannel):
        with before_sending():
            mail = as_it_travels(
                ctx, base, channel.server, channel.to, as_draft(notice), key=key, certificates=channel.certificates
            )
            account = account_of(ctx, base, channel.server)
        return message_id(key, channel.server.sender), send_mail(account, channel.to, mail, may_commit)
    with before_sending():
        url = _address(channel, ctx)
    answer = post_json(
        url, as_chat(notice, channel.style, key), headers={"Idempotency-Key": key}, timeout=channel.timeout,
        ca=base / channel.ca if channel.ca else None, may_commit=may_commit,
    )  # fmt: skip
    return f"chat ({channel.style})", answer


def channel_health(channel: Channel, ctx: Context, base: Path) -> str:
    """A sentence when the mail account works, or when something answers at the chat's address; nothing is sent.

    Raises:
        DeliveryError: as ``mail_health`` and ``webhook.reach``. SecretError: a secret is not there.
    """
    if isinstance(channel, MailChannel):
        return mail_health(ctx, base, channel.server, channel.to, channel.certificates)
    ca = base / channel.ca if channel.ca else None
    return reach(_address(channel, ctx), headers={}, timeout=channel.timeout, ca=ca)


def digest(document: Mapping[str, Any]) -> Notice:
    """The notice of a morning digest.

    Args:
        document: ``{"schema": 1, "title": "...", "sections": [{"title": "...", "lines": ["..."]}]}``; the title may be
            left out. Sections without lines are left out.

    Raises:
        UsageError: the document is none, or of a newer schema.
    """
    if document.get("schema") != 1 or not isinstance(document.get("sections"), list):
        raise UsageError("this is no digest that can be sent", hint='It must have "schema": 1 and "sections".')
    try:
        sections = [Section(str(one["title"]), tuple(map(str, one["lines"]))) for one in document["sections"]]
    except (KeyError, TypeError) as error:
        raise UsageError("a section of the digest has no title or no lines") from error
    return Notice(DIGEST, str(document.get("title", "Today")), tuple(one for one in sections if one.lines))


def send_digest(
    document: Mapping[str, Any], options: NoticesOptions, ctx: ObserverContext, *, day: date, again: bool = False
) -> str | None:
    """Send the digest of a day, once.

    Args:
        document: as ``digest`` takes it. ``"private": true`` says that it names patients: then ``names`` must allow it.
        day: in the lab's own zone.
        again: send it also when it was sent, or may have been sent, before.

    Returns:
        What the server answered; None when the digest of that day was sent already.

    Raises:
        DeliveryRefused: it names patients, and that is not allowed. OutcomeUnknown: it may have been sent; ``again`` decides.
        DeliveryError: it was not taken; calling once more tries again.
    """
    if document.get("private") and not options.names:
        raise DeliveryRefused(
            "the digest names patients, and that is not allowed", hint="Leave names out, or set `names = true`."
        )
    notice = digest(document)
    before = ctx.memory.get(DIGEST, {})
    if before.get("day") == day.isoformat() and not again:
        if before.get("state") == "sent":
            return None
        raise OutcomeUnknown("nobody can tell whether the digest of this day arrived", hint="Look, then send it again.")
    ctx.memory[DIGEST] = {"day": day.isoformat(), "state": "sending"}
    key = sha256(f"digest\0{day}\0{options.channel}".encode()).hexdigest()[:40]
    try:
        _, answer = send_notice(notice, options.channel, ctx, ctx.base, key=key, may_commit=lambda: True)
    except OutcomeUnknown:
        raise
    except DeliveryError:
        ctx.memory[DIGEST] = before
        raise
    ctx.memory[DIGEST] = {"day": day.isoformat(), "state": "sent"}
    return answer


def _address(channel: ChatChannel, ctx: Context) -> str:
    url = ctx.secret(channel.url)
    try:
        refuse_open_url(url, insecure=channel.insecure, query=True)
    except ValueError as error:
        raise DeliveryRefused(f"the chat's address cannot be used: {error}", hint="Correct the secret.") from None
    return url


def _event(say: Literal["auto", "ready", "held", "rush"], case: Case, ctx: ExportContext) -> str:
    if say != "auto":
        return say
    if case.prescription.rush:
        return "rush"
    return "held" if ctx.verdict in ("review", "reject") else "ready"


def _facts(case: Case, *, names: bool) -> Iterator[str]:
    order = case.prescription
    if names and (name := case.patient.name or " ".join(filter(None, (case.patient.first, case.patient.last)))):
        yield f"Patient: {name}"
    if case.practice:
        yield f"Practice: {case.practice}"
    if order.items:
        work = (f"{item.kind} {', '.join(map(str, item.teeth))}".strip() for item in order.items)
        yield f"Work: {'; '.join(work)}"
    if due := case.desk.due or order.due:
        yield f"Due: {due.isoformat()}{' (rush)' if order.rush else ''}"
    yield f"Case: {case.ref}{f', revision {case.revision}' if case.revision > 1 else ''}"


def _worst(case: Case) -> list[Finding]:
    asked = [finding for finding in case.findings if finding.severity != "info"]
    return sorted(asked, key=lambda finding: finding.severity != "error")[:MOST_FINDINGS]


def _told(finding: Finding) -> str:
    teeth = f" (tooth {', '.join(map(str, finding.teeth))})" if finding.teeth else ""
    return f"{finding.message}{teeth} [{finding.code}]"
