"""Mails as a server gets them: whole, encrypted on the way, without names."""

from __future__ import annotations

import io
import json
import socket
import threading
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import (
    AuthenticationFailed,
    CasepanError,
    ConfigError,
    DeliveryError,
    DeliveryRefused,
    FenceLost,
    OutcomeUnknown,
    Practice,
    Prescription,
)

from .conftest import account_table
from .labs import (
    SURNAME,
    LabFolder,
    a_case,
    context,
    deliver,
    exporter,
    pseudonymised,
    with_large_scan,
    with_letter,
    with_order_form,
)
from .servers import PASSWORD, Authority, Line, Server, mail_server

TO = 'to = ["mill@partner.test"]'


def table(account: str, *more: str) -> str:
    """Options of ``deliver.email``."""
    return "\n".join((f"server = {account}", *(more or (TO,))))


def part(mail: EmailMessage, kind: str) -> Any:
    """The one part of a kind."""
    (found,) = [one for one in mail.walk() if one.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    return found.get_content()


def test_the_package_arrives_whole_and_nameless(account: str, smtp: Server, tmp_path: Path) -> None:
    """The zip is readable with its manifest; neither a header nor the text names the patient; the way was encrypted."""
    receipt = deliver("deliver.email", table(account), a_case(tmp_path), tmp_path)
    (mail,) = smtp.mails()
    (envelope,) = smtp.documents()
    with zipfile.ZipFile(io.BytesIO(part(mail, "application/zip"))) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("manifest.json"))["key"] == receipt.key
        assert archive.read("K7Q2-M4-upper-arch.stl") == b"upper" * 99
    assert (mail["Subject"], mail["Message-ID"]) == ("Case K7Q2-M4", receipt.place)
    assert (envelope["to"], envelope["tls"]) == (["mill@partner.test"], True)
    assert receipt.proof["server"] == "250 2.0.0"
    assert SURNAME not in mail.as_string()


def test_equal_deliveries_have_one_message_id(account: str, smtp: Server, tmp_path: Path) -> None:
    """A receiving server can know a repeated mail again; another delivery has another id."""
    case = a_case(tmp_path)
    for key in ("a", "a", "b"):
        deliver("deliver.email", table(account), case, tmp_path, key=key)
    first, second, third = (mail["Message-ID"] for mail in smtp.mails())
    assert first == second != third
    assert first.endswith("@northside.test>")


def test_implicit_tls(authority: Authority, tmp_path: Path) -> None:
    """The other way of encryption, from the first byte."""
    server = mail_server(tmp_path / "box", authority, "tls")
    server.start()
    try:
        account = account_table(server.port, authority, security='"tls"')
        deliver("deliver.email", table(account), a_case(tmp_path), tmp_path)
        assert [mail["To"] for mail in server.mails()] == ["mill@partner.test"]
    finally:
        server.stop()


def test_a_plain_server_of_this_machine(authority: Authority, tmp_path: Path) -> None:
    """Loopback may be plain; a server without STARTTLS is refused by an account that wants it."""
    server = mail_server(tmp_path / "box", authority, "none")
    server.start()
    try:
        plain = account_table(server.port, authority, security='"none"')
        deliver("deliver.email", table(plain), a_case(tmp_path), tmp_path)
        assert len(server.mails()) == 1
        with pytest.raises(DeliveryRefused, match="does not offer STARTTLS"):
            deliver("deliver.email", table(account_table(server.port, authority)), a_case(tmp_path), tmp_path)
    finally:
        server.stop()


NOT_SENT = [
    ('sender = "no address"', "is not an e-mail address"),
    ('sender = "lab@northside.test\\nBcc: all@x"', "is not an e-mail address"),
    ('security = "none"', "for everybody to read"),
    ('user = "lab"', "belong together"),
]


@pytest.mark.parametrize(("line", "reason"), NOT_SENT)
def test_accounts_that_cannot_be_right_are_refused_at_once(line: str, reason: str) -> None:
    """``casepan check`` says so before anything runs."""
    server = {"host": '"mail.provider.test"', "sender": '"lab@northside.test"'}
    key, _, value = line.partition(" = ")
    written = ", ".join(f"{name} = {text}" for name, text in {**server, key: value}.items())
    with pytest.raises(ConfigError) as refused:
        exporter("deliver.email", table(f"{{ {written} }}"))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "line", ["to = []", 'to = ["a@b", "no"]', f'{TO}\nsubject = "{{patient}}"', f'{TO}\nsubject = "{{"']
)
def test_options_that_cannot_be_right_are_refused_at_once(line: str, account: str) -> None:
    """Nobody to write to, a bad address, and a subject that would name the patient."""
    with pytest.raises(ConfigError):
        exporter("deliver.email", table(account, line))


