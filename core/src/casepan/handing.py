"""What packages in a vendor's own layout share: options, renamed meshes with their pictures, and what stays at home."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal
from xml.etree.ElementTree import Element, indent, tostring

from attrs import frozen

from casepan.contract.context import ExportContext
from casepan.contract.options import FolderPath, option
from casepan.knowledge.rx_write import PRIVATE_FIELDS
from casepan.model.case import Case, Scan
from casepan.model.files import FileRef
from casepan.model.records import Receipt
from casepan.packages import PackageFile, Seal, deliver_folder, deliver_zip, probe_folder, probe_zip

_REFERENCE = re.compile(
    rb"^([ \t]*(?:mtllib|map_K[ad]|comment[ \t]+TextureFile)[ \t]+"
    rb"(?:-\w+[ \t]+(?:(?:on|off|[rgbmlz]|[-+\d.eE]+)[ \t]+)+)*)"  # options of a map, such as "-o 0 0 0"
    rb"([^\r\n]+?)([ \t\r]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
STAYS_AT_HOME = (
    "variants that are only carried along",
    "documents and pictures",
    "files that steps made, such as printable models",
)
"""What no package in a vendor's layout has a place for, for ``ExporterSpec.not_carried``."""
WITHHELD = "patient, practice, doctor, references and notes (`private = false`)"


@frozen
class PackageOptions:
    """Options that every package in a vendor's layout has."""

    path: FolderPath = option(FolderPath("out"), "folder that gets one package per case")
    form: Literal["folder", "zip"] = option("folder", "one folder or one zip per case")
    private: bool = option(False, "write patient, practice, doctor and notes into the order as well")

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        yield from () if self.private else (WITHHELD,)


def deliver_package(
    ctx: ExportContext,
    options: PackageOptions,
    files: Sequence[PackageFile],
    *,
    name: str | None = None,
    not_carried: Sequence[str] = (),
) -> Receipt:
    """Deliver a package as folder or zip, and say in seal and receipt what the layout cannot carry.

    Args:
        name: of the package, see ``deliver_folder``.
        not_carried: one sentence for each thing that stays at home or loses its meaning; no names in it.

    Raises:
        DeliveryError: as ``deliver_folder`` and ``deliver_zip`` do.
    """
    deliver = deliver_zip if options.form == "zip" else deliver_folder
    seal = Seal(more={"not_carried": [*not_carried, *renamed(files)]})
    return deliver(ctx, options.path, files, name=name, seal=seal)


def probe_package(ctx: ExportContext, options: PackageOptions, *, name: str | None = None) -> Receipt | None:
    """The receipt, if the package of this delivery is there and whole."""
    probe = probe_zip if options.form == "zip" else probe_folder
    return probe(ctx, options.path, name=name)


def scan_files(ctx: ExportContext, scan: Scan, name: str, *, picture: str = "") -> tuple[PackageFile, ...]:
    """A scan's mesh under a new name, with its material files and pictures named after it.

    The mesh stays byte for byte what it is, unless it refers to companions by names that may tell the patient: then the
    names in it are changed as well.

    Args:
        name: path of the mesh in the package.
        picture: what stands between the mesh's stem and the extension of a picture (``"_texture"``).
    """
    stem, folder = name.rpartition(".")[0], name.rpartition("/")[0]
    renamed: dict[str, str] = {}
    files = []
    for texture in scan.textures:
        tail = "" if texture.suffix == "mtl" else picture
        count = sum(known.endswith(f".{texture.suffix}") for known in renamed.values())
        path = f"{stem}{tail}{f'-{count + 1}' if count else ''}.{texture.suffix}"
        renamed[texture.name.casefold()] = path.removeprefix(f"{folder}/")
        files.append((path, texture))
    companions = (PackageFile(path, _referring(ctx, file, renamed), f"texture of {scan.id}") for path, file in files)
    return (PackageFile(name, _referring(ctx, scan.file, renamed), f"scan {scan.id}"), *companions)


