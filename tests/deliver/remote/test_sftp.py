"""SFTP: the server has to prove itself, and keys and passwords are never shown."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from casepan.api import AuthenticationFailed, Case, DeliveryError, DeliveryRefused, Duration, FilePath, Secret
from casepan_deliver.remote import RemoteExport
from casepan_deliver.remote_options import RemoteOptions

from .conftest import MakeContext
from .rig.destination import WriteSecret, sftp_options
from .rig.servers import Server, free_port


@pytest.fixture
def options(sftp_server: Server, tmp_path: Path, write_secret: WriteSecret) -> RemoteOptions:
    """Straight to the server."""
    return sftp_options(sftp_server, sftp_server.port, tmp_path.name, write_secret)


def refusal(options: RemoteOptions, case: Case, context: MakeContext) -> AuthenticationFailed:
    """What a delivery is refused with."""
    with pytest.raises(AuthenticationFailed) as caught:
        RemoteExport(options).deliver(case, context())
    return caught.value


def test_an_unknown_server_is_refused_with_the_line_that_is_missing(
    options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path, sftp_server: Server
) -> None:
    """The hint names fingerprint and line; adding that line is enough."""
    (tmp_path / "known").write_text("")
    error = refusal(options, case, context)
    assert "not in known_hosts" in error.reason
    assert "SHA256:" in str(error.hint)
    (tmp_path / "known").write_text(str(error.hint).partition("add: ")[2] + "\n")
    assert RemoteExport(options).deliver(case, context()).proof["server key"].startswith("SHA256:")


def test_a_changed_server_key_is_refused(
    options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path, sftp_server: Server
) -> None:
    """Somebody may be posing as the server: nothing is sent, whatever the credentials."""
    other = " ".join((sftp_server.folder / "other.pub").read_text().split()[:2])
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sftp_server.port} {other}\n")
    assert "has changed" in refusal(options, case, context).reason
    assert not (sftp_server.folder / "content" / tmp_path.name).exists()


def test_a_hashed_known_hosts_file_is_fine(
    options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """As ``ssh-keygen -H`` writes it."""
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(tmp_path / "known")], check=True, capture_output=True)
    assert b"127.0.0.1" not in (tmp_path / "known").read_bytes()
    assert RemoteExport(options).deliver(case, context()).files


@pytest.mark.parametrize("line", ["@revoked", "@cert-authority"])
def test_markers_that_would_be_ignored_are_refused(
    line: str, options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """A revoked key must not be taken because nobody reads the mark."""
    known = tmp_path / "known"
    known.write_text(f"{known.read_text()}{line} {known.read_text()}")
    assert "not supported" in refusal(options, case, context).reason


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"example.com ssh-ed25519 no-base64"])
def test_a_known_hosts_file_that_is_none_is_refused(
    content: bytes | None, options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """Missing, not text, or damaged: with the advice how to make one."""
    if content is not None:
        (tmp_path / "odd").write_bytes(content)
    error = refusal(evolve(options, known_hosts=FilePath("odd")), case, context)
    assert "cannot be read" in error.reason
    assert "ssh-keyscan" in str(error.hint)


@pytest.mark.parametrize(("kind", "passphrase"), [("rsa", ""), ("ecdsa", ""), ("ed25519", "open Sesame")])
def test_keys_of_every_kind_open_the_door(
    kind: str, passphrase: str, options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path,
    sftp_server: Server, write_secret: WriteSecret,
) -> None:  # fmt: skip
    """RSA, ECDSA and a key behind a passphrase."""
    path = tmp_path / "mine"
    size = ["-b", "2048"] if kind == "rsa" else []
    command = ["ssh-keygen", "-q", "-t", kind, *size, "-N", passphrase, "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    authorized = sftp_server.folder / "authorized"
    authorized.write_text(authorized.read_text() + path.with_suffix(".pub").read_text())
    options = evolve(options, key=Secret(file="mine"))
    if passphrase:
        assert "passphrase" in refusal(options, case, context).reason
        wrong = evolve(options, key_passphrase=write_secret("wrong", "close Sesame"))
        assert "cannot be read" in refusal(wrong, case, context).reason
        options = evolve(options, key_passphrase=write_secret("right", passphrase))
    assert RemoteExport(options).deliver(case, context()).files


def test_something_else_than_a_key_is_refused_without_being_shown(
    options: RemoteOptions, case: Case, context: MakeContext, write_secret: WriteSecret
) -> None:
    """The message does not quote it."""
    error = refusal(evolve(options, key=write_secret("odd", "Sentinella is no key")), case, context)
    assert "cannot be read" in error.reason
    assert "Sentinella" not in str(error)


def test_a_server_without_passwords_refuses_one(
    options: RemoteOptions, case: Case, context: MakeContext, write_secret: WriteSecret
) -> None:
    """Keys of this account or of an agent are never tried instead."""
    wrong = evolve(options, key=None, password=write_secret("password", "guess"))
    assert "does not let us in" in refusal(wrong, case, context).reason


def test_a_server_that_says_nothing_is_given_up(
    options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """A port that answers no word of SSH ends with the time limit, and may be tried again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_options = evolve(
            options, url=f"sftp://mill@127.0.0.1:{silent.getsockname()[1]}/in", timeout=Duration(0.2)
        )
        with pytest.raises(DeliveryError) as caught:
            RemoteExport(silent_options).deliver(case, context())
    assert caught.value.retryable
    with pytest.raises(DeliveryError, match="connection failed"):
        RemoteExport(evolve(options, url=f"sftp://mill@127.0.0.1:{free_port()}/in")).deliver(case, context())