def test_the_subject_is_the_labs(account: str, smtp: Server, tmp_path: Path) -> None:
    """With the lab's own number."""
    more = ('subject = "Fräsauftrag {number}"', 'text = "Bitte fräsen."')
    deliver("deliver.email", table(account, TO, *more), a_case(tmp_path), tmp_path)
    (mail,) = smtp.mails()
    assert mail["Subject"] == "Fräsauftrag 26-00417"
    assert part(mail, "text/plain").strip() == "Bitte fräsen."


def test_a_number_of_two_lines_adds_no_header(account: str, smtp: Server, tmp_path: Path) -> None:
    """Whatever was typed as the case's number, the subject is one line."""
    case = evolve(a_case(tmp_path), desk=evolve(a_case(tmp_path).desk, number="17\r\nBcc: thief@x.test"))
    deliver("deliver.email", table(account, TO, 'subject = "Case {number}"'), case, tmp_path)
    (mail,) = smtp.mails()
    assert (mail["Subject"], mail["Bcc"]) == ("Case 17 Bcc: thief@x.test", None)


def test_files_of_the_sender_travel_only_encrypted(account: str, smtp: Server, tmp_path: Path) -> None:
    """The head of a mesh may name the patient; the refusal says why and what to do."""
    with pytest.raises(DeliveryRefused, match="2 files are as the sender wrote them") as refused:
        deliver("deliver.email", table(account), a_case(tmp_path, store="source"), tmp_path)
    assert "prepare.pseudonymise" in (refused.value.hint or "")
    assert not smtp.mails()


@pytest.mark.parametrize("line", ["private = true", "attachments = true"])
def test_names_travel_only_encrypted(line: str, account: str, smtp: Server, tmp_path: Path) -> None:
    """A manifest with names, and the sender's own documents."""
    with pytest.raises(DeliveryRefused, match="may tell who the patient is"):
        deliver("deliver.email", table(account, TO, line), with_order_form(a_case(tmp_path), tmp_path), tmp_path)
    assert not smtp.mails()


def test_a_file_name_may_tell_as_well(account: str, tmp_path: Path) -> None:
    """A name that the lab itself gave, written otherwise."""
    case = a_case(tmp_path)
    named = evolve(case, scans=(evolve(case.scans[0], name="SENTINÉLOVA upper.stl"), case.scans[1]))
    with pytest.raises(DeliveryRefused, match="file name"):
        deliver("deliver.email", table(account), named, tmp_path)


def test_a_pseudonymised_case_may_travel(account: str, smtp: Server, tmp_path: Path) -> None:
    """The pseudonym is no name, also in the manifest."""
    case = pseudonymised(a_case(tmp_path, store="source"))
    deliver("deliver.email", table(account, TO, "private = true"), case, tmp_path)
    assert len(smtp.mails()) == 1


def test_a_mail_that_is_too_large_is_refused_for_good(account: str, tmp_path: Path) -> None:
    """Counted after base64; the remedy names the other ways."""
    with pytest.raises(DeliveryRefused, match="the limit is 1,000") as refused:
        deliver("deliver.email", table(account, TO, 'largest = "1kB"'), a_case(tmp_path), tmp_path)
    assert "deliver.remote" in (refused.value.hint or "")


def test_the_servers_own_limit_counts_too(account: str, smtp: Server, tmp_path: Path) -> None:
    """It is asked before the mail is sent; the zip itself would just fit, in base64 it does not."""
    case = with_large_scan(a_case(tmp_path), tmp_path, 2_300_000)
    with pytest.raises(DeliveryRefused, match="the server takes 3,000,000"):
        deliver("deliver.email", table(account), case, tmp_path)
    assert not smtp.mails()


def test_the_letter_goes_to_the_practice_in_its_language(account: str, smtp: Server, tmp_path: Path) -> None:
    """Text and page say the same, in German, with the order's number and without the patient."""
    more = ('to = "practice"', 'content = "letter"', 'lab = "Northside & Co"')
    deliver("deliver.email", table(account, *more), with_letter(a_case(tmp_path)), tmp_path)
    (mail,) = smtp.mails()
    assert mail["To"] == "office@practice.test"
    assert mail["Subject"].startswith("Fall R-77: ")
    text, page = part(mail, "text/plain"), part(mail, "text/html")
    assert "1. **" in text and "<ol>" in page and "Northside &amp; Co" in page
    assert not any(SURNAME in said for said in (text, page, mail.as_string()))


def test_a_reference_that_is_a_name_stays_at_home(account: str, smtp: Server, tmp_path: Path) -> None:
    """Some offices number their orders by the patient: then the case's own ref is used."""
    case = with_letter(a_case(tmp_path, prescription=Prescription(reference=f"{SURNAME.upper()}_2")))
    deliver("deliver.email", table(account, TO, 'content = "letter"'), case, tmp_path)
    (mail,) = smtp.mails()
    assert "K7Q2-M4" in mail["Subject"]
    assert SURNAME.casefold() not in part(mail, "text/plain").casefold()


