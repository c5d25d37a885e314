"""The contexts that stages are given: files of the case, meshes, clock, secrets, memory, and a place to write.

A :class:`Bench` is what all stages of one case share. It needs no ledger::

    with Bench.at(path) as bench:
        ctx = bench.importing("trios.order")
"""

from __future__ import annotations

import io
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import define, field, frozen

from casepan.arrivals.listing import FolderListing
from casepan.contract.listing import Listing
from casepan.contract.options import Secret
from casepan.errors import CaseError, ClosedFormat, SecretError
from casepan.model.files import SOURCE, FileRef
from casepan.model.records import Receipt
from casepan.model.vocabulary import Verdict
from casepan.running.memory import StageMemory

if TYPE_CHECKING:
    from casepan.mesh.surface import Mesh
    from casepan.model.case import Case, Scan


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


def no_secrets(_: Secret) -> str:
    """Where no ``lab.toml`` is in use there are no secrets."""
    raise SecretError("secrets are only known where a lab.toml is in use", hint="Name it: --lab FILE.")


def never() -> bool:
    """Nobody wants the work to stop."""
    return False


def nothing() -> None:
    """There is no revision before."""


@define(eq=False)
class Bench:
    """What the stages of one case share.

    Attributes:
        listing: the arrival, where files of the store ``"source"`` are found; ``lent`` when somebody else closes it.
        stores: folder of every step that wrote files, by step id.
        base: the folder that relative paths in ``lab.toml`` count from.
        memory: folder of what stages remember; None forgets everything at the end.
        history: the case as it came and as each step left it, oldest first.
        earlier_revision: opens the revision that was handed on before, None where there is none.
    """

    listing: FolderListing | None
    _scratch: Path | None = None
    stores: dict[str, Path] = field(factory=dict)
    base: Path = field(factory=Path.cwd)
    secrets: Callable[[Secret], str] = no_secrets
    memory: Path | None = None
    clock: Callable[[], datetime] = utc_now
    is_cancelled: Callable[[], bool] = never
    rules: Mapping[str, Any] = field(factory=dict)
    history: Callable[[], Iterable[Case]] = tuple
    earlier_revision: Callable[[], tuple[Case, Bench] | None] = nothing
    _meshes: dict[str, Mesh] = field(factory=dict)
    _hashed: dict[str, FileRef] = field(factory=dict)
    lent: bool = False
    _owned: bool = False
    _previous: list[tuple[Case, Bench]] | None = None

    @classmethod
    def at(cls, path: Path, **more: Any) -> Bench:
        """A bench for a path that somebody typed: a folder, a zip or a file. Close it, or use it in a ``with``.

        Raises:
            CaseError: the arrival cannot be listed. UsageError: nothing is there.
        """
        return cls.on(FolderListing.of(path), **more)

    @classmethod
    def on(cls, listing: FolderListing, **more: Any) -> Bench:
        """A bench for an arrival that is already listed, with scratch space of its own."""
        return cls(listing, **more)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the arrival and the revision before, and remove scratch space of its own."""
        for _, other in self._previous or ():
            other.close()
        if self.listing is not None and not self.lent:
            self.listing.close()
        if self._owned:
            shutil.rmtree(self.scratch, ignore_errors=True)

    @property
    def scratch(self) -> Path:
        """Holds ``out`` folders of stages that are given none; its own is made when somebody wants it."""
        if self._scratch is None:
            self._scratch, self._owned = Path(tempfile.mkdtemp(prefix="casepan-")), True
        return self._scratch

    def importing(self, stage: str) -> ReadingContext:
        """The context of an importer."""
        return ReadingContext(self, stage, "import", self.out_folder("import"))

    def working(self, stage: str, step: str, out: Path | None = None) -> StageContext:
        """The context of a validator or transformer. ``step`` becomes the store of the files it keeps."""
        made = self.out_folder(step) if out is None else lambda: out
        self.stores[step] = made()
        return StageContext(self, stage, step, made)

    def sending(self, stage: str, export: str, errand: Errand) -> SendingContext:
        """The context of an exporter."""
        return SendingContext(self, stage, export, self.out_folder(export), errand)

    def out_folder(self, name: str) -> Callable[[], Path]:
        """Gives a new folder, made at the first call: most importers and exporters write nothing there."""
        made: list[Path] = []

        def folder() -> Path:
            if not made:
                made.append(Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.scratch)))
            return made[0]

        return folder

    def open(self, file: FileRef) -> BinaryIO:
        """The bytes of a file of any store, seekable."""
        if file.store == SOURCE:
            return self._arrival().open(file.path)
        folder = self.stores.get(file.store)
        if folder is None:
            raise CaseError(f"the step {file.store!r} left no files", hint="Run the case again from its start.")
        try:
            return (folder / file.path).open("rb")
        except OSError as error:
            raise CaseError("a file that a step made is gone", place=file.path, hint="Run the case again.") from error

    def reference(self, path: str) -> FileRef:
        """A file of the arrival, hashed once."""
        if path not in self._hashed:
            with self._arrival().open(path) as stream:
                content = file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO has readinto
                self._hashed[path] = FileRef(path, stream.seek(0, io.SEEK_END), content)
        return self._hashed[path]

    def mesh(self, scan: Scan) -> Mesh:
        """The surface of a scan, read once for equal content and equal textures."""
        key = "".join((scan.file.sha256, *(texture.sha256 for texture in scan.textures)))
        if key not in self._meshes:
            self._meshes[key] = self._read_mesh(scan)
        return self._meshes[key]

    def earlier(self, sha256: str) -> Scan | None:
        """The first scan of the case's history whose file had this content."""
        scans = (scan for case in self.history() for scan in case.scans)
        return next((scan for scan in scans if scan.file.sha256 == sha256), None)

    def previous(self) -> tuple[Case, Bench] | None:
        """The revision that was handed on before, opened once and closed with this bench."""
        if self._previous is None:
            found = self.earlier_revision()
            self._previous = [found] if found else []
        return next(iter(self._previous), None)

    def _read_mesh(self, scan: Scan) -> Mesh:
        from casepan.mesh import read_mesh

        if not scan.readable:
            raise ClosedFormat(
                f"only the vendor's software can read this {scan.format} file",
                place=scan.file.path,
                hint="Ask the sender for an open export (STL, PLY or OBJ).",
            )
        with self.open(scan.file) as stream:
            return read_mesh(stream, name=scan.file.path, images=lambda name: self._image(scan, name))

    def _image(self, scan: Scan, name: str) -> bytes | None:
        """The companion that a mesh names, by its last part and without regard to case; the first picture for ``""``."""
        wanted = name.replace("\\", "/").rsplit("/", 1)[-1].casefold()
        for texture in scan.textures:
            if texture.name.casefold() == wanted or (not wanted and texture.suffix != "mtl"):
                with self.open(texture) as stream:
                    return stream.read()
        return None

    def _arrival(self) -> FolderListing:
        if self.listing is None:
            raise CaseError("the files of this case are no longer here", hint="Import the case again.")
        return self.listing


