"""The ASCII form of STL: any letter case, any white space, several solids, names in any encoding."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from attrs import define, field

from casepan.errors import CorruptFile
from casepan.mesh import kernels
from casepan.mesh.surface import FloatArray
from casepan.mesh.text import BadNumberError, Tokens, key, line_end, tokenise

_CHUNK = 1 << 23
_WORDS = b"facet normal x x x outer loop vertex x x x vertex x x x vertex x x x endloop endfacet".split()
_STRIDE = len(_WORDS)
_FIXED = [place for place, word in enumerate(_WORDS) if word != b"x"]
_KEYS = np.array([key(_WORDS[place]) for place in _FIXED], np.uint64)
_LENGTHS = np.array([len(_WORDS[place]) for place in _FIXED])
_SOLID = re.compile(rb"(end)?solid", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_CORNERS = np.array([8, 9, 10, 12, 13, 14, 16, 17, 18])


@define
class _Solids:
    """Names of the solids found so far and whether the last one was ended."""

    names: list[str] = field(factory=list)
    open: bool = False

    def note(self, data: bytes, at: int, *, ended: bool) -> None:
        """A line that starts or ends a solid; its name stands from an offset on."""
        self.open = not ended
        if not ended:
            self.names.append(data[at : line_end(data, at)].decode("utf-8", "replace").strip())


def read_text(data: bytes, name: str = "") -> tuple[FloatArray, dict[str, Any]]:
    """Corners float32 (m, 3, 3) of all solids together, and their names.

    Raises:
        CorruptFile: a facet is not as the format wants it, the text is cut off, or there is no facet at all.
    """
    plain = _scanned(data) if kernels.compiled() else None
    corners, solids = plain or _taken_apart(data, name)
    _check_ends(corners, solids, data, name)
    return corners, {"ascii": True, "solids": tuple(solids.names)}


def _scanned(data: bytes) -> tuple[FloatArray, _Solids] | None:
    """The corners and solids of a text without anything unusual, by kernels; None where there is something."""
    solids = _Solids()
    parts = []
    begin = at = 3 if data.startswith(_BOM) else 0
    while True:
        corners, at = kernels.scan_facets(data, at)
        parts.append(corners)
        if at == len(data):
            return np.concatenate(parts), solids
        line = _SOLID.match(data, at)
        if line is None or data[max(_line_start(data, at), begin) : at].strip():
            return None
        solids.note(data, line.end(), ended=bool(line[1]))
        at = line_end(data, at)


def _taken_apart(data: bytes, name: str) -> tuple[FloatArray, _Solids]:
    """The same word by word, whatever is in it."""
    body, solids = _without_solid_lines(data)
    parts = []
    begin = 0
    while begin < len(body):
        end = min(begin + _CHUNK, len(body))
        words = tokenise(memoryview(body)[begin:end])
        facets = len(words) // _STRIDE if end == len(body) else (len(words) - 1) // _STRIDE
        _check_facets(words, facets, begin, data, name)
        parts.append(_corners(words, facets, begin, data, name))
        if end == len(body):
            if len(words) > facets * _STRIDE:
                raise _fault("the ASCII STL is cut off inside a facet", data, len(data), name)
            break
        if not facets:
            raise _fault("this is not a facet", data, begin, name)
        begin += int(words.starts[facets * _STRIDE])
    return np.concatenate(parts) if parts else np.empty((0, 3, 3), np.float32), solids


def _check_ends(corners: FloatArray, solids: _Solids, data: bytes, name: str) -> None:
    if not len(corners):
        raise CorruptFile("the STL holds no triangles", place=name or None, line=1)
    if solids.open:
        raise _fault("the ASCII STL is cut off: its last solid does not end", data, len(data), name)


def _without_solid_lines(data: bytes) -> tuple[bytearray, _Solids]:
    """The text in lower case with all ``solid`` and ``endsolid`` lines blanked: offsets stay, names cannot disturb."""
    body = bytearray(data.lower())
    if body.startswith(_BOM):
        body[:3] = b"   "
    solids = _Solids()
    at = body.find(b"solid")
    while at >= 0:
        start = _line_start(body, at)
        before = bytes(body[start:at]).strip()
        stop = line_end(body, at)
        if before in (b"", b"end"):
            solids.note(data, at + 5, ended=bool(before))
            body[start:stop] = b" " * (stop - start)
        at = body.find(b"solid", stop)
    return body, solids


def _line_start(body: bytes | bytearray, at: int) -> int:
    low = max(0, at - 256)
    return max(body.rfind(b"\n", low, at), body.rfind(b"\r", low, at), low - 1) + 1


def _check_facets(words: Tokens, facets: int, begin: int, data: bytes, name: str) -> None:
    """Every facet must have its 21 words, the fixed ones in their places."""
    fixed = words.take((np.arange(facets)[:, None] * _STRIDE + _FIXED).ravel())
    lengths = (fixed.ends - fixed.starts).reshape(facets, len(_FIXED))
    wrong = ((fixed.keys().reshape(facets, len(_FIXED)) != _KEYS) | (lengths != _LENGTHS)).ravel()
    if wrong.any():
        at = int(np.argmax(wrong))
        expected = _WORDS[_FIXED[at % len(_FIXED)]].decode()
        raise _fault(f'"{expected}" is expected here', data, begin + int(fixed.starts[at]), name)


def _corners(words: Tokens, facets: int, begin: int, data: bytes, name: str) -> FloatArray:
    places = np.arange(facets)[:, None] * _STRIDE + _CORNERS
    try:
        with np.errstate(over="ignore"):
            return words.take(places).numbers().astype(np.float32).reshape(facets, 3, 3)
    except BadNumberError as error:
        raise _fault("this is not a number", data, begin + error.offset, name) from error


def _fault(reason: str, data: bytes, offset: int, name: str) -> CorruptFile:
    line = data.count(b"\n", 0, offset) + 1
    return CorruptFile(reason, place=name or None, line=line)
