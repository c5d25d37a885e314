"""Arrivals that no adapter may stumble over: nothing in them is any scanner's export.

A recogniser must neither raise nor claim when it sees one. ``damaged_copies`` makes the other kind: an adapter's own
sample with its documents broken, where a claim is right and only a bare exception is wrong.
"""

from __future__ import annotations

import random
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from attrs import frozen

from casepan.contract.specs import Sample

Files = Mapping[str, bytes]

_SUFFIXES = ("stl", "ply", "obj", "dcm", "xml", "json", "toml", "html", "pdf", "jpg", "txt", "csv", "ini", "mtl", "bin")
_DOCUMENTS = ("xml", "json", "toml", "html", "htm", "txt", "ini", "csv", "dentalproject")
_BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
_ENTITIES = f'<?xml version="1.0"?>\n<!DOCTYPE r [{_BOMB}]>\n<r>&a11;</r>\n'.encode()
_OUTSIDE = b'<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<r>&x;</r>\n'
_ODD_NAMES = (
    "CON.xml",
    "nul.json",
    "a\u202estl.exe",
    "tab\there.xml",
    "  .xml",
    "...json",
    "e\u0301.xml",
    "\u00e9.xml",
)


@frozen
class Hostile:
    """One such arrival. ``files`` gives path below the arrival to bytes; none at all for an empty folder."""

    name: str
    title: str
    files: Callable[[], Files]

    def write(self, folder: Path) -> Path:
        """Write it below ``folder`` and return its path. Names that this file system refuses are left out."""
        root = folder / self.name
        root.mkdir(parents=True)
        for path, content in self.files().items():
            target = root / path
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except (OSError, ValueError):
                continue
        return root


@cache
def hostile_arrivals() -> tuple[Hostile, ...]:
    """Every hostile arrival that belongs to nobody."""
    return (
        Hostile("nothing", "an empty folder", dict),
        Hostile("hollow", "files of every kind without a byte", lambda: _each_suffix(lambda _: b"")),
        Hostile("noise", "random bytes under every suffix", lambda: _each_suffix(_noise)),
        Hostile("zeros", "zero bytes under every suffix", lambda: _each_suffix(lambda _: bytes(4096))),
        Hostile("mislabelled", "each file is of another kind than its suffix says", _mislabelled),
        Hostile("office", "what else lies on an office computer", _office),
        Hostile("foreign-documents", "documents of programs that are no scanner", _foreign_documents),
        Hostile("halves", "documents that break off", _halves),
        Hostile("entities", "XML with entities that explode or reach outside", _entities),
        Hostile("encodings", "XML in the wrong encoding", _encodings),
        Hostile("deep", "documents and folders nested very deep", _deep),
        Hostile("crowd", "ten thousand files", _crowd),
        Hostile("names", "names that some systems refuse, hide or turn round", _names),
        Hostile("dicom", "radiographs", _dicom),
    )


def damaged_copies(sample: Sample) -> Iterator[Sample]:
    """The sample once for every way of breaking each kind of document in it."""
    files = sample.files()
    kinds = {path.rpartition(".")[2].lower(): path for path in sorted(files, reverse=True)}
    for suffix, path in sorted(kinds.items()):
        if suffix not in _DOCUMENTS:
            continue
        for way, content in _broken(files[path]).items():
            yield _with(sample, f"{sample.name}: {suffix} {way}", {**files, path: content})


def _with(sample: Sample, name: str, files: Files) -> Sample:
    return Sample(name, sample.title, lambda: files, sample.expected, sample.evidence)


