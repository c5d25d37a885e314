"""The transformer ``prepare.pseudonymise``: a case that later steps and destinations may see without knowing whose it is."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import attrs
from attrs import evolve, frozen

from casepan.api import (
    Artifact,
    Attachment,
    Case,
    CaseError,
    Context,
    FileRef,
    Finding,
    Scan,
)
from casepan_prepare.hiding.archives import clean_zip
from casepan_prepare.hiding.lexicon import Lexicon
from casepan_prepare.hiding.names import Known, known_in, strings_in
from casepan_prepare.hiding.options import PseudonymiseOptions
from casepan_prepare.hiding.pictures import without_words
from casepan_prepare.hiding.pseudonyms import Pseudonyms
from casepan_prepare.hiding.record import clean_record
from casepan_prepare.hiding.search import Needles
from casepan_prepare.hiding.surfaces import Companions, clean_mesh, clean_mtl
from casepan_prepare.hiding.texts import WAYS, Cleaner, clean_document
from casepan_prepare.hiding.views import LARGEST, CannotSearchError

_PICTURES = frozenset({"jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp", "heic"})
_NAMED = _PICTURES | {
    "pdf", "xps", "doc", "docx", "odt", "rtf", "mht", "zip", "rar", "7z", "dcm", "dxd", "3oxz", "3ox", "3ml", "csz", "cszx",
    "cdt", "stl", "ply", "obj", "mtl", "glb", *WAYS,
}  # fmt: skip
"""Suffixes that may be said aloud; any other one may be part of a name."""


class Pseudonymise:
    """Replace, clean, search, and leave out what cannot be searched."""

    def __init__(self, options: PseudonymiseOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case with new files under neutral names, and with findings that say what was left out.

        Raises:
            ConfigError: the key is too short.
            CaseError: a preferred scan that can be read cannot be cleaned, or no scan would be left.
        """
        make = Pseudonyms.of(ctx.secret(self.options.key))
        known = known_in(case, make, self.options)
        work = _Work(ctx, _cleaner(case, make, known, self.options), self.options)
        files = work.files(case)
        cleaned = evolve(clean_record(files, make, work.cleaner, self.options), digest=_digest(files))
        sure = Needles.of(item for item in known if item.sort != "guess")
        _refuse_named(cleaned, work.cleaner.needles, sure)
        return cleaned.with_findings(*work.findings())


def _cleaner(case: Case, make: Pseudonyms, known: Sequence[Known], options: PseudonymiseOptions) -> Cleaner:
    from casepan.operate.personal import personal_of

    places, order = personal_of(case.key.adapter), case.prescription
    kept = (order.practice, order.doctor, order.licence, order.ship_to) if options.staff == "keep" else ()
    return Cleaner(
        Lexicon.of(known),
        Needles.of(known),
        make,
        places=places.xml,
        hps=places.hps,
        kept=frozenset(text.strip() for text in kept if text),
    )


@frozen
class _Made:
    """A cleaned scan, or why there is none."""

    scan: Scan | None
    why: str = ""


