"""Finding cases by patient: an index of keyed hashes beside the ledger, which without its key says nothing about anybody.

It is caught up when somebody searches, when cases are purged and when the ledger is rebuilt, never while a run records a case.
What it knows comes from the case folders; it may be thrown away at any time.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from casepan.errors import StateError
from casepan.running.durable import FILE_MODE, private_folder, state_error
from casepan.running.facts import NAMED_BY_FOLDER
from casepan.running.intake import CASE_DOCUMENT
from casepan.running.layout import StateFolder
from casepan.running.ledger import Ledger
from casepan.running.ledger.names import Change, NameStore

FOLDER, KEY, INDEX = "names", "key", "index.sqlite"
KEY_BYTES = 32
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters that Unicode does not take apart."""
SPELT_OUT = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
"""Müller, Mueller and Muller are one name here; that a few others meet too does no harm in a search."""


def name_parts(*texts: str | None) -> frozenset[str]:
    """The parts of names in the form in which they compare: without case, accents, punctuation and order."""
    found: set[str] = set()
    for text in texts:
        for word in (text or "").split():
            parts = "".join(sign if sign.isalnum() else " " for sign in _plain(word)).split()
            found |= {*parts, "".join(parts)}
    return frozenset(part for part in found if any(sign.isalpha() for sign in part))


def _plain(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold()).translate(LETTERS)
    text = unicodedata.normalize("NFC", "".join(sign for sign in apart if not unicodedata.combining(sign)))
    for spelt, letter in SPELT_OUT:
        text = text.replace(spelt, letter)
    return text


def find_names(state: StateFolder, ledger: Ledger, text: str) -> tuple[str, ...]:
    """References of the cases whose patient has all the names in a text, in whatever order.

    Raises:
        StateError: the state folder cannot be written.
    """
    with _index(state, ledger) as (store, key):
        wanted = _asked(text)
        return store.refs_with(_hashes(key, wanted)) if wanted else ()


def _asked(text: str) -> frozenset[str]:
    """The parts of a question: of ``O'Brien`` both, not the word that they make together."""
    return name_parts(
        *("".join(sign if sign.isalnum() or unicodedata.combining(sign) else " " for sign in text).split())
    )


def catch_up(state: StateFolder, ledger: Ledger, *, wanted: bool) -> None:
    """Bring the index to the ledger's state, or remove it when the lab does not want one.

    Raises:
        StateError: the state folder cannot be written.
    """
    if not wanted:
        forget_all(state)
        return
    with _index(state, ledger):
        pass


def has_index(state: StateFolder) -> bool:
    """True when somebody has searched here."""
    return (state.root / FOLDER).is_dir()


def forget_all(state: StateFolder) -> None:
    """Remove the index and its key."""
    shutil.rmtree(state.root / FOLDER, ignore_errors=True)


@contextmanager
def _index(state: StateFolder, ledger: Ledger) -> Iterator[tuple[NameStore, bytes]]:
    """The index, caught up; a damaged one, and one whose key is gone, is made anew."""
    folder = private_folder(state.root / FOLDER)
    if not (folder / KEY).is_file():
        (folder / INDEX).unlink(missing_ok=True)
    key = _key(folder / KEY)
    try:
        store = _opened(state, ledger, folder / INDEX, key)
    except StateError:
        (folder / INDEX).unlink(missing_ok=True)
        store = _opened(state, ledger, folder / INDEX, key)
    try:
        yield store, key
    finally:
        store.close()


def _opened(state: StateFolder, ledger: Ledger, path: Path, key: bytes) -> NameStore:
    store = NameStore(path)
    try:
        _take_in(store, state, ledger, key)
    except StateError:
        store.close()
        raise
    return store


def _take_in(store: NameStore, state: StateFolder, ledger: Ledger, key: bytes) -> None:
    identity = ledger.hashed(FOLDER)
    known = store.cursor(identity)
    last, touched = ledger.touched_after(known)
    if last < known:  # the ledger of a back-up: what it tells now was told differently before
        known, (last, touched) = 0, ledger.touched_after(0)
    if known == last:
        return
    store.update(identity, last, _changes(state, touched, key), anew=known == 0)


def _changes(state: StateFolder, touched: Mapping[tuple[str, int], bool], key: bytes) -> Iterator[Change]:
    for (ref, revision), gone in touched.items():
        parts = frozenset() if gone else _names_in(state.case(ref, revision) / CASE_DOCUMENT)
        yield ref, revision, _hashes(key, parts)


def _names_in(document: Path) -> frozenset[str]:
    """Names in a case's document; none when it is gone or damaged, which is not for a search to say."""
    try:
        case: Mapping[str, Any] = json.loads(document.read_bytes())["case"]
        patient: Mapping[str, Any] = case.get("patient") or {}
        names = name_parts(patient.get("name"), patient.get("first"), patient.get("last"))
        by_folder = not names or case["key"]["adapter"] == NAMED_BY_FOLDER
        return names | name_parts(case["key"]["vendor_id"]) if by_folder else names
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def _hashes(key: bytes, parts: Iterable[str]) -> frozenset[str]:
    return frozenset(hmac.new(key, part.encode("utf-8", "surrogateescape"), sha256).hexdigest()[:32] for part in parts)


def _key(path: Path) -> bytes:
    """The key, made once; nobody else on the machine can read it."""
    try:
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            with os.fdopen(handle, "wb") as target:
                target.write(secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise state_error(error, path) from error
    if len(key) != KEY_BYTES:
        hint = "Search again in a moment. If it stays so, remove this file: index and key are made anew."
        raise StateError("the key of the name index is not whole", place=str(path), hint=hint)
    return key
