"""The one thing needed from an MTL file: which image each material wears. Free of numpy."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NEW = re.compile(rb"(?:^|[\r\n])[ \t]*newmtl[ \t]+([^\r\n]+)")
_MAP = re.compile(rb"(?:^|[\r\n])[ \t]*map_Kd[ \t]+([^\r\n]+)", re.IGNORECASE)
_OPTION = re.compile(
    r"-(?:blendu|blendv|cc|clamp|texres|bm|boost|type|imfchan)\s+\S+\s+|-mm(?:\s+[-+.\de]+){1,2}\s+|-[ost](?:\s+[-+.\de]+){1,3}\s+"
)


def image_names(libraries: Sequence[bytes], used: Sequence[str]) -> tuple[str, ...]:
    """Names of the colour images (``map_Kd``), those of used materials first, each once.

    Args:
        libraries: the contents of MTL files.
        used: material names in order of use.
    """
    images = images_of(libraries)
    ordered = [images[name] for name in used if name in images] + list(images.values())
    return tuple(dict.fromkeys(ordered))


def images_of(libraries: Sequence[bytes]) -> dict[str, str]:
    """Material to its colour image, over all libraries; the last one that says it counts."""
    return {name: image for text in libraries for name, image in _images(text).items()}


def _images(text: bytes) -> dict[str, str]:
    """Image of each material of one library that has one."""
    found: dict[str, str] = {}
    blocks = _NEW.split(text)
    for name, body in zip(blocks[1::2], blocks[2::2], strict=True):
        match = _MAP.search(body)
        if match is not None:
            found[_decoded(name)] = _OPTION.sub("", _decoded(match[1]))
    return found


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()
