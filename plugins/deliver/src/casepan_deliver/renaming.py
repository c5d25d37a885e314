"""Placing a parcel where the server can rename: written beside its place, read back, and renamed. The rename is the delivery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Protocol

from casepan.api import DeliveryError, ExportContext
from casepan_deliver.stores import Item, Parcel, altered, ask_fence, hash_of, taken


class Renaming(Protocol):
    """A store that can rename. Paths are relative to its address; every method may raise ``DeliveryError``."""

    def read(self, path: str) -> Iterator[bytes]:
        """The bytes of a file."""

    def write(self, path: str, item: Item) -> None:
        """Write a file, over whatever an earlier try left."""

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it; one that is there is fine."""

    def remove(self, path: str) -> None:
        """Remove a file or a whole folder; nothing there is fine."""

    def exists(self, path: str) -> bool:
        """True when something lies there."""

    def rename(self, old: str, new: str, *, overwrite: bool = False) -> None:
        """Rename in one call of the server.

        Raises:
            DeliveryRefused: something lies there and may not be overwritten. OutcomeUnknown: the answer was lost.
        """

    def shown(self, path: str) -> str:
        """The address of a path."""


def place_by_renaming(store: Renaming, parcel: Parcel, ctx: ExportContext) -> Mapping[str, str]:
    """Write ``NAME.part``, read every byte back, ask the fence, rename; the proof for the receipt.

    Raises:
        DeliveryError: or one of its kinds. FenceLost: another process owns the case.
    """
    part = f"{parcel.name}.part"
    store.remove(part)
    for folder in _folders(part, parcel):
        store.make_folder(folder)
    for item in parcel.items:
        path = f"{part}/{item.name}" if parcel.is_folder else part
        store.write(path, item)
        if hash_of(store.read(path)) != (item.sha256, item.size):
            raise altered(store.shown(path))
    _commit(store, part, parcel, ctx)
    return {"verified": "size and sha256 read back"}


def _folders(part: str, parcel: Parcel) -> list[str]:
    if not parcel.is_folder:
        return [""]
    inner = {item.name.rpartition("/")[0] for item in parcel.items}
    return [part, *sorted(f"{part}/{folder}" for folder in inner if folder)]


def _commit(store: Renaming, part: str, parcel: Parcel, ctx: ExportContext) -> None:
    there = store.exists(parcel.name)
    if there and not ctx.replace:
        raise taken(store.shown(parcel.name))
    old = f"{parcel.name}.old"
    swap = parcel.is_folder and ctx.replace
    if swap:
        store.remove(old)
    ask_fence(ctx)
    if swap and there:
        store.rename(parcel.name, old)
    store.rename(part, parcel.name, overwrite=ctx.replace and not parcel.is_folder)
    if swap:
        with suppress(DeliveryError):  # it is delivered; an old folder left behind changes nothing
            store.remove(old)