def test_nothing_to_ask_is_no_mail(account: str, smtp: Server, tmp_path: Path) -> None:
    """The receipt says so."""
    case = evolve(a_case(tmp_path), findings=())
    receipt = deliver("deliver.email", table(account, TO, 'content = "letter"'), case, tmp_path)
    assert receipt.proof["sent"].startswith("nothing")
    assert not smtp.mails()


CLIENTS = [(None, "not known"), (Practice("bright"), "no e-mail address"), (Practice("bright", email="x\ny"), "usable")]


@pytest.mark.parametrize(("client", "reason"), CLIENTS)
def test_a_practice_without_an_address(client: Practice | None, reason: str, account: str, tmp_path: Path) -> None:
    """Refused with what to do; the lab can send again once it knows."""
    case = with_letter(a_case(tmp_path, client=client))
    with pytest.raises(DeliveryRefused, match=reason) as refused:
        deliver("deliver.email", table(account, 'to = "practice"', 'content = "letter"'), case, tmp_path)
    assert "casepan deliveries resend" in (refused.value.hint or "")


def test_a_language_without_texts(account: str, tmp_path: Path) -> None:
    """Nothing was sent, and that is said."""
    with pytest.raises(DeliveryRefused, match="nothing was sent"):
        more = (TO, 'content = "letter"', 'language = "tlh"')
        deliver("deliver.email", table(account, *more), with_letter(a_case(tmp_path)), tmp_path)


def test_all_recipients_or_none(account: str, smtp: Server, tmp_path: Path) -> None:
    """One unknown address, and nobody gets half a delivery."""
    with pytest.raises(DeliveryRefused, match=r"550 5\.1\.1"):
        deliver("deliver.email", table(account, 'to = ["a@x.test", "nobody@x.test"]'), a_case(tmp_path), tmp_path)
    assert not smtp.mails()


ANSWERS = [
    ("busy", DeliveryError, "451 4.7.1", 0),
    ("full", DeliveryRefused, "552 5.2.2", 0),
    ("full-now", DeliveryError, "452 4.3.1", 0),
    ("policy", DeliveryRefused, "554 5.7.1", 0),
    ("mumbles", OutcomeUnknown, "cannot be understood", 0),
    ("lost", OutcomeUnknown, "after the whole mail was sent", 1),
    ("hang", OutcomeUnknown, "after the whole mail was sent", 1),
]


@pytest.mark.parametrize(("do", "kind", "reason", "copies"), ANSWERS)
def test_what_a_server_answers_decides_what_is_known(
    do: str, kind: type[CasepanError], reason: str, copies: int, account: str, smtp: Server, tmp_path: Path
) -> None:
    """4yz may be tried again, 5yz not, and only a lost answer leaves doubt."""
    smtp.misbehave(do)
    with pytest.raises(kind, match=reason) as failed:
        deliver("deliver.email", table(account), a_case(tmp_path), tmp_path)
    assert type(failed.value) is kind
    assert len(smtp.mails()) == copies


def test_a_line_cut_in_the_middle_left_nothing(smtp: Server, authority: Authority, tmp_path: Path) -> None:
    """The dot that ends a mail was not sent yet: another try is safe."""
    case = with_large_scan(a_case(tmp_path), tmp_path, 2_000_000)
    line = Line(smtp.port, after=100_000)
    with pytest.raises(DeliveryError) as failed:
        deliver("deliver.email", table(account_table(line.port, authority)), case, tmp_path)
    line.close()
    assert type(failed.value) is DeliveryError
    assert not smtp.mails()


def test_a_server_that_is_not_there(authority: Authority, tmp_path: Path) -> None:
    """Tried again."""
    line = Line(1)
    line.close()
    with pytest.raises(DeliveryError, match="cannot be reached") as failed:
        deliver("deliver.email", table(account_table(line.port, authority)), a_case(tmp_path), tmp_path)
    assert failed.value.retryable


def test_a_certificate_that_is_not_trusted(smtp: Server, authority: Authority, tmp_path: Path) -> None:
    """The system does not know the test's authority, and neither password nor mail leaves."""
    with pytest.raises(DeliveryRefused, match="certificate is not trusted"):
        deliver("deliver.email", table(account_table(smtp.port, authority, ca="")), a_case(tmp_path), tmp_path)
    assert not smtp.mails()


