"""Meshes without words: what a file says besides its geometry, colours and texture is not carried over."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from casepan.mesh import sniff_format
from casepan_prepare.hiding.pictures import without_words
from casepan_prepare.hiding.texts import Cleaner, clean_xml

_STL_HEAD = b"binary STL, millimetres"
_SOLID = re.compile(rb"^[ \t]*(end)?solid\b[^\r\n]*", re.MULTILINE | re.IGNORECASE)
_NUMBERS = rb"(?:[-+0-9.eE/ \t]|(?i:nan|inf))*"
_OBJ_OTHER = re.compile(rb"^(?![ \t]*(?:v|vn|vt|vp|f|l|p|s)[ \t]" + _NUMBERS + rb"\r?$)[^\r\n]*\r?\n?", re.MULTILINE)
_OBJ_PLAIN = re.compile(rb"[ \t]*(?:v|vn|vt|vp|f|l|p|s)[ \t]" + _NUMBERS)
_MTL_PLAIN = re.compile(rb"[ \t]*(?:Ka|Kd|Ks|Ke|Tf|Ns|Ni|Tr|d|illum|sharpness|Pr|Pm)[ \t][-+0-9.eE \t]*")
_PLY_KEPT = (b"ply", b"format", b"element", b"property", b"end_header")
_GLB_WORDS = frozenset({"name", "extras", "copyright", "generator", "uri"})


@define
class Companions:
    """New names of what a mesh refers to: pictures and material files by their old name, materials in order."""

    files: Mapping[str, str] = field(repr=False)
    materials: dict[bytes, bytes] = field(factory=dict, repr=False)

    def file(self, raw: bytes) -> bytes | None:
        """The new name of a picture or material file, None when it did not come along."""
        name = re.split(r"[\\/]", raw.decode("utf-8", "replace").strip().strip('"'))[-1]
        new = self.files.get(name.casefold())
        return new.encode() if new else None

    def material(self, raw: bytes) -> bytes:
        """The new name of a material, the same in the mesh and in its material file."""
        return self.materials.setdefault(raw.strip(), b"material-%d" % (len(self.materials) + 1))


@frozen
class Shape:
    """A mesh that holds no words any more."""

    data: bytes = field(repr=False)
    format: str


def clean_mesh(data: bytes, name: str, companions: Companions, cleaner: Cleaner) -> Shape | None:
    """The mesh without its words, None when its format is not one that can be opened here.

    Args:
        data: the whole file, gzip already unpacked.
        name: the file's name, a hint at its format.
    """
    if data.startswith(b"glTF"):
        cleaned = clean_glb(data)
        return Shape(cleaned, "glb") if cleaned else None
    form = sniff_format(data[:4096], size=len(data), name=name)
    ways: Mapping[str, Callable[[], bytes | None]] = {
        "stl": lambda: clean_stl(data),
        "ply": lambda: clean_ply(data, companions),
        "obj": lambda: clean_obj(data, companions),
        "hps": lambda: clean_hps(data, cleaner),
    }
    made = ways[form]() if form and form in ways else None
    return Shape(made, form) if made is not None and form else None


def clean_stl(data: bytes) -> bytes | None:
    """A binary STL keeps its triangles and colours, an ASCII one its facets; the bytes of the geometry stay what they are."""
    count = int.from_bytes(data[80:84], "little") if len(data) >= 84 else 0
    end = 84 + 50 * count
    if count and end <= len(data) < end + 4096:
        return _stl_head(data[:80]) + data[80:end]
    if b"\0" in data[:1024] or not data.rstrip()[-40:].lower().count(b"endsolid"):
        return None
    return _SOLID.sub(lambda found: b"endsolid scan" if found[1] else b"solid scan", data)


def _stl_head(head: bytes) -> bytes:
    """The header without its words; the colours of Magics (``COLOR=`` and four bytes, ``MATERIAL=`` and twelve) stay."""
    kept = [_STL_HEAD]
    for word, size in ((b"COLOR=", 4), (b"MATERIAL=", 12)):
        at = head.find(word)
        if at >= 0 and at + len(word) + size <= len(head):
            kept.append(head[at : at + len(word) + size])
    return b" ".join(kept).ljust(80, b"\0")[:80]


def clean_ply(data: bytes, companions: Companions) -> bytes | None:
    """Only what describes the rows stays in the header; of comments only the picture's new name."""
    end = re.search(rb"[\r\n][ \t]*end_header[ \t]*(?:\r\n|\n|\r)", data[: 1 << 18])
    if end is None:
        return None
    lines = []
    for line in re.split(rb"\r\n|\n|\r", data[: end.end()]):
        words = line.split(None, 2)
        if words[:1] and words[0] in _PLY_KEPT:
            lines.append(b" ".join(line.split()))
        elif re.match(rb"[ \t]*comment[ \t]+TextureFile[ \t]", line, re.IGNORECASE):
            new = companions.file(words[-1])
            lines += [b"comment TextureFile " + new] if new else []
    old_mac = data[3:4] == b"\r" and data[4:5] != b"\n"  # then a line feed behind the header is geometry already
    begin = data.index(b"\r", end.start() + 1) + 1 if old_mac else end.end()
    return b"\n".join(lines) + b"\n" + data[begin:]


