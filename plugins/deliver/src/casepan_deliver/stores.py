"""What the three protocols have in common: a parcel, a place that takes it, and the question whether it is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from attrs import evolve, field, frozen

from casepan.api import (
    AuthenticationFailed,
    Case,
    DeliveryError,
    DeliveryRefused,
    ExportContext,
    FenceLost,
    PackingOptions,
    Receipt,
    Secret,
    case_seal,
    deliver_zip,
    files_of_seal,
    pack_case,
    probe_zip,
    proof_of_seal,
    sealed_files,
)
from casepan_deliver.remote_options import RemoteOptions

MANIFEST = "manifest.json"
CHUNK = 1 << 20
LARGEST_SEAL = 32 << 20


@frozen
class Item:
    """One file to send.

    Attributes:
        name: path in the parcel; the parcel's own name when it is this one file.
        told: what the receipt says besides, of a zip with a case in it.
    """

    name: str = field(repr=False)
    size: int
    sha256: str
    open: Callable[[], BinaryIO] = field(repr=False)
    told: Mapping[str, str] = field(factory=dict)


@frozen
class Parcel:
    """What one delivery sends.

    Attributes:
        name: of the folder, or of the zip with its extension.
        items: the files; the last one of a folder is its seal.
        files: delivered name to SHA-256, for the receipt; told: what it says besides.
    """

    name: str
    items: tuple[Item, ...] = field(repr=False)
    files: Mapping[str, str] = field(repr=False)
    is_folder: bool
    told: Mapping[str, str] = field(factory=dict)


class NotThere(DeliveryError):
    """Nothing lies under that name, or the folder above it is missing."""

    @classmethod
    def at(cls, place: str) -> Self:
        """With the address."""
        return cls("nothing lies there", place=place, hint="Check the path in the url.")


class Store(Protocol):
    """A connection to one server; paths are relative to the address in ``lab.toml``."""

    def read(self, path: str) -> Iterator[bytes]:
        """The bytes of a file. Raises ``NotThere``, also while iterating, or ``DeliveryError``."""

    def place(self, parcel: Parcel, ctx: ExportContext) -> Mapping[str, str]:
        """Put a parcel there, prove every byte, ask the fence and commit; the proof for the receipt.

        Raises:
            DeliveryError: or one of its kinds. FenceLost: another process owns the case.
        """

    def shown(self, path: str) -> str:
        """The address of a path, for receipts; no secret in it."""

    def health(self) -> str:
        """A sentence when the server answers and lets us in. Raises ``DeliveryError``."""


def make_parcel(case: Case, ctx: ExportContext, options: RemoteOptions) -> Parcel:
    """Pack a case; a zip is written below ``ctx.out`` first, because every protocol wants to know its size."""
    packed = pack_case(case, options)
    if options.form == "folder":
        seal = case_seal(case, packed, private=options.private)
        sealed = sealed_files(ctx, packed, seal)
        items = tuple(Item(file.name, file.size, file.sha256, partial(file.open, ctx)) for file in sealed)
        return Parcel(ctx.place, items, {file.name: file.sha256 for file in packed}, is_folder=True, told=seal.proof)
    item = zip_of(case, ctx, options, compress=options.compress)
    return Parcel(item.name, (item,), {file.name: file.sha256 for file in packed}, is_folder=False, told=item.told)


def zip_of(case: Case, ctx: ExportContext, options: PackingOptions, *, compress: bool) -> Item:
    """The single case file, written below ``ctx.out``; equal input gives equal bytes."""
    packed = pack_case(case, options)
    seal = case_seal(case, packed, private=options.private)
    path = Path(deliver_zip(ctx, str(ctx.out / "packed"), packed, seal=seal, compress=compress).place)
    with path.open("rb") as stream:
        digest, size = hash_of(iter(lambda: stream.read(CHUNK), b""))
    return Item(path.name, size, digest, lambda: path.open("rb"), seal.proof)


def hash_of(chunks: Iterator[bytes]) -> tuple[str, int]:
    """SHA-256 and size of what comes."""
    digest, size = sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def find(store: Store, ctx: ExportContext, *, folder: bool) -> Receipt | None:
    """The receipt, if this delivery is there and every byte of it as its seal says; None if it certainly is not."""
    try:
        return _find_folder(store, ctx) if folder else _find_zip(store, ctx)
    except NotThere:
        return None


def _find_folder(store: Store, ctx: ExportContext) -> Receipt | None:
    content = b""
    for chunk in store.read(f"{ctx.place}/{MANIFEST}"):
        content += chunk
        if len(content) > LARGEST_SEAL:
            return None
    try:
        document = json.loads(content)
    except ValueError:
        return None
    files = files_of_seal(document, ctx.key)
    if files is None or any(hash_of(store.read(f"{ctx.place}/{name}"))[0] != wanted for name, wanted in files.items()):
        return None
    proof = {"verified": "found and read back by a probe", **proof_of_seal(document)}
    return Receipt(ctx.key, store.shown(ctx.place), ctx.now(), proof, files)


def _find_zip(store: Store, ctx: ExportContext) -> Receipt | None:
    """Fetched and opened here: only then is it sure that it is whole, and whose it is."""
    folder = ctx.out / "fetched"
    try:
        folder.mkdir(exist_ok=True)
        with (folder / f"{ctx.place}.zip").open("wb") as target:
            for chunk in store.read(f"{ctx.place}.zip"):
                target.write(chunk)
    except OSError as error:
        reason = f"what lies there cannot be fetched: {error.strerror}"
        raise DeliveryError(reason, hint="Free some space in the state folder.") from error
    receipt = probe_zip(ctx, str(folder), seal=MANIFEST)
    return receipt and evolve(receipt, place=store.shown(f"{ctx.place}.zip"))


def ask_fence(ctx: ExportContext) -> None:
    """Right before the call that commits.

    Raises:
        FenceLost: another process owns the case.
    """
    if not ctx.fence_ok():
        raise FenceLost("another process owns this case now")


def taken(place: str) -> DeliveryRefused:
    """Something else lies where the parcel belongs."""
    return DeliveryRefused(
        "something else lies at this place", place=place, hint="Move it away, then: casepan deliveries resend"
    )


def altered(place: str) -> DeliveryError:
    """What lies there is not what was sent."""
    hint = "Check the line and the disk of the server; often the disk or the quota there is full."
    return DeliveryError("a file was not stored as it was sent", place=place, hint=hint)


def secret_of(ctx: ExportContext, reference: Secret | None) -> str | None:
    """The secret behind a reference, None for no reference. Raises ``SecretError`` when it is not there."""
    return None if reference is None else ctx.secret(reference)


def plain_secret(secret: str | None) -> str | None:
    """A key or token as a header can hold it.

    Raises:
        AuthenticationFailed: it has signs that no header has; nothing of it is told.
    """
    if secret is not None and not (secret.isascii() and secret.isprintable()):
        hint = "Was it copied whole, and nothing besides? A header holds plain ASCII signs, and no line end."
        raise AuthenticationFailed("a token or key has signs that cannot be sent", hint=hint)
    return secret
