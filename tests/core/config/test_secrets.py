"""Secrets: fetched from where the reference says, never in a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from casepan.config.lab import Lab, LabTable
from casepan.config.secrets import LARGEST, fetch_secret, secret_file
from casepan.contract.options import Secret
from casepan.errors import SecretError

SENTINEL = "sentinel-secret"


def lab(folder: Path, **secrets: Secret) -> Lab:
    """A lab with named secrets."""
    return Lab(version=1, lab=LabTable("Synthetic Lab"), secrets=secrets, path=folder / "lab.toml")


def test_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value of the variable, untouched."""
    monkeypatch.setenv("CASEPAN_TEST_TOKEN", f" {SENTINEL} ")
    assert fetch_secret(Secret(env="CASEPAN_TEST_TOKEN"), lab(tmp_path)) == f" {SENTINEL} "


@pytest.mark.parametrize("data", [b"sentinel-secret", b"sentinel-secret\n", b"\xef\xbb\xbfsentinel-secret\r\n"])
def test_from_a_file_beside_the_lab(tmp_path: Path, data: bytes) -> None:
    """Relative to lab.toml, without the line end and mark that editors add."""
    (tmp_path / "token").write_bytes(data)
    assert fetch_secret(Secret(file="token"), lab(tmp_path)) == SENTINEL


def test_by_name(tmp_path: Path) -> None:
    """A name leads through the [secrets] table."""
    (tmp_path / "token").write_text(SENTINEL)
    named = lab(tmp_path, portal=Secret(file="token"))
    assert fetch_secret(Secret(secret="portal"), named) == SENTINEL
    assert secret_file(Secret(secret="portal"), named) == tmp_path.resolve() / "token"
    assert secret_file(Secret(env="X"), named) is None
    assert secret_file(Secret(secret="other"), named) is None


@pytest.mark.parametrize(("value", "state"), [(None, "is not set"), ("", "is empty")])
def test_a_variable_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, state: str
) -> None:
    """The variable's name may be told, with what to do."""
    monkeypatch.delenv("CASEPAN_TEST_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("CASEPAN_TEST_TOKEN", value)
    with pytest.raises(SecretError, match=f"the environment variable 'CASEPAN_TEST_TOKEN' {state}") as caught:
        fetch_secret(Secret(env="CASEPAN_TEST_TOKEN"), lab(tmp_path))
    assert caught.value.code == "CP104"
    assert caught.value.hint == "Set it for the account that runs casepan, also for the service."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"sentinel-secret\xff", "is not UTF-8 text"),
        (b"sentinel-secret" * LARGEST, "is too large to be one"),
    ],
)
def test_a_file_that_holds_no_secret(tmp_path: Path, data: bytes | None, reason: str) -> None:
    """Absent, empty, binary and huge files are told without their content or their name in the reason."""
    if data is not None:
        (tmp_path / "token").write_bytes(data)
    with pytest.raises(SecretError, match=reason) as caught:
        fetch_secret(Secret(file="token"), lab(tmp_path))
    assert caught.value.place == str(tmp_path.resolve() / "token")
    assert "token" not in caught.value.reason
    assert SENTINEL not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_name_gets_a_suggestion(tmp_path: Path) -> None:
    """A typo in the reference is told with the names that are there."""
    with pytest.raises(SecretError, match="there is no secret 'portl' in") as caught:
        fetch_secret(Secret(secret="portl"), lab(tmp_path, portal=Secret(env="X")))
    assert caught.value.hint == "Did you mean 'portal'?"
    with pytest.raises(SecretError) as caught:
        fetch_secret(Secret(secret="portal"), lab(tmp_path))
    assert caught.value.hint == 'Add it to [secrets]: portal = { env = "NAME" }.'


def test_names_never_run_in_circles(tmp_path: Path) -> None:
    """A lab made in code may hold what the loader refuses."""
    circle = lab(tmp_path, a=Secret(secret="a"))
    with pytest.raises(SecretError, match="points to another one"):
        fetch_secret(Secret(secret="a"), circle)
    assert secret_file(Secret(secret="a"), circle) is None


def test_an_empty_reference_is_refused(tmp_path: Path) -> None:
    """A reference made in code that names nothing."""
    with pytest.raises(SecretError, match="names nothing"):
        fetch_secret(Secret(), lab(tmp_path))
