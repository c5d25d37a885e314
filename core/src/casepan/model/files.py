"""References to bytes: where a file lies, how large it is and what its content hashes to."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from attrs import field, frozen

SOURCE = "source"
"""The store that holds an arrival as it came; every other store is the id of the step that wrote into it."""


@frozen
class FileRef:
    """One file of a case.

    Attributes:
        path: POSIX path inside its store; zip members as ``a.zip!inner/b.stl``. Private: it may name the patient.
        size: bytes.
        sha256: lower-case hex digest of the content.
        store: ``"source"`` or the id of the step that made the file.
    """

    path: str = field(repr=False)
    size: int
    sha256: str
    store: str = SOURCE

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.replace("!", "/").rsplit("/", 1)[-1]

    @property
    def suffix(self) -> str:
        """The lower-case extension without its dot, or an empty string."""
        stem, dot, suffix = self.name.rpartition(".")
        return suffix.lower() if dot and stem else ""


@frozen
class Attachment:
    """A document or picture that belongs to the case but is no scan: an order, a photo, a prescription sheet."""

    id: str
    file: FileRef
    what: str


@frozen
class ClosedFile:
    """A file that only the vendor's software can open; it is carried along untouched.

    Attributes:
        file: the file.
        format: short name of the format (``"dxd"``, ``"hps-ce"``, ``"3oxz"`` …).
        advice: how to send an open file instead, in the words of that scanner's menus.
    """

    file: FileRef
    format: str
    advice: str


@frozen
class IgnoredFile:
    """A file that is no part of the case, and why: junk of a file manager, an older save, a design."""

    path: str = field(repr=False)
    why: str


def digest_of(files: Iterable[FileRef]) -> str:
    """SHA-256 over the sorted (path, sha256) list, independent of the folder or zip the files came in.

    A zip prefix and the leading folders that all paths share are left out, so that the same order sent once as a folder
    and once as a zip has one digest.
    """
    pairs = [(file.path.rsplit("!", 1)[-1].split("/"), file.sha256) for file in files]
    common = _shared_folders([parts for parts, _ in pairs])
    lines = sorted(f"{'/'.join(parts[common:])}\0{content}\n" for parts, content in pairs)
    return sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _shared_folders(paths: list[list[str]]) -> int:
    if not paths:
        return 0
    folders = [parts[:-1] for parts in paths]
    shortest = min(len(parts) for parts in folders)
    for depth in range(shortest):
        if len({parts[depth] for parts in folders}) > 1:
            return depth
    return shortest
