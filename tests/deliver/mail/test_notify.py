"""Notices and the morning digest: short, without names, once."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import DeliveryError, DeliveryRefused, Desk, Finding, OutcomeUnknown, Patient, Secret, UsageError
from casepan.config.lab import LabTable
from casepan.config.loader import load_lab
from casepan.errors import ConfigError, SecretError
from casepan.running.layout import StateFolder
from casepan.running.observers import context_of
from casepan_deliver.notify import case_notice, digest, send_digest
from casepan_deliver.notify_forms import Notice, Section, as_chat, as_draft

from .labs import SURNAME, LabFolder, a_case, context, deliver, exporter, options
from .servers import Authority, Server, parsed
from .test_smime import decrypted

DAY = date(2026, 1, 31)
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "sections": [
        {"title": "New", "lines": ["26-00417 crown 11, bright", "26-00418 bridge"]},
        {"title": "Late", "lines": []},
    ],
}


def chat(port: int, more: str = "") -> str:
    """A chat channel."""
    return f'channel = {{ url = {{ env = "CHAT" }}, timeout = "2s"{more} }}'


def secrets(port: int) -> dict[str, str]:
    """The chat's address."""
    return {"CHAT": f"http://127.0.0.1:{port}/hook?code=sesame"}


def mail(account: str, more: str = "") -> str:
    """A mail channel."""
    return f'channel = {{ server = {account}, to = ["desk@northside.test"]{more} }}'


@pytest.mark.parametrize(
    ("say", "verdict", "rush", "title"),
    [
        ("auto", "accept", False, "26-00417 is ready"),
        ("auto", "review", False, "26-00417 is held"),
        ("auto", "accept", True, "RUSH: 26-00417"),
        ("held", "accept", True, "26-00417 is held"),
    ],
)
def test_what_is_said_follows_the_checks(
    say: str, verdict: Any, rush: bool, title: str, web: Server, tmp_path: Path
) -> None:
    """Rush first, then what the checks say; or what the lab wants said."""
    case = a_case(tmp_path)
    case = evolve(case, prescription=evolve(case.prescription, rush=rush))
    table = f'{chat(web.port)}\nsay = "{say}"'
    receipt = deliver("deliver.notify", table, case, tmp_path, verdict=verdict, secrets=secrets(web.port))
    (post,) = web.documents()
    assert post["document"]["title"] == title
    assert post["key"] == "k" * 40
    assert "sesame" not in str(receipt.place) + str(receipt.proof)


def test_a_held_case_says_why_and_nobody_is_named(account: str, smtp: Server, tmp_path: Path) -> None:
    """Work, teeth and findings are told; not the patient, the doctor or the notes."""
    deliver("deliver.notify", mail(account), a_case(tmp_path), tmp_path, verdict="review")
    deliver("deliver.notify", mail(account) + '\nsay = "held"', a_case(tmp_path), tmp_path)
    for received in smtp.mails():
        text = received.as_string() + "".join(part.get_content() for part in received.walk() if not part.is_multipart())
        assert SURNAME not in text and "shade" not in text
        assert "crown 11" in text
    assert "the scan has a hole (tooth 11) [mesh.hole]" in text


def test_names_need_an_encrypted_way(account: str, authority: Authority) -> None:
    """``casepan check`` refuses the rest."""
    for table in (mail(account), chat(1, ", insecure = true")):
        with pytest.raises(ConfigError):
            exporter("deliver.notify", f"{table}\nnames = true")
    certificate = authority.for_mail("desk@northside.test")[0]
    assert exporter("deliver.notify", mail(account, f', certificates = ["{certificate}"]') + "\nnames = true")


def test_an_encrypted_notice_may_name_the_patient(
    account: str, smtp: Server, authority: Authority, tmp_path: Path
) -> None:
    """Inside only: the subject is never encrypted."""
    certificate, key = authority.for_mail("desk@northside.test")
    table = mail(account, f', certificates = ["{certificate}"]') + "\nnames = true"
    deliver("deliver.notify", table, a_case(tmp_path), tmp_path)
    (received,) = smtp.mails()
    assert SURNAME not in received.as_string()
    body = parsed(decrypted(received.get_content(), certificate, key)).get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert f"Patient: Ada {SURNAME}" in body.get_content()


HOSTILE = Notice("held", "a <b> & *c*", (Section("Why", ("@channel [x](http://evil) `y` <!here>\nnew", "_z_")),))


