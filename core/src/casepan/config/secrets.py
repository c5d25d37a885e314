"""Secrets behind references. The value goes to the stage that asked and nowhere else: no message ever holds it."""

from __future__ import annotations

import os
from pathlib import Path

from casepan.config.lab import Lab
from casepan.config.suggest import did_you_mean
from casepan.contract.options import Secret
from casepan.errors import SecretError

LARGEST = 65_536
"""Bytes of a secret file; a larger one is something else."""


def fetch_secret(reference: Secret, lab: Lab) -> str:
    """The secret behind ``{ env = }``, ``{ file = }`` (without its last line end) or ``{ secret = }``.

    Raises:
        SecretError: the name is not in ``[secrets]``, the variable is not set, the file cannot be read; or it is empty.
    """
    if reference.secret is not None:
        return fetch_secret(_named(reference.secret, lab), lab)
    if reference.env is not None:
        return _from_environment(reference.env)
    if reference.file is not None:
        return _from_file(lab.base / reference.file)
    raise SecretError("the reference names nothing", hint='Write { env = "NAME" } or { file = "PATH" }.')


def secret_file(reference: Secret, lab: Lab) -> Path | None:
    """The file that a reference ends in, None for an environment variable or an unknown name."""
    if reference.secret is not None:
        named = lab.secrets.get(reference.secret)
        return secret_file(named, lab) if named is not None and named.secret is None else None
    return lab.base / reference.file if reference.file is not None else None


def _named(name: str, lab: Lab) -> Secret:
    named = lab.secrets.get(name)
    if named is None:
        hint = did_you_mean(name, lab.secrets) or f'Add it to [secrets]: {name} = {{ env = "NAME" }}.'
        raise SecretError(f"there is no secret {name!r} in [secrets]", hint=hint)
    if (
        named.secret is not None
    ):  # the loader refuses it; a lab made in code may still hold it, and could run in circles
        raise SecretError(
            f"the secret {name!r} points to another one", hint='Write { env = "NAME" } or { file = "PATH" }.'
        )
    return named


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        state = "is not set" if value is None else "is empty"
        hint = "Set it for the account that runs casepan, also for the service."
        raise SecretError(f"the environment variable {name!r} {state}", hint=hint)
    return value


def _from_file(path: Path) -> str:
    hint = "Write the secret, and nothing else, into that file."
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise SecretError(f"the secret's file cannot be read: {error.strerror}", place=str(path), hint=hint) from None
    if len(data) > LARGEST:
        raise SecretError("the secret's file is too large to be one", place=str(path), hint=hint)
    try:
        value = data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretError("the secret's file is not UTF-8 text", place=str(path), hint=hint) from None
    if not value:
        raise SecretError("the secret's file is empty", place=str(path), hint=hint)
    return value