def named_scans(
    ctx: ExportContext, scans: Sequence[Scan], word: Callable[[Scan], str | None], *, other: str, picture: str = ""
) -> tuple[list[PackageFile], tuple[str, ...]]:
    """Scans under a layout's own names, each once.

    Args:
        word: the layout's path for a scan without its extension, None when it has no word for it.
        other: what stands before the opaque id of scans without a word, or whose word another scan has.
        picture: see ``scan_files``.

    Returns:
        The files; a sentence when scans have no word of the layout's, for ``not_carried``.
    """
    files: list[PackageFile] = []
    taken: set[str] = set()
    nameless = 0
    for scan in scans:
        stem = word(scan)
        if stem is None or stem.casefold() in taken:
            stem, nameless = f"{other}{scan.id}", nameless + 1
        taken.add(stem.casefold())
        files += scan_files(ctx, scan, f"{stem}.{scan.file.suffix}", picture=picture)
    return files, (f"scans that the layout has no word for, under a name of their own: {nameless}",) if nameless else ()


def left_out(case: Case, carried: Collection[Scan], *, private: bool = True) -> tuple[str, ...]:
    """One sentence for each kind of file that is not among the carried scans, and for what is not told without ``private``."""
    ids = {scan.id for scan in carried}
    variants = sum(not scan.preferred and scan.id not in ids for scan in case.scans)
    others = sum(scan.preferred and scan.id not in ids for scan in case.scans)
    closed = sum(all(scan.file != item.file for scan in carried) for item in case.closed)
    counts = (
        (variants, "variants that are only carried along stay at home"),
        (others, "scans that only the vendor's software can read stay at home"),
        (closed, "closed files stay at home"),
        (len(case.attachments), "documents and pictures stay at home"),
        (len(case.artifacts), "files that steps made, such as printable models, stay at home"),
    )
    files = tuple(f"{words}: {count}" for count, words in counts if count)
    return files if private else (*files, *withheld(case))


def withheld(case: Case) -> tuple[str, ...]:
    """One sentence for each thing that a delivery without names keeps back, if the case has it."""
    order = case.prescription
    fields = [name.replace("_", " ") for name in PRIVATE_FIELDS if getattr(order, name)]
    patient = case.patient
    told = any((patient.name, patient.first, patient.last, patient.reference, patient.guid))
    return (
        *((f"fields of the order that may name people stay at home: {', '.join(fields)}",) if fields else ()),
        *(("who the patient is stays at home",) if told else ()),
    )


def renamed(files: Iterable[PackageFile]) -> tuple[str, ...]:
    """A sentence when files of the case do not keep the names that they came with."""
    names = [(file.content.name, file.name) for file in files if isinstance(file.content, FileRef)]
    count = sum(came != now.rpartition("/")[2] for came, now in names)
    return (f"files under other names than they came with: {count}",) if count else ()


def xml_document(root: Element) -> bytes:
    """A document of a layout as UTF-8, indented, without what XML cannot hold: control characters, undecoded bytes of names."""
    indent(root)
    text = _NO_XML.sub("", tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _referring(ctx: ExportContext, file: FileRef, renamed: Mapping[str, str]) -> FileRef | bytes:
    """The file, or its bytes when names in it had to be changed."""
    if not renamed or file.suffix not in ("obj", "mtl", "ply"):
        return file
    with ctx.open(file) as stream:
        content = stream.read()
    head, end, body = content.partition(b"end_header") if content.startswith(b"ply") else (content, b"", b"")
    changed = _REFERENCE.sub(lambda found: _renamed(found, renamed), head)
    return file if changed == head else changed + end + body


def _renamed(found: re.Match[bytes], renamed: Mapping[str, str]) -> bytes:
    name = re.split(r"[\\/]", found[2].decode("utf-8", "replace").strip('"'))[-1]
    new = renamed.get(name.casefold())
    return found[1] + new.encode() + found[3] if new else found[0]
