"""Servers that run for a whole session, each started when the first test needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import LabFolder
from .servers import PASSWORD, Authority, Server, mail_server, web_server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The test's own certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


def _running(server: Server) -> Iterator[Server]:
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _starttls(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(
        mail_server(tmp_path_factory.mktemp("mail") / "box", authority, "starttls", SMTP_SIZE="3000000")
    )


@pytest.fixture(scope="session")
def _web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(web_server(tmp_path_factory.mktemp("web") / "box"))


@pytest.fixture
def smtp(_starttls: Server) -> Server:
    """A mail server with STARTTLS and one account, its box empty."""
    _starttls.clear()
    return _starttls


@pytest.fixture
def web(_web: Server) -> Server:
    """A web server, nothing posted yet."""
    _web.clear()
    return _web


@pytest.fixture
def account(smtp: Server, authority: Authority) -> str:
    """The table of an account at that mail server."""
    return account_table(smtp.port, authority)


def account_table(port: int, authority: Authority, **more: str) -> str:
    """The table of an account."""
    values = {
        "host": '"127.0.0.1"', "port": str(port), "sender": '"lab@northside.test"', "user": '"lab"',
        "password": '{ env = "PASSWORD" }', "ca": f'"{authority.file}"', "timeout": '"2s"', **more,
    }  # fmt: skip
    return "{ " + ", ".join(f"{key} = {value}" for key, value in values.items() if value) + " }"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabFolder:
    """A laboratory in a temporary folder; the mail account's password is in its environment."""
    monkeypatch.setenv("CASEPAN_TEST_PASSWORD", PASSWORD)
    return LabFolder(tmp_path)
