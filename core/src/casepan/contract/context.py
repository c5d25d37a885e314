"""What a stage is given besides the case: the only door to files, clock, secrets and log."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from casepan.contract.listing import Listing
from casepan.contract.options import Secret
from casepan.model.files import FileRef
from casepan.model.records import Receipt
from casepan.model.vocabulary import Verdict

if TYPE_CHECKING:
    from casepan.mesh.surface import Mesh
    from casepan.model.case import Case, Scan


class Context(Protocol):
    """Given to every stage."""

    @property
    def out(self) -> Path:
        """An empty folder, the only place to write. What is kept must be returned as ``FileRef`` from ``keep``."""

    @property
    def log(self) -> logging.Logger:
        """Logger for people; never log names of patients, files or folders."""

    @property
    def rules(self) -> Mapping[str, Any]:
        """The lab's rules (completeness table and the like) over the shipped ones."""

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """A small durable mapping of JSON values, one per stage: cursors, refreshed tokens."""

    def now(self) -> datetime:
        """The time, aware UTC."""

    def mesh(self, scan: Scan) -> Mesh:
        """The scan's surface, read once per child process and shared by all stages of the case.

        Raises:
            CorruptFile: the bytes do not hold what the format promises.
            ClosedFormat: only the vendor's software can read it.
        """

    def earlier(self, sha256: str) -> Scan | None:
        """The scan as it was when its file had this content (``Scan.derived_from``), None when that is gone."""

    def open(self, file: FileRef) -> BinaryIO:
        """The file's bytes as a seekable stream."""

    def read(self, file: FileRef) -> bytes:
        """All of the file's bytes."""

    def keep(self, path: Path) -> FileRef:
        """A reference to a file just written below ``out``."""

    def secret(self, reference: Secret) -> str:
        """The secret behind a reference. Raises ``SecretError`` when it is not there."""

    def cancelled(self) -> bool:
        """True when somebody wants the work to stop; long loops ask now and then."""


class ImportContext(Context, Protocol):
    """Given to importers."""

    @property
    def listing(self) -> Listing:
        """The arrival."""

    def file(self, path: str) -> FileRef:
        """A reference to a file of the arrival, hashed."""


class ObserverContext(Context, Protocol):
    """Given to observers."""

    @property
    def base(self) -> Path:
        """The folder that relative paths in ``lab.toml`` count from."""


class ExportContext(Context, Protocol):
    """Given to exporters."""

    @property
    def key(self) -> str:
        """The delivery key: the same for every try of this case, content and destination."""

    @property
    def base(self) -> Path:
        """The folder that relative paths in ``lab.toml`` count from."""

    @property
    def place(self) -> str:
        """Name of the case at the destination: ``K7Q2-M4``, or ``K7Q2-M4-r2`` for a later revision."""

    @property
    def replace(self) -> bool:
        """True when ``on_existing = "replace"`` allows to overwrite what an earlier revision left."""

    @property
    def receipts(self) -> Mapping[str, Receipt]:
        """Receipts of the exports of this case that ran before, by export id."""

    @property
    def verdict(self) -> Verdict | None:
        """What the checks say of the case, before any person's decision; None when nobody has judged it."""

    def previous(self) -> tuple[Case, Context] | None:
        """The revision that was handed on before this one, and what opens its files; None for a first one, or when it is gone."""

    def fence_ok(self) -> bool:
        """True when this process still owns the case. Ask right before the call that commits."""
