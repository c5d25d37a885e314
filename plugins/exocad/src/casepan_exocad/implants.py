"""The implant libraries of exocad: which system and which scan bodies a library folder is for.

A folder holds ``config.xml`` (facts/destinations.md 6). Only names are read: meshes of scan bodies may be encrypted, and
whether they are the right ones nobody can tell from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from casepan.api import CorruptFile, ImplantLibrary, read_xml

_ROOT = "ImplantLibraryEntry"
_TYPES, _TYPE = "TypeConfig", "ImplantTypeConfig"
_LONGEST = 200


def read_implant_library(data: bytes, folder: str, *, place: str = "") -> ImplantLibrary:
    """What a ``config.xml`` says.

    Args:
        data: the whole file.
        folder: name of the folder it lies in; that is how the library is called in the CAD.
        place: the file, for errors.

    Raises:
        CorruptFile: no XML, or no implant library, or one that names no maker or no system.
    """
    root = read_xml(data, place=place)
    if root.tag != _ROOT:
        hint = "Other libraries of the CAD have a config.xml too; only implant libraries are read."
        raise CorruptFile(f"no implant library: its first element is {root.tag[:40]}", place=place, hint=hint)
    maker = _text(root, "Supplier") or _attribute(root.find("Supplier"), "Name")
    name = _text(root, "DisplayInformation")
    for what, said in (("maker (Supplier)", maker), ("system (DisplayInformation)", name)):
        if not said:
            hint = "Write this system into rules/implants.toml by hand."
            raise CorruptFile(f"the library names no {what}", place=place, hint=hint)
    types = root.findall(f"{_TYPES}/{_TYPE}")
    return ImplantLibrary(
        maker=maker,
        name=name,
        folder=folder,
        keyword=_text(root, "Keyword"),
        scan_bodies=_once(_stem(marker.text or "") for marker in root.iter("MarkerFilename")),
        types=_once(_text(one, "DisplayInformation") or _text(one, "TypeInformation") for one in types),
    )


def _text(element: Element, tag: str) -> str:
    """The text of a child on one line, empty without one."""
    return " ".join((element.findtext(tag) or "").split())[:_LONGEST]


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else " ".join(element.get(name, "").split())[:_LONGEST]


def _stem(path: str) -> str:
    """The name of a file without its folders and its end."""
    name = " ".join(path.replace("\\", "/").rpartition("/")[2].split())
    return (name.rpartition(".")[0] or name)[:_LONGEST]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