def clean_obj(data: bytes, companions: Companions) -> bytes:
    """Lines of numbers stay; groups, materials and files get new names, everything else goes."""
    text = re.sub(rb"\\[ \t]*(?:\r\n|\n|\r)", b" ", data.removeprefix(b"\xef\xbb\xbf"))
    text = re.sub(rb"\r(?!\n)", b"\n", text)
    medit = b"#<MEDIT>\n" if text.startswith(b"#<MEDIT>") else b""
    groups: dict[bytes, bytes] = {}
    return medit + _OBJ_OTHER.sub(lambda found: _obj_line(found[0], companions, groups), text)


def _obj_line(line: bytes, companions: Companions, groups: dict[bytes, bytes]) -> bytes:
    plain = line.partition(b"#")[0].rstrip()
    if plain and _OBJ_PLAIN.fullmatch(plain):
        return plain + b"\n"
    keyword, _, rest = plain.strip().partition(b" ")
    if keyword == b"mtllib":
        new = companions.file(line.strip().partition(b" ")[2])
        return b"mtllib " + new + b"\n" if new else b""
    if keyword == b"usemtl":
        return b"usemtl " + companions.material(rest) + b"\n"
    if keyword in (b"o", b"g"):
        return keyword + b" " + groups.setdefault(rest, b"group-%d" % (len(groups) + 1)) + b"\n"
    return b""


def clean_mtl(data: bytes, companions: Companions) -> bytes:
    """Materials under new names with their colours, and pictures that came along under their new names."""
    made = []
    for line in re.split(rb"[\r\n]+", data):
        plain = line.strip()
        keyword, _, rest = plain.partition(b" ")
        if keyword == b"newmtl":
            made.append(b"newmtl " + companions.material(rest))
        elif keyword.lower().startswith(b"map_k"):
            new = companions.file(rest) or companions.file(rest.rpartition(b" ")[2])
            made += [keyword + b" " + new] if new else []
        elif _MTL_PLAIN.fullmatch(plain):
            made.append(plain)
    return b"\n".join(made) + b"\n"


def clean_hps(data: bytes, cleaner: Cleaner) -> bytes | None:
    """An open HPS file without the properties that tell practice and computer, and without known names elsewhere."""
    return clean_xml(data, cleaner)


def clean_glb(data: bytes) -> bytes | None:
    """A GLB without names, extras, copyright and links; the pictures inside lose their metadata."""
    chunks = _glb_chunks(data)
    if not chunks or chunks[0][0] != b"JSON":
        return None
    try:
        document = json.loads(chunks[0][1])
    except ValueError:
        return None
    binary = bytearray(next((body for kind, body in chunks if kind == b"BIN\0"), b""))
    if not isinstance(document, dict) or not _clean_images(document, binary):
        return None
    text = json.dumps(_without_words(document), separators=(",", ":")).encode()
    made = [(b"JSON", text + b" " * (-len(text) % 4))]
    if binary:
        made.append((b"BIN\0", bytes(binary)))
    body = b"".join(struct.pack("<I4s", len(part), kind) + part for kind, part in made)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _glb_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<I4s", data, at)
        if at + 8 + size > len(data):
            return []
        found.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size
    return found


def _clean_images(document: dict[str, Any], binary: bytearray) -> bool:
    """Blank the words of all pictures in their place; False when one cannot be opened."""
    views = document.get("bufferViews", [])
    for image in document.get("images", []):
        number = image.get("bufferView")
        if not isinstance(number, int) or number >= len(views):
            return False
        begin = int(views[number].get("byteOffset", 0))
        end = begin + int(views[number]["byteLength"])
        cleaned = without_words(bytes(binary[begin:end]))
        if cleaned is None:
            return False
        binary[begin:end] = cleaned
    return True


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_words(inner) for key, inner in value.items() if key not in _GLB_WORDS}
    return [_without_words(inner) for inner in value] if isinstance(value, list) else value