def test_a_certificate_file_that_is_none(smtp: Server, authority: Authority, tmp_path: Path) -> None:
    """Refused before a line is opened."""
    (tmp_path / "ca.pem").write_text("x")
    with pytest.raises(DeliveryRefused, match="certificates cannot be read"):
        account = account_table(smtp.port, authority, ca='"ca.pem"')
        deliver("deliver.email", table(account), a_case(tmp_path), tmp_path)


def test_a_wrong_password_is_not_repeated_anywhere(account: str, smtp: Server, tmp_path: Path) -> None:
    """Trying again would lock the account; no message holds what was sent."""
    wrong = "wrong-sentinel"
    with pytest.raises(AuthenticationFailed, match="535") as failed:
        deliver("deliver.email", table(account), a_case(tmp_path), tmp_path, secrets={"PASSWORD": wrong})
    assert wrong not in repr(failed.value) and PASSWORD not in repr(failed.value)
    assert failed.value.__cause__ is None
    assert not smtp.mails()


def test_whoever_lost_the_case_sends_nothing(account: str, smtp: Server, tmp_path: Path) -> None:
    """The fence is asked before the dot that would make the mail the server's."""
    asked = []

    def lost_at_last() -> bool:
        asked.append(len(smtp.mails()))
        return len(asked) < 2

    with pytest.raises(FenceLost), context(tmp_path, fence_ok=lost_at_last) as ctx:
        exporter("deliver.email", table(account)).deliver(a_case(tmp_path), ctx)
    assert asked == [0, 0]
    assert not smtp.mails()


def asked(stage: str, options: str, folder: Path, **more: Any) -> str:
    """What ``casepan check --online`` hears."""
    with context(folder, **more) as ctx:
        answer: str = exporter(stage, options).health(ctx)
    return answer


def test_check_online_logs_in_and_sends_nothing(
    account: str, smtp: Server, authority: Authority, tmp_path: Path
) -> None:
    """Account and certificates are looked at."""
    assert "lets the account in" in asked("deliver.email", table(account), tmp_path)
    channel = f'channel = {{ server = {account}, to = ["a@x.test"] }}'
    assert "lets the account in" in asked("deliver.notify", channel, tmp_path)
    with pytest.raises(AuthenticationFailed):
        asked("deliver.email", table(account), tmp_path, secrets={"PASSWORD": "wrong"})
    certificate = authority.for_mail("other@x.test")[0]
    with pytest.raises(DeliveryRefused, match="has no certificate"):
        asked("deliver.email", table(account, TO, f'certificates = ["{certificate}"]'), tmp_path)
    assert not smtp.mails()


def test_a_whole_run_mails_no_name(
    smtp: Server, authority: Authority, lab: LabFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folder, file heads and file names all had it; the mail, unpacked, has not."""
    monkeypatch.setenv("PASSWORD", PASSWORD)
    lab.write(f'use = "deliver.email"\nwith = {{ server = {account_table(smtp.port, authority)}, {TO} }}')
    lab.drop()
    lab.run()
    assert lab.delivery().state == "sent"
    (mail,) = smtp.mails()
    with zipfile.ZipFile(io.BytesIO(part(mail, "application/zip"))) as archive:
        names = archive.namelist()
        content = b"".join(archive.read(name) for name in names)
    assert len(names) == 4
    assert SURNAME.casefold().encode() not in content.lower() + " ".join((mail.as_string(), *names)).lower().encode()


def test_a_password_beyond_ascii_logs_in(authority: Authority, tmp_path: Path) -> None:
    """As UTF-8 (RFC 4616); a wrong one is refused and told nowhere."""
    password = "Z\u00e4hne \u4e0a hunter2"
    server = mail_server(tmp_path / "own", authority, "starttls", SMTP_PASSWORD=password)
    server.start()
    try:
        options = table(account_table(server.port, authority))
        assert "lets the account in" in asked("deliver.email", options, tmp_path, secrets={"PASSWORD": password})
        with pytest.raises(AuthenticationFailed) as caught:
            asked("deliver.email", options, tmp_path, secrets={"PASSWORD": "Z\u00e4hne guess"})
    finally:
        server.stop()
    assert "guess" not in f"{caught.value}{caught.value.hint}"


def test_a_port_that_is_no_mail_server_is_told(account: str, smtp: Server, tmp_path: Path) -> None:
    """It says something that no mail server begins with: tried again, with what to look at."""

    def babble(listening: socket.socket) -> None:
        with listening.accept()[0] as line:
            line.sendall(b"\x00\x01 welcome\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=babble, args=(listening,))
        thread.start()
        elsewhere = account.replace(str(smtp.port), str(listening.getsockname()[1]))
        with pytest.raises(DeliveryError, match="no mail server") as caught:
            asked("deliver.email", table(elsewhere), tmp_path)
        thread.join()
    assert caught.value.retryable
    assert "`port`" in (caught.value.hint or "")
