"""What recognition sees of an arrival: names, sizes, times, and a little of the content on request."""

from __future__ import annotations

from typing import Protocol

from attrs import field, frozen
from attrs.validators import in_

from casepan.model.vocabulary import CONFIDENCES, Confidence

HEAD_BYTES = 4 * 1024
TAIL_BYTES = 64 * 1024
READ_BYTES = 4 * 1024 * 1024
READ_TOTAL_BYTES = 32 * 1024 * 1024


@frozen
class Entry:
    """One file of an arrival.

    Attributes:
        path: POSIX path relative to the arrival; members of a zip as ``a.zip!inner/b.stl``. Kept as found.
        size: bytes (of a zip member: unpacked, as the directory says).
        mtime: seconds since the epoch; of a zip member its DOS time taken as UTC.
    """

    path: str
    size: int
    mtime: float

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.replace("!", "/").rsplit("/", 1)[-1]

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def suffix(self) -> str:
        """The lower-case extension without its dot, or an empty string."""
        stem, dot, suffix = self.name.rpartition(".")
        return suffix.lower() if dot and stem else ""

    @property
    def folder(self) -> str:
        """The path of the folder (or zip) it lies in, empty at the top."""
        return self.path.replace("!", "/").rpartition("/")[0]


class Listing(Protocol):
    """An arrival as recognition may see it. Reading more than the limits raises ``LimitExceeded``."""

    @property
    def name(self) -> str:
        """Name of the folder or zip that arrived, or of the first loose file."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every file, zip members included, sorted by path."""

    def head(self, path: str) -> bytes:
        """The first 4 KiB."""

    def tail(self, path: str) -> bytes:
        """The last 64 KiB."""

    def read(self, path: str) -> bytes:
        """The whole file, at most 4 MiB; 32 MiB over all calls."""


@frozen
class Recognition:
    """One case found in an arrival by one adapter.

    Attributes:
        stage: the importer that can read it.
        vendor_id: the vendor's identity of the case, without re-export and copy marks; equal for the same order sent twice.
        files: paths of all files that belong to the case.
        confidence: ``"certain"`` (a document or magic of that vendor names these files), ``"likely"`` (two independent layout
            marks) or ``"possible"`` (names only).
        evidence: one line for each mark that was seen.
        missing: files that the order names and that are not there (yet).
        frame: name of the coordinate frame that the layout says its arches share, None when it says nothing.
    """

    stage: str
    vendor_id: str = field(repr=False)
    files: tuple[str, ...] = field(repr=False)
    confidence: Confidence = field(validator=in_(CONFIDENCES))
    evidence: tuple[str, ...] = field(default=(), repr=False)
    missing: tuple[str, ...] = field(default=(), repr=False)
    frame: str | None = None