def test_a_server_of_another_protocol_is_told(options: RemoteOptions, case: Case, context: MakeContext) -> None:
    """A web server behind the port is no SSH server."""

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 20)
            connection.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        wrong = evolve(options, url=f"sftp://mill@127.0.0.1:{server.getsockname()[1]}/in", timeout=Duration(2.0))
        with pytest.raises(DeliveryError, match="connection"):
            RemoteExport(wrong).deliver(case, context())
        thread.join()


def test_a_folder_that_may_not_be_written_is_told(options: RemoteOptions, case: Case, context: MakeContext) -> None:
    """What the server refuses certainly did not happen, and can be mended."""
    with pytest.raises(DeliveryError) as caught:
        RemoteExport(evolve(options, url=options.url.partition("/content")[0] + "/user/in")).deliver(case, context())
    assert caught.value.retryable
    assert caught.value.hint


def test_a_path_may_count_from_the_accounts_own_folder(
    options: RemoteOptions, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """``/~/`` is the folder that SFTP starts in."""
    server = options.address
    home = (
        Path(pwd.getpwuid(os.getuid()).pw_dir) / f".casepan-test-{tmp_path.name}"
    )  # the account's, whatever HOME says
    url = f"sftp://{server.user}@127.0.0.1:{server.port}/~/{home.name}"
    try:
        RemoteExport(evolve(options, url=url)).deliver(case, context())
        assert [path.name for path in home.iterdir()] == ["K7Q2-M4.zip"]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_small_requests_for_servers_that_are_not_openssh(
    options: RemoteOptions, case: Case, context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size that every server takes gives the same bytes."""
    for name in ("OPENSSH_WRITE", "OPENSSH_READ"):
        monkeypatch.setattr(f"casepan_deliver.sftp.{name}", 32_768)
    assert RemoteExport(evolve(options, form="folder")).deliver(case, context()).files


def test_without_paramiko_the_remedy_is_told(
    options: RemoteOptions, case: Case, context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In ``casepan check`` already, and again if it goes away later."""
    found: Callable[[str], object] = lambda name: None  # noqa: E731
    monkeypatch.setattr("casepan_deliver.remote_options.find_spec", found)
    with pytest.raises(ValueError, match=r"pip install casepan-deliver\[sftp\]"):
        evolve(options, timeout=Duration(1.0))

    def absent(name: str) -> None:
        raise ModuleNotFoundError(name="paramiko")

    monkeypatch.setattr("casepan_deliver.remote.import_module", absent)
    with pytest.raises(DeliveryRefused) as caught:
        RemoteExport(options).deliver(case, context())
    assert caught.value.hint == "pip install casepan-deliver[sftp]"
