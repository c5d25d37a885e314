"""``casepan rules import-exocad``: the laboratory's table of implants filled from the CAD libraries it has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.config.loader import read_text
from casepan.config.positions import line_numbers
from casepan.config.template import toml_string
from casepan.durable import make_folders, sync_folder
from casepan.errors import AdapterError, CaseError, CorruptFile, UsageError
from casepan.knowledge.implants import ImplantLibrary, ImplantTable, implant_table, match_system, plain_words
from casepan.knowledge.lab_rules import FOLDER, parsed_rules
from casepan.model.prescription import Implant
from casepan.running.durable import write_file

CONFIG = "config.xml"
LARGEST = 16 << 20
"""Bytes of one description; the largest that is known of has some hundred kilobytes."""
_BARE = re.compile(r"[a-z0-9-]+")


@frozen
class Addition:
    """What is added for one system.

    Attributes:
        key: its name in the table; title: maker and name; new: whether it was not in the table.
        fields: the keys to write.
        types: what the library distinguishes, for a comment: not always platforms, so nobody is held to them.
    """

    key: str
    title: str
    new: bool
    fields: Mapping[str, str | tuple[str, ...]]
    types: tuple[str, ...] = ()


@frozen
class LibraryImport:
    """What the libraries of a folder would add to the laboratory's table.

    Attributes:
        path: ``rules/implants.toml``; text: all that it would hold.
        libraries: how many were read.
        additions: per system. kept: what differs from what the laboratory wrote, and stays as it wrote it.
        refused: what could not be read, each with its place.
    """

    path: Path
    text: str
    libraries: int
    additions: tuple[Addition, ...]
    kept: tuple[str, ...]
    refused: tuple[CaseError, ...]

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "schema": 1,
            "libraries": self.libraries,
            "added": [
                {"system": one.key, "title": one.title, "new": one.new, **_plain(one.fields)} for one in self.additions
            ],
            "kept": list(self.kept),
            "refused": [{"place": one.place, "reason": one.reason, "hint": one.hint} for one in self.refused],
        }


def plan_import(lab: Path, source: Path) -> LibraryImport:
    """What the libraries under a folder would add; nothing is written.

    Args:
        lab: the ``lab.toml`` beside whose ``rules`` folder the table lies.
        source: a library's folder, or one with many.

    Raises:
        UsageError: no such folder, no lab, or no library. AdapterError: casepan-exocad is not installed.
        ConfigError: the laboratory's own table is broken as it is.
    """
    if not lab.is_file():
        raise UsageError("there is no lab here", place=str(lab), hint="casepan init makes one; --lab names another.")
    libraries, refused = _read_all(source)
    path = lab.parent / FOLDER / "implants.toml"
    before = read_text(path) if path.is_file() else ""
    own = parsed_rules(path, before)
    table = implant_table(own)
    additions, kept = _compared(libraries, table)
    text, stuck = _written(before, additions, own)
    done = tuple(one for one in additions if one.key not in stuck)
    kept += tuple(f"{one.title}: written in a form that cannot be added to" for one in additions if one.key in stuck)
    implant_table(parsed_rules(path, text))
    return LibraryImport(path, text, len(libraries), done, kept, refused)


def write_import(planned: LibraryImport) -> None:
    """Write the table. Raises ``StateError`` where that is not possible."""
    if planned.additions:
        make_folders(planned.path.parent)
        write_file(planned.path, planned.text.encode("utf-8"))
        sync_folder(planned.path.parent)


def _read_all(source: Path) -> tuple[tuple[ImplantLibrary, ...], tuple[CaseError, ...]]:
    if not source.is_dir():
        hint = "Name the folder of a library, or the one that holds the libraries; unpack archives first."
        raise UsageError("no such folder", place=str(source), hint=hint)
    found: list[ImplantLibrary] = []
    refused: list[CaseError] = []
    for path in _descriptions(source):
        try:
            found.append(_library(path))
        except CaseError as error:
            refused.append(error)
    if not found and not refused:
        raise UsageError(f"no {CONFIG} lies here", place=str(source), hint="Each implant library has one.")
    return tuple(found), tuple(refused)


def _descriptions(source: Path) -> Iterator[Path]:
    """Every description under a folder, in a stable order; links to folders are not followed."""
    for folder, inner, names in os.walk(source):
        inner.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.casefold() == CONFIG)


def _library(path: Path) -> ImplantLibrary:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise CorruptFile(f"cannot be read: {error.strerror}", place=str(path), hint="Check the rights.") from error
    if len(data) > LARGEST:
        raise CorruptFile(f"larger than {LARGEST >> 20} MiB", place=str(path), hint="Is this a library's description?")
    library: ImplantLibrary = _reader().read_implant_library(data, path.parent.name, place=str(path))
    return library


def _reader() -> Any:
    """The module that knows exocad's libraries: core knows no vendor."""
    try:
        return import_module("casepan_exocad.implants")
    except ImportError as error:
        hint = "Install the distribution casepan-exocad."
        raise AdapterError("exocad's libraries cannot be read here", hint=hint) from error