class _Work:
    """Cleans the files of one case and keeps count of what stays behind."""

    def __init__(self, ctx: Context, cleaner: Cleaner, options: PseudonymiseOptions) -> None:
        self.ctx = ctx
        self.cleaner = cleaner
        self.options = options
        self.done = 0
        self.left: Counter[tuple[str, str, Literal["info", "warning"]]] = Counter()

    def files(self, case: Case) -> Case:
        """The case with cleaned files only."""
        scans = tuple(self._scans(case))
        if (case.scans or case.closed) and not scans:
            raise CaseError(
                "no scan of this case can be cleaned of names",
                hint="Ask the sender for an open export (STL, PLY or OBJ).",
            )
        for closed in case.closed:
            if all(closed.file != scan.file for scan in case.scans):
                self._leave(closed.file, "a closed format", "warning")
        return evolve(
            case,
            scans=scans,
            attachments=tuple(self._attachments(case.attachments)),
            artifacts=tuple(self._artifacts(case.artifacts)),
            closed=(),
            ignored=(),
        )

    def findings(self) -> Iterator[Finding]:
        """What was done, and one line for each kind of file that was left out."""
        yield Finding(
            "privacy.pseudonymised",
            "info",
            f"files cleaned and searched without finding a name: {self.done}",
            value=float(self.done),
        )
        for (form, why, severity), count in sorted(self.left.items()):
            message = f"{count} {form} file{'s were' if count > 1 else ' was'} left out: {why}"
            hint = "Hand on what is needed by another way, or ask the sender for an open export."
            yield Finding("privacy.left-out", severity, message, value=float(count), hint=hint)

    def _leave(self, file: FileRef, why: str, severity: Literal["info", "warning"]) -> None:
        form = file.suffix.upper() if file.suffix in _NAMED else "other"
        self.left[form, why, severity] += 1

    def _scans(self, case: Case) -> Iterator[Scan]:
        for scan in case.scans:
            made = self._scan(scan) if scan.readable else _Made(None, "a closed format")
            if made.scan is not None:
                yield made.scan
            elif scan.preferred and scan.readable:
                raise CaseError(
                    f"the scan {scan.id} cannot be cleaned of names: {made.why}",
                    hint="Ask the sender to export it once more, without names.",
                )
            else:
                self._leave(scan.file, made.why, "warning")

    def _scan(self, scan: Scan) -> _Made:
        names = _new_names(scan)
        companions = Companions(names)
        textures = tuple(self._textures(scan, companions))
        # A picture that stays behind must not be named in the mesh either.
        companions.files = {old: new for old, new in names.items() if any(file.path == new for file in textures)}
        try:
            mesh = clean_mesh(_unpacked(self.ctx.read(scan.file)), scan.file.name, companions, self.cleaner)
        except CannotSearchError as error:
            return _Made(None, str(error))
        if mesh is None:
            return _Made(None, "the format cannot be opened here")
        file, why = self._keep(f"{scan.id}.{'dcm' if mesh.format == 'hps' else mesh.format}", mesh.data)
        if file is None:
            return _Made(None, why)
        raw = dict(scan.raw)
        if lost := len(scan.textures) - len(textures):
            raw["missing_textures"] = lost
        origin = self.cleaner.make.of_content(scan.file.sha256)
        return _Made(evolve(scan, file=file, textures=textures, format=mesh.format, derived_from=origin, raw=raw))

    def _textures(self, scan: Scan, companions: Companions) -> Iterator[FileRef]:
        """Pictures first, since a material file may name only those that come along."""
        names = companions.files
        kept: dict[str, str] = {}
        for texture in sorted(scan.textures, key=lambda file: file.suffix == "mtl"):
            data = self.ctx.read(texture)
            companions.files = {**kept, **{old: new for old, new in names.items() if new.endswith(".mtl")}}
            cleaned = clean_mtl(data, companions) if texture.suffix == "mtl" else without_words(data)
            new = names[texture.name.casefold()]
            file, why = self._keep(new, cleaned) if cleaned is not None else (None, "a picture that cannot be cleaned")
            if file is None:
                self._leave(texture, why, "warning")
                continue
            kept[texture.name.casefold()] = new
            yield file

    def _attachments(self, attachments: Sequence[Attachment]) -> Iterator[Attachment]:
        for item in attachments:
            if file := self._document(item.file, item.id):
                yield evolve(item, file=file)

    def _artifacts(self, artifacts: Sequence[Artifact]) -> Iterator[Artifact]:
        for item in artifacts:
            if file := self._document(item.file, item.id):
                yield evolve(item, file=file, name=None)

    def _document(self, file: FileRef, name: str) -> FileRef | None:
        sheets = self.options.sheets != "leave-out"
        if file.suffix != "zip" and (file.suffix not in WAYS or (WAYS[file.suffix] == "html" and not sheets)):
            self._leave(file, "a picture" if file.suffix in _PICTURES else "cannot be opened and cleaned", "info")
            return None
        try:
            data = self.ctx.read(file)
            zipped = file.suffix == "zip"
            cleaner = self.cleaner
            cleaned = clean_zip(data, cleaner, sheets=sheets) if zipped else clean_document(data, file.suffix, cleaner)
        except CannotSearchError as error:
            self._leave(file, str(error), "info")
            return None
        kept, why = self._keep(f"{name}.{file.suffix}", cleaned) if cleaned is not None else (None, "cannot be read")
        if kept is None:
            self._leave(file, why, "info")
        return kept

    def _keep(self, name: str, data: bytes) -> tuple[FileRef | None, str]:
        """Write a cleaned file if no name is found in it, else say why not."""
        try:
            if self.cleaner.needles.find(data) is not None:
                return None, "a name is still inside"
        except CannotSearchError as error:
            return None, f"cannot be searched, {error}"
        path = Path(self.ctx.out) / name
        path.write_bytes(data)
        self.done += 1
        return self.ctx.keep(path), ""


def _new_names(scan: Scan) -> dict[str, str]:
    """Neutral names of a scan's pictures and material files, by the old name without regard to capitals."""
    counts: Counter[str] = Counter()
    found: dict[str, str] = {}
    for texture in scan.textures:
        suffix = texture.suffix if texture.suffix in _NAMED else "bin"
        counts[suffix] += 1
        number = f"-{counts[suffix]}" if counts[suffix] > 1 else ""
        found[texture.name.casefold()] = f"{scan.id}{number}.{suffix}"
    return found


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        packed = zlib.decompressobj(31)
        plain = packed.decompress(data, LARGEST)
    except zlib.error as error:
        raise CannotSearchError("a damaged gzip") from error
    if not packed.eof or packed.unused_data:
        raise CannotSearchError("a damaged gzip, or more than one in a file")
    return plain


def _digest(case: Case) -> str:
    """A digest of the cleaned files: that of the arrival is made from file names, which could be guessed by trying."""
    files = [file for scan in case.scans for file in (scan.file, *scan.textures)]
    files += [item.file for item in case.attachments] + [item.file for item in case.artifacts]
    lines = sorted(f"{file.path}\0{file.sha256}\n" for file in files)
    return sha256("".join(lines).encode()).hexdigest()


def _refuse_named(case: Case, needles: Needles, sure: Needles) -> None:
    """The last look: no text of the record may name anybody.

    Args:
        sure: without what was guessed from folder names; for ids and file names, which are made of casepan's own words.

    Raises:
        CaseError: one does. A field was forgotten; it is better to stop than to hand it on.
    """
    client = evolve(case.client, id="") if case.client else None
    plain: dict[str, Any] = attrs.asdict(evolve(case, practice=None, client=client))
    for key, text in strings_in(plain):
        if key not in _FIXED and (sure if key in _OWN else needles).in_text(text):
            raise CaseError(
                "a name is left in the case's own record", hint="Report it to the author of casepan-prepare."
            )


_OWN = frozenset(("id", "path", "what", "name", "scan", "store"))
_FIXED_TEXT = (
    "ref adapter stage confidence pipeline role arch variant format units frame colour kind material bridge severity code "
    "unit how provenance department number shade_guide assignee message hint sha256 digest derived_from"
)
_FIXED = frozenset(_FIXED_TEXT.split())
"""Fields that hold words of casepan or of the laboratory: a patient called Crown must not stop every crown."""
