"""An SFTP server that is not OpenSSH's: by password, and without what only OpenSSH knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from attrs import evolve

from casepan.api import AuthenticationFailed, Case, DeliveryRefused, Duration, FilePath
from casepan_deliver.remote import RemoteExport
from casepan_deliver.remote_options import RemoteOptions

from .conftest import MakeContext
from .rig.destination import WriteSecret
from .rig.other_sftp import ACCOUNT, PASSWORD, OtherServer, other_sftp


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OtherServer]:
    """The server, empty."""
    (tmp_path / "partner").mkdir()
    with other_sftp(tmp_path / "partner") as made:
        yield made


@pytest.fixture
def options(server: OtherServer, tmp_path: Path, write_secret: WriteSecret) -> RemoteOptions:
    """With the right password."""
    (tmp_path / "known").write_text(server.known_hosts)
    return RemoteOptions(
        url=f"sftp://{ACCOUNT}@127.0.0.1:{server.port}/in/cases",
        password=write_secret("password", PASSWORD),
        known_hosts=FilePath("known"),
        timeout=Duration(10.0),
    )


def names(server: OtherServer) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in (server.root / "in" / "cases").iterdir())


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_password_opens_the_door(
    form: Literal["zip", "folder"], server: OtherServer, options: RemoteOptions, case: Case, context: MakeContext
) -> None:
    """Also with signs beyond ASCII; the case arrives proven, and a probe finds it."""
    export = RemoteExport(evolve(options, form=form))
    receipt = export.deliver(case, context())
    assert names(server) == ["K7Q2-M4.zip" if form == "zip" else "K7Q2-M4"]
    found = export.probe(context())
    assert found is not None
    assert found.files == receipt.files
    assert PASSWORD not in f"{receipt}{receipt.proof}"


def test_a_wrong_password_is_asked_once_and_told_nowhere(
    server: OtherServer, options: RemoteOptions, case: Case, context: MakeContext, write_secret: WriteSecret,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Servers lock accounts after some guesses."""
    caplog.set_level("DEBUG")
    wrong = evolve(options, password=write_secret("wrong", "guess-sentinel"))
    with pytest.raises(AuthenticationFailed, match="does not let us in") as caught:
        RemoteExport(wrong).deliver(case, context())
    assert server.asked == 1
    assert not caught.value.retryable
    assert "guess-sentinel" not in caplog.text + str(caught.value)


def test_an_unknown_server_never_sees_the_password(
    server: OtherServer, options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """Whoever poses as the partner gets nothing."""
    (tmp_path / "known").write_text("")
    with pytest.raises(AuthenticationFailed, match="not in known_hosts"):
        RemoteExport(options).deliver(case, context())
    assert server.asked == 0


def test_a_server_that_cannot_replace_in_one_step_is_told(
    server: OtherServer, options: RemoteOptions, case: Case, context: MakeContext
) -> None:
    """Without ``posix-rename`` nothing is swapped by deleting first: what lay there stays whole; a folder can be swapped."""
    server.replaces = False
    RemoteExport(options).deliver(case, context("older"))
    before = (server.root / "in" / "cases" / "K7Q2-M4.zip").read_bytes()
    with pytest.raises(DeliveryRefused, match="cannot replace a file in one step") as caught:
        RemoteExport(options).deliver(case, context("newer", replace=True))
    assert 'form = "folder"' in (caught.value.hint or "")
    assert (server.root / "in" / "cases" / "K7Q2-M4.zip").read_bytes() == before
    folders = RemoteExport(evolve(options, form="folder"))
    folders.deliver(case, context("older"))
    folders.deliver(case, context("newer", replace=True))
    assert folders.probe(context("newer")) is not None


def test_a_server_that_can_replace_does(
    server: OtherServer, options: RemoteOptions, case: Case, context: MakeContext
) -> None:
    """In one step of its own."""
    export = RemoteExport(options)
    export.deliver(case, context("older"))
    export.deliver(case, context("newer", replace=True))
    assert export.probe(context("newer")) is not None
    assert "K7Q2-M4.zip.part" not in names(server)


def test_check_online_logs_in_and_makes_nothing(
    server: OtherServer, options: RemoteOptions, context: MakeContext
) -> None:
    """A folder that is not there yet will be made by the first delivery."""
    assert "will be made" in RemoteExport(options).health(context("", ""))
    assert list(server.root.iterdir()) == []
    (server.root / "in" / "cases").mkdir(parents=True)
    assert "shows the folder" in RemoteExport(options).health(context("", ""))