def _compared(libraries: Sequence[ImplantLibrary], table: ImplantTable) -> tuple[tuple[Addition, ...], tuple[str, ...]]:
    """What is new for each system, and what the table already says otherwise."""
    groups: dict[str, list[ImplantLibrary]] = {}
    for library in libraries:
        groups.setdefault(_key_of(library, table), []).append(library)
    additions, kept = [], []
    for key, group in groups.items():
        addition = _new(key, group, table) if key not in table.systems else _more(key, group, table)
        additions += [addition] if addition.fields else []
        if key in table.systems:
            kept += list(_differing(key, group, table))
    return tuple(additions), tuple(kept)


def _key_of(library: ImplantLibrary, table: ImplantTable) -> str:
    """The system's name in the table, or a new one. The maker may be the library's, and the implant's in its name."""
    said = Implant(manufacturer=library.maker, system=library.name)
    match = match_system(said, table)
    if match.how in ("name", "synonym"):
        return next(key for key, system in table.systems.items() if system is match.system)
    for key, system in table.systems.items():
        if plain_words(system.title) == plain_words(library.name):
            return key
    key = re.sub(r"[\W_]+", "-", f"{library.maker} {library.name}".casefold()).strip("-") or "library"
    while key in table.systems:  # another system of that key
        key += "-2"
    return key


def _new(key: str, group: Sequence[ImplantLibrary], table: ImplantTable) -> Addition:
    first = group[0]
    title = first.name if first.name.startswith(first.maker) else f"{first.maker} {first.name}"
    fields: dict[str, str | tuple[str, ...]] = {"maker": first.maker, "name": first.name}
    keywords = _once(one.keyword for one in group)
    fields |= {"also": keywords} if keywords and not _taken(keywords, first, table) else {}
    fields["library"] = _names(group)
    bodies = _once(body for one in group for body in one.scan_bodies)
    fields |= {"scan_bodies": bodies} if bodies else {}
    return Addition(key, title, True, fields, _once(name for one in group for name in one.types))


def _taken(keywords: Iterable[str], library: ImplantLibrary, table: ImplantTable) -> bool:
    """Whether a keyword means another system of that maker."""
    words = {plain_words(word) for word in keywords}
    makers = plain_words(library.maker)
    own = (one for one in table.systems.values() if plain_words(one.maker) == makers)
    return any(words & {plain_words(name) for name in (one.name, *one.also)} for one in own)


def _more(key: str, group: Sequence[ImplantLibrary], table: ImplantTable) -> Addition:
    """What a known system does not say yet; what it says stays."""
    system = table.systems[key]
    bodies = _once(body for one in group for body in one.scan_bodies)
    fields: dict[str, str | tuple[str, ...]] = {} if system.library else {"library": _names(group)}
    fields |= {"scan_bodies": bodies} if bodies and not system.scan_bodies else {}
    return Addition(key, system.title, False, fields)


def _differing(key: str, group: Sequence[ImplantLibrary], table: ImplantTable) -> Iterator[str]:
    system = table.systems[key]
    if system.library and system.library != _names(group):
        yield f"{system.title}: library = {system.library!r} stays; found {_names(group)!r}"
    more = [body for one in group for body in one.scan_bodies if body not in system.scan_bodies]
    if system.scan_bodies and more:
        yield f"{system.title}: scan_bodies stay as listed; found also {', '.join(_once(more))}"


def _names(group: Sequence[ImplantLibrary]) -> str:
    return ", ".join(_once(one.folder for one in group))


def _written(before: str, additions: Iterable[Addition], own: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    """The file with the additions, and the systems that it writes in a way that lines cannot be added to."""
    text, stuck = f"{before.rstrip()}\n" if before else "", set()
    for one in additions:
        lines = "".join(f"{key} = {_toml(value)}\n" for key, value in one.fields.items())
        if one.key not in own.get("systems", {}):
            types = f"# the library distinguishes: {_comment(one.types)}\n" if one.types else ""
            name = one.key if _BARE.fullmatch(one.key) else toml_string(one.key)
            text = f"{text.rstrip()}\n\n[systems.{name}]\n{types}{lines}".lstrip()
        elif (begin := _header_end(text, one.key)) is not None:
            text = text[:begin] + lines + text[begin:]
        else:
            stuck.add(one.key)
    return text, frozenset(stuck)


def _header_end(text: str, key: str) -> int | None:
    """Where the line after ``[systems.key]`` begins; None when the system is written without such a line."""
    number = line_numbers(text).get(("systems", key))
    rows = text.splitlines(keepends=True)
    is_header = number is not None and rows[number - 1].lstrip().startswith("[")
    return sum(len(row) for row in rows[:number]) if is_header else None


def _toml(value: str | tuple[str, ...]) -> str:
    return toml_string(value) if isinstance(value, str) else f"[{', '.join(map(toml_string, value))}]"


def _comment(names: Iterable[str]) -> str:
    """Names on one line that ends nothing: other signs would be no TOML."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", ", ".join(names))[:400]


def _plain(fields: Mapping[str, str | tuple[str, ...]]) -> dict[str, str | list[str]]:
    return {key: value if isinstance(value, str) else list(value) for key, value in fields.items()}


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
