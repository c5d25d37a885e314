"""``deliver.remote``: one zip or folder per case on an SFTP, S3 or WebDAV server, complete and proven, or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from casepan.api import Case, ConfigError, ExportContext, Receipt
from casepan_deliver.guarding import before_sending
from casepan_deliver.remote_options import NEEDS, RemoteOptions
from casepan_deliver.stores import Store, find, make_parcel


class RemoteExport:
    """Ask, write, read back, ask the fence, commit; the protocol decides what the commit is."""

    def __init__(self, options: RemoteOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The case at its place; the same key once more only proves what is there.

        Raises:
            DeliveryError: or one of its kinds. FenceLost: another process owns the case.
        """
        with before_sending(), self._connected(ctx) as store:
            if present := find(store, ctx, folder=self._is_folder):
                return present
            parcel = make_parcel(case, ctx, self.options)
            proof = store.place(parcel, ctx)
            return Receipt(ctx.key, store.shown(parcel.name), ctx.now(), {**proof, **parcel.told}, parcel.files)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if this delivery is there and whole. Raises ``DeliveryError`` when the server cannot be asked now."""
        with before_sending(), self._connected(ctx) as store:
            return find(store, ctx, folder=self._is_folder)

    def health(self, ctx: ExportContext) -> str:
        """A sentence when the server answers and lets us in. Raises as ``probe``."""
        with self._connected(ctx) as store:
            return store.health()

    @property
    def _is_folder(self) -> bool:
        return self.options.form == "folder"

    @contextmanager
    def _connected(self, ctx: ExportContext) -> Iterator[Store]:
        protocol = self.options.protocol
        try:
            module = import_module(f"casepan_deliver.{protocol}")
        except ModuleNotFoundError as error:
            if error.name != NEEDS.get(protocol):
                raise
            hint = f"pip install casepan-deliver[{protocol}]"
            raise ConfigError(f"{protocol}:// needs the package {error.name}", hint=hint) from None
        with module.connect(self.options, ctx) as store:
            yield store
