"""``casepan check --online`` and web addresses: reached, proven, and nothing posted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused
from casepan.operate.setting_up import check_lab_file

from .labs import LabFolder, context, exporter
from .servers import Authority, Server, web_server

Ask = Callable[[str, Path], str]
CHAT = 'channel = { url = { env = "CHAT" }, timeout = "5s" }'


def chat_health(url: str, folder: Path, options: str = CHAT) -> str:
    """What a chat at this address is told to be."""
    with context(folder, secrets={"CHAT": url}) as ctx:
        told: str = exporter("deliver.notify", options).health(ctx)
    return told


def hook_health(url: str, folder: Path, token: str = "a-token") -> str:
    """What a web address for rows is told to be."""
    options = f'webhook = {{ url = "{url}", token = {{ env = "TOKEN" }}, timeout = "5s" }}'
    with context(folder, secrets={"TOKEN": token}) as ctx:
        told: str = exporter("deliver.table", options).health(ctx)
    return told


@pytest.mark.parametrize("ask", [chat_health, hook_health])
def test_an_address_that_answers_is_reached_and_gets_no_post(ask: Ask, web: Server, tmp_path: Path) -> None:
    """Whether it takes a post only a post can tell, and that is said."""
    assert "only a post can tell" in ask(f"http://127.0.0.1:{web.port}/hook", tmp_path)
    assert web.documents() == []


@pytest.mark.parametrize("ask", [chat_health, hook_health])
def test_an_address_where_nobody_listens_is_told_without_the_address(ask: Ask, web: Server, tmp_path: Path) -> None:
    """Whoever knows it can post there."""
    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        ask("http://127.0.0.1:9/secret-sentinel", tmp_path)
    assert caught.value.retryable
    assert "secret-sentinel" not in f"{caught.value}{caught.value.hint}{caught.value.place}"


def test_an_untrusted_certificate_is_refused(authority: Authority, tmp_path: Path) -> None:
    """Trying again does not help; the laboratory's own authority does."""
    server = web_server(tmp_path / "tls", authority)
    server.start()
    url = f"https://127.0.0.1:{server.port}/hook"
    try:
        with pytest.raises(DeliveryRefused, match="certificate is not trusted") as caught:
            chat_health(url, tmp_path)
        told = chat_health(url, tmp_path, CHAT.replace("{ url", f'{{ ca = "{authority.file}", url'))
    finally:
        server.stop()
    assert "`ca`" in (caught.value.hint or "")
    assert "something answers" in told


@pytest.mark.parametrize("token", ["geh\u00e4im-sentinel", "two\nlines-sentinel"])
def test_a_token_that_no_header_holds_is_a_matter_for_a_person(token: str, web: Server, tmp_path: Path) -> None:
    """Not a crash, not an unknown outcome, and not told."""
    with pytest.raises(AuthenticationFailed, match="signs that cannot be sent") as caught:
        hook_health(f"http://127.0.0.1:{web.port}/hook", tmp_path, token)
    assert "sentinel" not in f"{caught.value}{caught.value.hint}"


def test_a_folder_of_tables_has_nothing_to_ask(tmp_path: Path) -> None:
    """Its rights are looked at without ``--online``."""
    with context(tmp_path) as ctx:
        assert "folder" in exporter("deliver.table", 'path = "out"').health(ctx)


def test_the_channel_of_notices_is_asked_as_well(web: Server, lab: LabFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no export, and the laboratory relies on it all the same."""
    adapter = 'with = { notices = { channel = { url = { env = "CASEPAN_TEST_CHAT" } } } }'
    lab.write('use = "core.folder"', adapter=adapter)
    path = lab.root / "lab.toml"
    monkeypatch.setenv("CASEPAN_TEST_PASSWORD", "unused")
    monkeypatch.setenv("CASEPAN_TEST_CHAT", f"http://127.0.0.1:{web.port}/hook")
    (row,) = check_lab_file(path, online=True).health
    assert (row.name, row.ok) == ("deliver.notices", True)
    monkeypatch.setenv("CASEPAN_TEST_CHAT", "http://127.0.0.1:9/hook")
    (row,) = check_lab_file(path, online=True).health
    assert (row.ok, bool(row.hint)) == (False, True)
    assert web.documents() == []