def _broken(content: bytes) -> Files:
    return {
        "empty": b"",
        "cut in half": content[: len(content) // 2],
        "with noise in its middle": content[: len(content) // 3] + _noise("x") + content[2 * len(content) // 3 :],
        "with entities": content.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1),
        "without values": content.replace(b'"', b""),
    }


def _each_suffix(content: Callable[[str], bytes]) -> Files:
    return {f"file.{suffix}": content(suffix) for suffix in _SUFFIXES}


def _noise(suffix: str) -> bytes:
    return random.Random(suffix).randbytes(6_000)


def _zip(files: Files) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def _mislabelled() -> Files:
    database = sqlite3.connect(":memory:")
    database.execute("create table patients (id integer)")
    stored = database.serialize()
    database.close()
    return {
        "a.xml": stored,
        "b.json": b"%PDF-1.7\n%%EOF\n",
        "c.html": _zip({"d.txt": b"e"}),
        "f.pdf": b"<html><body>not found</body></html>",
        "g.dcm": b"{}",
        "h.jpg": b"<?xml version='1.0'?><svg/>",
    }


def _office() -> Files:
    return {
        "invoice 2026-03.pdf": b"%PDF-1.4\n%%EOF\n",
        "holiday/IMG_0001.JPG": b"\xff\xd8\xff\xe0 picture",
        "price list.csv": b"crown;120\nbridge;340\n",
        "letter.docx": _zip({"word/document.xml": b"<w:document/>"}),
        "Thumbs.db": b"\xd0\xcf\x11\xe0",
        ".DS_Store": b"\0\0\0\1Bud1",
        "desktop.ini": b"[.ShellClassInfo]\r\n",
        "case.lnk": b"L\0\0\0",
    }


def _foreign_documents() -> Files:
    return {
        "pom.xml": b"<project><modelVersion>4.0.0</modelVersion></project>",
        "feed.xml": b'<rss version="2.0"><channel><title>Dental news</title></channel></rss>',
        "order.xml": b"<Order><Tooth>26</Tooth><Material>Zirconia</Material></Order>",
        "order.json": b'{"order": 17, "teeth": [26], "scanner": null, "cases": []}',
        "case.json": b'{"case": {"id": 1, "scans": "none"}}',
        "list.json": b"[1, 2, 3]",
        "number.json": b"42",
        "package.json": b'{"name": "left-pad", "version": "1.3.0"}',
        "page.html": b"<html><title>Order</title><body>tooth 26</body></html>",
        "data.toml": b"[tool]\nname = 1\n",
        "settings.ini": b"[Scanner]\nname=\n",
    }


def _halves() -> Files:
    return {
        "a.xml": b'<?xml version="1.0" encoding="utf-8"?><root><item name="a',
        "b.json": b'{"patient": {"name": "',
        "c.xml": b"<",
        "d.json": b"{",
        "e.html": b"<!DOCTYPE html><html><tit",
        "f.stl": b"solid half\nfacet normal 0 0 1\n outer lo",
        "g.ply": b"ply\nformat binary_little_endian 1.0\nelement vertex 99",
        "h.pdf": b"%PDF-1.7\n1 0 obj\n<<",
    }


def _entities() -> Files:
    return {"a.xml": _ENTITIES, "b.xml": _OUTSIDE, "c.html": _ENTITIES, "d.dcm": _ENTITIES}


def _encodings() -> Files:
    text = '<?xml version="1.0" encoding="utf-16"?><r n="ü"/>'
    return {
        "a.xml": text.encode("latin-1"),
        "b.xml": text.encode("utf-16-be"),
        "c.xml": b"\xff\xfe" + text.encode("utf-16-le")[:-1],
        "d.xml": b'<?xml version="1.0" encoding="no-such-code"?><r/>',
        "e.json": "[\ud800]".encode("utf-8", "surrogatepass"),
        "f.json": b"\xef\xbb\xbf{}",
        "g.json": '{"a": "ü"}'.encode("utf-16"),
    }


def _deep() -> Files:
    return {
        "tree.xml": b"<a>" * 20_000 + b"</a>" * 20_000,
        "tree.json": b"[" * 100_000 + b"]" * 100_000,
        "objects.json": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        "/".join("d" for _ in range(60)) + "/end.xml": b"<end/>",
        "wide.xml": b"<r " + b" ".join(b'a%d=""' % number for number in range(20_000)) + b"/>",
    }


def _crowd() -> Files:
    kinds = ("txt", "xml", "json", "jpg", "dat")
    return {f"{number % 10}/file {number:05}.{kinds[number % 5]}": b"" for number in range(10_000)}


def _names() -> Files:
    odd = dict.fromkeys(_ODD_NAMES, b"<r/>")
    return {**odd, "long" * 50 + ".xml": b"<r/>", "\udcff\udcfe.xml": b"<r/>", "new\nline.json": b"{}"}


def _dicom() -> Files:
    head = bytes(128) + b"DICM"
    meta = b"\2\0\0\0UL\4\0\0\0\0\0" + b"\2\0\2\0UI\x1a\0001.2.840.10008.5.1.4.1.1.1\0"
    return {"image.dcm": head + meta, "short.dcm": head, "DICOMDIR": head, "IM0001": head + _noise("dicom")}