@frozen
class StageContext:
    """Implements ``casepan.contract.context.Context``."""

    bench: Bench = field(repr=False)
    stage: str
    store: str
    made: Callable[[], Path] = field(repr=False)

    @property
    def out(self) -> Path:
        """The stage's own folder."""
        return self.made()

    @property
    def log(self) -> logging.Logger:
        """Logger of the stage."""
        return logging.getLogger(f"casepan.stage.{self.stage}")

    @property
    def rules(self) -> Mapping[str, Any]:
        """The lab's rules."""
        return self.bench.rules

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """What the stage remembers between cases."""
        return StageMemory.of(self.bench.memory, self.stage)

    def now(self) -> datetime:
        """The time, aware UTC."""
        return self.bench.clock()

    def mesh(self, scan: Scan) -> Mesh:
        """The scan's surface, see ``Context.mesh``."""
        return self.bench.mesh(scan)

    def earlier(self, sha256: str) -> Scan | None:
        """The scan as it was, see ``Context.earlier``."""
        return self.bench.earlier(sha256)

    def open(self, file: FileRef) -> BinaryIO:
        """The file's bytes as a seekable stream."""
        return self.bench.open(file)

    def read(self, file: FileRef) -> bytes:
        """All of the file's bytes."""
        with self.bench.open(file) as stream:
            return stream.read()

    def keep(self, path: Path) -> FileRef:
        """A reference to a file just written below ``out``.

        Raises:
            ValueError: the path lies elsewhere.
        """
        with path.open("rb") as stream:
            content = file_digest(stream, "sha256").hexdigest()
        return FileRef(path.relative_to(self.out).as_posix(), path.stat().st_size, content, self.store)

    def secret(self, reference: Secret) -> str:
        """The secret behind a reference."""
        return self.bench.secrets(reference)

    def cancelled(self) -> bool:
        """True when somebody wants the work to stop."""
        return self.bench.is_cancelled()


@frozen
class ReadingContext(StageContext):
    """Implements ``casepan.contract.context.ImportContext``."""

    @property
    def listing(self) -> Listing:
        """The arrival."""
        return self.bench._arrival()

    def file(self, path: str) -> FileRef:
        """A reference to a file of the arrival, hashed."""
        return self.bench.reference(path)


@frozen
class Errand:
    """What an exporter is told about one delivery, see ``ExportContext``."""

    key: str
    place: str
    replace: bool = False
    receipts: Mapping[str, Receipt] = field(factory=dict, repr=False)
    verdict: Verdict | None = None
    fence_ok: Callable[[], bool] = field(default=lambda: True, repr=False)


@frozen
class SendingContext(StageContext):
    """Implements ``casepan.contract.context.ExportContext``."""

    errand: Errand

    @property
    def key(self) -> str:
        """The delivery key."""
        return self.errand.key

    @property
    def base(self) -> Path:
        """The folder that relative paths in ``lab.toml`` count from."""
        return self.bench.base

    @property
    def place(self) -> str:
        """Name of the case at the destination."""
        return self.errand.place

    @property
    def replace(self) -> bool:
        """True when what an earlier revision left may be overwritten."""
        return self.errand.replace

    @property
    def receipts(self) -> Mapping[str, Receipt]:
        """Receipts of the exports of this case that ran before."""
        return self.errand.receipts

    @property
    def verdict(self) -> Verdict | None:
        """What the checks say of the case."""
        return self.errand.verdict

    def previous(self) -> tuple[Case, StageContext] | None:
        """The revision that was handed on before this one."""
        found = self.bench.previous()
        if found is None:
            return None
        case, bench = found
        return case, StageContext(bench, self.stage, self.store, lambda: bench.scratch)

    def fence_ok(self) -> bool:
        """True when this process still owns the delivery."""
        return self.errand.fence_ok()
