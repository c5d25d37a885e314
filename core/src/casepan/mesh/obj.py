"""Read OBJ: vertex colours, textures through MTL, polygons, negative indices, continued lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.errors import CorruptFile
from casepan.mesh.colours import to_bytes
from casepan.mesh.materials import image_names, images_of
from casepan.mesh.polygons import Fan, fan
from casepan.mesh.surface import ByteArray, FloatArray, IntArray, Mesh, Texture
from casepan.mesh.text import BadNumberError, Numbers, Tokens, key, line_end, tokenise

Images: TypeAlias = Callable[[str], bytes | None]
Offsets = NDArray[np.int64]

_SLASH = 47
_CONTINUED = re.compile(rb"\\[ \t]*(?:\r\n|\n|\r)")
_NO_FACES = "It may hold points only: ask the sender to export the scan as a surface."


def read_obj(data: bytes, name: str = "", images: Images | None = None) -> Mesh:
    """The mesh of an OBJ, all objects and groups together, vertices exactly as stored, polygons cut into fans.

    Raises:
        CorruptFile: a number or an index makes no sense, or there is no triangle.
    """
    lines = _Lines.of(_plain_text(data), name)
    vertices, colours = _vertices(lines)
    corners = _Corners.of(lines, len(vertices), lines.count(b"vt"))
    cut = fan(corners.lengths)
    if not cut.size:
        raise CorruptFile("the OBJ holds no triangles", place=name or None, hint=_NO_FACES, line=1)
    texture, notes = _texture(data, lines, corners, cut, images)
    return Mesh(
        vertices,
        cut.of_corners(corners.points),
        vertex_colours=colours,
        texture=texture,
        format="obj",
        notes={**_notes(data, corners), **notes},
    )


def _plain_text(data: bytes) -> bytearray:
    """The text without comments and continuations; bytes keep their places, so that offsets can be told."""
    text = bytearray(data)
    if data.startswith(b"\xef\xbb\xbf"):
        text[:3] = b"   "
    at = text.find(b"#")
    while at >= 0:
        stop = at + 1
        if at == 0 or text[at - 1] <= 32:
            stop = line_end(text, at)
            text[at:stop] = b" " * (stop - at)
        at = text.find(b"#", stop)
    if b"\\" in text:
        return bytearray(_CONTINUED.sub(lambda match: b" " * len(match[0]), text))
    return text


@define(frozen=True, eq=False)
class _Lines:
    """The lines of the text that hold anything.

    Attributes:
        words: all words.
        first: int64 (k + 1,), the number of each line's first word, and behind them the number of words.
        kinds: uint64 (k,), the keyword of each line.
    """

    text: bytearray
    words: Tokens
    first: Offsets
    kinds: NDArray[np.uint64]
    name: str

    @classmethod
    def of(cls, text: bytearray, name: str) -> _Lines:
        words = tokenise(text)
        breaks = np.flatnonzero((words.data == 10) | (words.data == 13))
        first = np.searchsorted(words.starts, np.concatenate([[0], breaks, [len(words.data)]]))
        first = first[np.append(first[1:] > first[:-1], True)]
        return cls(text, words, first, words.take(first[:-1]).keys(), name)

    def of_kind(self, keyword: bytes) -> tuple[Offsets, Offsets]:
        """Number of the first word behind the keyword, and how many words follow it, for each line of that kind."""
        which = np.flatnonzero(self.kinds == key(keyword))
        begins = self.first[which] + 1
        return begins, self.first[which + 1] - begins

    def count(self, keyword: bytes) -> int:
        return int(np.count_nonzero(self.kinds == key(keyword)))

    def numbers(self, places: Offsets) -> Numbers:
        """Words at some places as numbers, in the shape of the places."""
        try:
            return self.words.take(places).numbers().reshape(places.shape)
        except BadNumberError as error:
            raise self.fault("this is not a number", error.offset) from error

    def fault(self, reason: str, offset: int) -> CorruptFile:
        return CorruptFile(reason, place=self.name or None, line=self.text.count(b"\n", 0, offset) + 1)

    def fault_at(self, reason: str, word: int) -> CorruptFile:
        """A fault at a word given by its number (the end of the text when there is no such word)."""
        return self.fault(reason, int(self.words.starts[word]) if word < len(self.words) else len(self.text))


def _vertices(lines: _Lines) -> tuple[FloatArray, ByteArray | None]:
    """``v x y z``, with a weight (4), a colour (6) or both (7) behind."""
    begins, counts = lines.of_kind(b"v")
    if (counts < 3).any():
        raise lines.fault_at("a vertex has fewer than three coordinates", int(begins[np.argmax(counts < 3)]))
    with np.errstate(over="ignore"):
        points = lines.numbers(begins[:, None] + np.arange(3)).astype(np.float32)
    coloured = counts >= 6
    if not coloured.any():
        return points, None
    channels = np.full((len(begins), 3), np.nan)
    tail = (begins + np.where(counts >= 7, 4, 3))[coloured]
    channels[coloured] = lines.numbers(tail[:, None] + np.arange(3))
    return points, to_bytes(channels, "f8")


@define(frozen=True, eq=False)
class _Corners:
    """All polygon corners one behind the other.

    Attributes:
        lengths: int64 (p,), corners of each polygon.
        points: int32, the vertex of each corner, from 0.
        pairs: int32, the texture coordinate of each corner, from 0, or -1 without.
    """

    lengths: Offsets
    points: IntArray
    pairs: IntArray

    @classmethod
    def of(cls, lines: _Lines, vertices: int, pairs: int) -> _Corners:
        begins, lengths = lines.of_kind(b"f")
        first = np.cumsum(lengths) - lengths
        places = np.repeat(begins - first, lengths) + np.arange(int(lengths.sum()))
        words = lines.words.take(places)
        points, texture = _split_at_slashes(words)
        owners = np.repeat(np.arange(len(begins)), lengths)
        point_index = _absolute(lines, points, lines.of_kind(b"v")[0], begins[owners], vertices)
        pair_index = np.full(len(points), -1, np.int32)
        given = np.flatnonzero(texture.ends > texture.starts)
        if len(given):
            some = texture.take(given)
            pair_index[given] = _absolute(lines, some, lines.of_kind(b"vt")[0], begins[owners[given]], pairs)
        return cls(lengths, point_index, pair_index)


def _split_at_slashes(words: Tokens) -> tuple[Tokens, Tokens]:
    """``a/b/c`` as the words ``a`` and ``b`` (empty where there is none)."""
    slashes = np.flatnonzero(words.data == _SLASH)
    if not len(slashes):
        return words, Tokens(words.data, words.ends, words.ends)
    slashes = np.concatenate([slashes, [len(words.data), len(words.data)]])
    place = np.searchsorted(slashes, words.starts)
    one = np.minimum(slashes[place], words.ends)
    two = np.minimum(slashes[np.minimum(place + 1, len(slashes) - 1)], words.ends)
    begin = np.minimum(one + 1, words.ends)
    return Tokens(words.data, words.starts, one), Tokens(words.data, begin, np.maximum(two, begin))


def _absolute(lines: _Lines, words: Tokens, defined: Offsets, at: Offsets, count: int) -> IntArray:
    """Indices from 0 of words that count from 1, or with a minus sign back from what is defined above their line."""
    try:
        values = words.numbers()
    except BadNumberError as error:
        raise lines.fault("this is not an index", error.offset) from error
    negative = values < 0
    if negative.any():
        values[negative] += np.searchsorted(defined, at[negative]) + 1
    wrong = ~((values >= 1) & (values <= count) & (values == np.floor(values)))
    if wrong.any():
        raise lines.fault("this face uses a vertex that is not there", int(words.starts[np.argmax(wrong)]))
    return values.astype(np.int32) - np.int32(1)


def _texture(
    data: bytes, lines: _Lines, corners: _Corners, cut: Fan, images: Images | None
) -> tuple[Texture | None, dict[str, Any]]:
    """Texture coordinates with the image that the material library names, or that the caller knows of."""
    if not (corners.pairs >= 0).any():
        return None, {}
    libraries, missing = _material_libraries(data, images)
    names = image_names(libraries, _named(data, b"usemtl"))
    named = names[0] if names else None
    image = images(named or "") if images is not None else None
    if named is None and image is None and not missing:
        return None, {"texture_coordinates": "present, but no material names an image"}
    notes: dict[str, Any] = {"missing_material_library": True} if missing else {}
    uv = _uv(lines, corners)
    if len(names) > 1:
        notes["further_textures"] = names[1:]
        uv[np.repeat(_wearing_another(lines, images_of(libraries), names[0]), corners.lengths)] = np.nan
    return Texture(cut.of_corners(uv), image, named), notes


def _wearing_another(lines: _Lines, worn: Mapping[str, str], first: str) -> NDArray[np.bool_]:
    """Which polygons have a material with another image than the first: its colours are not theirs."""
    begins, counts = lines.of_kind(b"usemtl")
    starts, ends = lines.words.starts, lines.words.ends
    texts = [
        bytes(lines.text[starts[at] : ends[at + n - 1]]) if n else b"" for at, n in zip(begins, counts, strict=True)
    ]
    another = [worn.get(text.decode("utf-8", "replace"), first) != first for text in texts]
    material = np.searchsorted(begins, lines.of_kind(b"f")[0])  # 0 before the first one
    return np.array([False, *another])[material]


def _uv(lines: _Lines, corners: _Corners) -> FloatArray:
    """float32 (c, 2), NaN at corners without a texture coordinate."""
    begins, counts = lines.of_kind(b"vt")
    if (counts < 2).any():
        raise lines.fault_at("a texture coordinate has fewer than two numbers", int(begins[np.argmax(counts < 2)]))
    with np.errstate(over="ignore"):
        table = lines.numbers(begins[:, None] + np.arange(2)).astype(np.float32)
    uv = table[corners.pairs]
    uv[corners.pairs < 0] = np.nan
    return uv


def _material_libraries(data: bytes, images: Images | None) -> tuple[list[bytes], bool]:
    """All material libraries that are there, and whether one is missing."""
    texts = [text for each in _named(data, b"mtllib") for text in _libraries(each, images)]
    found = [each for each in texts if each is not None]
    return found, len(found) < len(texts)


def _libraries(names: str, images: Images | None) -> list[bytes | None]:
    """The material libraries of one line: one whose name may hold blanks, else several; None for those not there."""
    if images is None:
        return [None]
    whole = images(names)
    return [whole] if whole is not None or " " not in names else [images(each) for each in names.split()]


def _named(data: bytes, keyword: bytes) -> list[str]:
    """What stands behind a keyword at the start of a line, each name once."""
    matches = re.findall(rb"(?:^|[\r\n])[ \t]*" + keyword + rb"[ \t]+([^\r\n]+)", data)
    return list(dict.fromkeys(match.decode("utf-8", "replace").strip() for match in matches))


def _notes(data: bytes, corners: _Corners) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    if re.match(rb"#<MEDIT>[ \t]*[\r\n]", data):
        notes["header"] = "#<MEDIT>"
    polygons = int((corners.lengths > 3).sum())
    short = int((corners.lengths < 3).sum())
    if polygons:
        notes["polygons"] = polygons
    if short:
        notes["faces_without_area"] = short
    return notes