def test_chats_get_what_they_understand() -> None:
    """Each service its own form, and nothing of an order formats, links or calls."""
    slack = as_chat(HOSTILE, "slack", "k")["text"]
    assert "<" not in slack.replace("&lt;", "") and "&lt;!here&gt;" in slack and "\nnew" not in slack
    mattermost = as_chat(HOSTILE, "mattermost", "k")["text"]
    assert mattermost.startswith("#### a \\<b\\> & \\*c\\*") and "\\@channel" in mattermost and "\\[x\\]" in mattermost
    teams = as_chat(HOSTILE, "teams", "k")["attachments"][0]
    assert teams["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["type"] for block in teams["content"]["body"]] == ["TextBlock", "TextBlock"]
    plain = as_chat(HOSTILE, "json", "k")
    assert (plain["schema"], plain["event"], plain["key"]) == (1, "held", "k")
    draft = as_draft(HOSTILE)
    assert "<b>" not in (draft.html or "") and "\n" not in draft.subject


@pytest.mark.parametrize("style", ["slack", "mattermost", "teams"])
def test_a_long_notice_ends_with_what_is_left_out(style: str) -> None:
    """Services cut or refuse what is too long."""
    lines = tuple(f"line {number} {'x' * 90}" for number in range(500))
    text = str(as_chat(Notice("digest", "Today", (Section("All", lines),)), style, "k"))
    assert len(text) < 40_000 - 5_000 * (style == "teams")
    left = int(text.partition("… and ")[2].partition(" ")[0])
    assert 0 < left < 500 and f"line {499 - left} " in text and f"line {500 - left} " not in text


@pytest.mark.parametrize("document", [{}, {"schema": 2, "sections": []}, {"schema": 1, "sections": [{"title": "x"}]}])
def test_a_document_that_is_no_digest(document: dict[str, Any]) -> None:
    """Refused by name."""
    with pytest.raises(UsageError):
        digest(document)


@pytest.fixture
def desk(lab: LabFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: Server) -> Any:
    """The context that a lab's digest is sent with."""
    monkeypatch.setenv("CHAT", secrets(web.port)["CHAT"])
    lab.write('use = "core.folder"')
    loaded = load_lab(tmp_path / "lab.toml")
    assert isinstance(loaded.lab, LabTable)
    state = StateFolder(loaded.state)
    state.prepare()
    return context_of(loaded, state, tmp_path, "deliver.notices")


def test_the_digest_of_a_day_is_sent_once(web: Server, desk: Any) -> None:
    """Sections without lines are left out; the next day is another one; ``again`` is a person's wish."""
    channel = options("deliver.notices", chat(web.port))
    assert send_digest(DOCUMENT, channel, desk, day=DAY) == "HTTP 200"
    assert send_digest(DOCUMENT, channel, desk, day=DAY) is None
    assert send_digest(DOCUMENT, channel, desk, day=date(2026, 2, 1)) == "HTTP 200"
    assert send_digest(DOCUMENT, channel, desk, day=date(2026, 2, 1), again=True) == "HTTP 200"
    posts = [post["document"] for post in web.documents()]
    assert [section["title"] for section in posts[0]["sections"]] == ["New"]
    assert len(posts) == 3
    assert posts[0]["key"] != posts[1]["key"] == posts[2]["key"]


def test_a_digest_that_was_not_taken_can_be_sent_again(web: Server, desk: Any) -> None:
    """A certain failure is forgotten, an unknown one asks a person."""
    channel = options("deliver.notices", chat(web.port))
    web.misbehave("503", 1)
    with pytest.raises(DeliveryError, match="503"):
        send_digest(DOCUMENT, channel, desk, day=DAY)
    web.misbehave("hang", 1)
    with pytest.raises(OutcomeUnknown):
        send_digest(DOCUMENT, channel, desk, day=DAY)
    with pytest.raises(OutcomeUnknown, match="nobody can tell"):
        send_digest(DOCUMENT, channel, desk, day=DAY)
    assert send_digest(DOCUMENT, channel, desk, day=DAY, again=True) == "HTTP 200"


def test_a_digest_with_names_needs_the_labs_word(web: Server, desk: Any) -> None:
    """Refused before anything is sent."""
    with pytest.raises(DeliveryRefused, match="names patients"):
        send_digest({**DOCUMENT, "private": True}, options("deliver.notices", chat(web.port)), desk, day=DAY)
    assert not web.documents()
    allowed = options("deliver.notices", f"{chat(web.port)}\nnames = true")
    assert send_digest({**DOCUMENT, "private": True}, allowed, desk, day=DAY)


def test_a_chats_address_must_be_encrypted(tmp_path: Path) -> None:
    """The address is a secret: it is not told, only what is wrong with it."""
    with pytest.raises(DeliveryRefused, match="http:// is not encrypted") as refused:
        url = "http://chat.provider.test/sesame"
        deliver("deliver.notify", chat(1), a_case(tmp_path), tmp_path, secrets={"CHAT": url})
    assert "sesame" not in str(refused.value)


def test_a_missing_secret_leaves_no_doubt(tmp_path: Path) -> None:
    """Nothing was sent, so nobody has to look."""

    def missing(_: Secret) -> str:
        raise SecretError("the environment variable is not set", hint="Set it.")

    with context(tmp_path) as ctx, pytest.raises(DeliveryRefused, match="nothing was sent"):
        ctx.bench.secrets = missing
        exporter("deliver.notify", chat(1)).deliver(a_case(tmp_path), ctx)


def test_a_notice_is_short(tmp_path: Path) -> None:
    """Five findings at most, the worst first."""
    many = tuple(Finding("mesh.hole", "error" if n == 7 else "warning", f"number {n}") for n in range(9))
    notice = case_notice(a_case(tmp_path, findings=many), "held")
    assert len(notice.sections[1].lines) == 5
    assert notice.sections[1].lines[0].startswith("number 7")


@pytest.mark.parametrize("style", ["json", "slack", "teams", "mattermost"])
def test_a_name_with_undecoded_bytes_can_be_told(style: str, web: Server, tmp_path: Path) -> None:
    """They become question marks; the notice arrives, and nobody has to look why not."""
    case = a_case(tmp_path, patient=Patient(name="Zo\udce9 Roe"))
    table = "names = true\n" + chat(web.port, f', style = "{style}"')
    deliver("deliver.notify", table, case, tmp_path, secrets=secrets(web.port))
    (post,) = web.documents()
    assert "Zo? Roe" in str(post["document"]).replace("\\\\", "")


def test_a_mail_with_undecoded_bytes_can_be_sent(account: str, smtp: Server, tmp_path: Path) -> None:
    """In the subject and in the text."""
    case = a_case(tmp_path, desk=Desk(number="Zo\udce9"))
    deliver("deliver.notify", mail(account), case, tmp_path)
    (sent,) = smtp.mails()
    assert "Zo?" in sent["Subject"]
