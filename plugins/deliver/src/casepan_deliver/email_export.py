"""``deliver.email``: the single case file, or the letter to the office, by mail."""

from __future__ import annotations

from pathlib import Path

from casepan.api import (
    Case,
    DeliveryRefused,
    ExportContext,
    Receipt,
    case_seal,
    deliver_zip,
    pack_case,
)
from casepan_deliver.disclosure import tells_name, told_by_package
from casepan_deliver.email_message import Draft, Part, account_of, as_it_travels, mail_health, message_id
from casepan_deliver.email_options import EmailOptions, refuse_bad_addresses
from casepan_deliver.email_smtp import send_mail
from casepan_deliver.guarding import before_sending
from casepan_deliver.letters import letter_draft

_ADVICE = (
    "Put prepare.pseudonymise before this export, give the recipients' `certificates` so that the mail is encrypted, "
    "or send the case with deliver.remote."
)
_TOO_LARGE = (
    "Send the case with deliver.remote or deliver.http, make the scans smaller (prepare.simplify, "
    'scans = "preferred"), or raise `largest` if both servers take it.'
)
_TEXT = "The case {place} is attached: scans, and manifest.json with a checksum of every file.\n"
_GROWTH = 4 / 3 * 78 / 76  # base64, in lines of 76 signs with their ends


class Email:
    """One mail per case. SMTP cannot be asked what arrived: an unknown outcome waits for a person."""

    def __init__(self, options: EmailOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The mail, taken by the server for all recipients.

        Raises:
            DeliveryRefused: it would tell the patient's name for everybody to read, is too large, or has no address.
            DeliveryError: as ``email_smtp.send_mail``.
        """
        given = self.options
        with before_sending():
            to = _recipients(case, given)
            packed = None if given.content == "letter" else self._packed(case, ctx)
            draft = self._letter(case, ctx) if packed is None else self._package(case, ctx, packed)
            if draft is None:
                return Receipt(ctx.key, "", ctx.now(), {"sent": "nothing: no finding is a question to the office"})
            mail = as_it_travels(ctx, ctx.base, given.server, to, draft, key=ctx.key, certificates=given.certificates)
            _refuse_large(len(mail), given.largest)
            account = account_of(ctx, ctx.base, given.server)
        answer = send_mail(account, to, mail, ctx.fence_ok)
        told = {"server": answer, "bytes": str(len(mail)), "encrypted": "S/MIME" if given.certificates else "no"}
        if packed is not None:
            told |= {what: words for what, words in packed.proof.items() if what == "not carried"}
        files = dict(packed.files) if packed is not None else {}
        return Receipt(ctx.key, message_id(ctx.key, given.server.sender), ctx.now(), told, files)

    def health(self, ctx: ExportContext) -> str:
        """A sentence when the account works. Raises as ``mail_health``."""
        given = self.options
        to = () if isinstance(given.to, str) else given.to
        return mail_health(ctx, ctx.base, given.server, to, given.certificates)

    def _letter(self, case: Case, ctx: ExportContext) -> Draft | None:
        draft = letter_draft(case, ctx, language=self.options.language, lab=self.options.lab)
        if draft is not None and not self.options.certificates and tells_name(case, draft.text):
            raise DeliveryRefused("the letter names the patient, and the mail is not encrypted", hint=_ADVICE)
        return draft

    def _packed(self, case: Case, ctx: ExportContext) -> Receipt:
        """The zip below ``ctx.out``, if it may travel like this."""
        given = self.options
        packed = pack_case(case, given)
        reasons = () if given.certificates else told_by_package(case, packed, private=given.private)
        if reasons:
            raise DeliveryRefused(f"the mail may tell who the patient is: {'; '.join(reasons)}", hint=_ADVICE)
        seal = case_seal(case, packed, private=given.private)
        return deliver_zip(ctx, str(ctx.out), packed, seal=seal, compress=True)

    def _package(self, case: Case, ctx: ExportContext, packed: Receipt) -> Draft:
        given, archive = self.options, Path(packed.place)
        _refuse_large(int(archive.stat().st_size * _GROWTH), given.largest)
        words = {"ref": case.ref, "place": ctx.place, "number": case.desk.number or case.ref}
        text = given.text or _TEXT.format(place=ctx.place)
        subject = " ".join(given.subject.format(**words).split())
        return Draft(subject, text, parts=(Part(archive.name, archive.read_bytes()),))


def _recipients(case: Case, given: EmailOptions) -> tuple[str, ...]:
    if not isinstance(given.to, str):
        return given.to
    if case.client is None:
        raise DeliveryRefused(
            "the practice is not known, so there is no address",
            hint="Link it (casepan practices link), then: casepan deliveries resend",
        )
    if not case.client.email:
        raise DeliveryRefused(
            f"practices.toml has no e-mail address for {case.client.id!r}",
            hint="Add `email` there, then: casepan deliveries resend",
        )
    try:
        refuse_bad_addresses((case.client.email,))
    except ValueError as error:
        raise DeliveryRefused(
            f"practices.toml has no usable e-mail address for {case.client.id!r}",
            hint="Correct `email` there, then: casepan deliveries resend",
        ) from error
    return (case.client.email,)


def _refuse_large(size: int, largest: int) -> None:
    if size > largest:
        raise DeliveryRefused(f"the mail has {size:,} bytes as it travels, the limit is {largest:,}", hint=_TOO_LARGE)
