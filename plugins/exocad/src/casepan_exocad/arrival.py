"""The exocad projects in an arrival: which files belong together, and what shows that they are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from casepan.api import CaseError, Confidence, Entry, Listing, Recognition, read_xml
from casepan_exocad.document import identity_of
from casepan_exocad.layout import FRAME, PROJECT, STAGE, Part, fold, is_anothers, is_dated, part_of, stem_of

MEDIT_OBJ = b"#<MEDIT>"


@frozen
class Project:
    """One project of an arrival.

    Attributes:
        path: its ``.dentalProject``; folder, stem: where that lies, and its name without extension.
        parts: its meshes; files: everything that belongs to it.
    """

    path: str
    folder: str
    stem: str
    parts: tuple[Part, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[Part, ...]:
        """Meshes that bear the project's name and a word of exocad's."""
        return tuple(part for part in self.parts if part.word and fold(part.stem) == fold(self.stem))

    def beside(self, suffix: str) -> str | None:
        """The path of the file with the project's own name and another extension, None when it is not there."""
        wanted = fold(f"{self.stem}.{suffix}")
        entries = (Entry(path, 0, 0.0) for path in self.files)
        found = (e.path for e in entries if e.folder == self.folder and fold(f"{stem_of(e)}.{e.suffix}") == wanted)
        return next(found, None)


def projects(entries: Sequence[Entry]) -> tuple[Project, ...]:
    """Every project: by folder and, where one folder holds several, by the names of the files. A lone one takes all."""
    documents = [entry for entry in entries if entry.suffix == PROJECT]
    found = [Project(entry.path, entry.folder, stem_of(entry)) for entry in _without_copies(documents)]
    if len(found) == 1:
        return (_filled(found[0], entries),)
    shares: list[list[Entry]] = [[] for _ in found]
    for entry in entries:
        home = _home(entry, found)
        if home is not None:
            shares[home].append(entry)
    return tuple(_filled(project, share) for project, share in zip(found, shares, strict=True))


def _without_copies(documents: Iterable[Entry]) -> list[Entry]:
    """Of ``case.dentalProject`` and ``case (1).dentalProject`` in one folder only the first."""
    unique: dict[tuple[str, str], Entry] = {}
    for entry in documents:
        unique.setdefault((entry.folder, fold(stem_of(entry))), entry)
    return list(unique.values())


def _filled(project: Project, entries: Iterable[Entry]) -> Project:
    listed = tuple(entries)
    parts = tuple(part for entry in listed if (part := part_of(entry)) is not None)
    return evolve(project, parts=parts, files=tuple(entry.path for entry in listed))


def _home(entry: Entry, found: Sequence[Project]) -> int | None:
    """The project in whose folder a file lies, the nearest one; of several in one folder the one whose name it bears."""
    within = [n for n, project in enumerate(found) if _is_below(entry.folder, project.folder)]
    nearest = max((len(found[n].folder) for n in within), default=0)
    here = [n for n in within if len(found[n].folder) == nearest]
    if len(here) == 1:
        return here[0]
    bearing = [n for n in here if fold(entry.name).startswith(fold(found[n].stem))]
    return max(bearing, key=lambda n: len(found[n].stem), default=None)


def _is_below(folder: str, top: str) -> bool:
    return not top or folder == top or folder.startswith(f"{top}/")


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per project that no other ecosystem has marked as its own."""
    claims = (_claim(listing, project) for project in projects(listing.entries))
    return tuple(claim for claim in claims if claim is not None)


def _claim(listing: Listing, project: Project) -> Recognition | None:
    marks = _marks(listing, project)
    if not marks or is_marked(listing, project):
        return None
    likely: Confidence = "likely" if len(marks) > 1 and not is_dated(project.stem) else "possible"
    return Recognition(
        stage=STAGE,
        vendor_id=identity(listing, project),
        files=project.files,
        confidence=likely,
        evidence=marks,
        frame=FRAME,
    )


def _marks(listing: Listing, project: Project) -> tuple[str, ...]:
    """One line for each mark; none when there is no mesh that exocad would pick up."""
    if not any(part.word for part in project.parts):
        return ()
    seen = (
        (is_treatment(head_of(listing, project.path)), "a .dentalProject with root Treatment"),
        (len(project.named) > 1, "two or more meshes named <project>-upperjaw, -lowerjaw, -situ, -TotalJaw0 ..."),
        (any(project.beside(end) for end in ("matrix4", "scaninfo")), "a .matrix4 or .scanInfo of the same name"),
        (project.beside("constructioninfo"), "a .constructionInfo of the same name"),
    )
    return tuple(line for mark, line in seen if mark)


def is_marked(listing: Listing, project: Project) -> bool:
    """Whether Medit or DS Core wrote the folder: DS Core leaves its project empty, Medit signs its OBJ files."""
    if not head_of(listing, project.path).strip() or any(map(is_anothers, project.files)):
        return True
    meshes = (part.path for part in project.parts if part.path.casefold().endswith(".obj"))
    return any(head_of(listing, path).removeprefix(b"\xef\xbb\xbf").startswith(MEDIT_OBJ) for path in meshes)


def is_treatment(head: bytes) -> bool:
    """Whether the beginning of a document has the root that exocad's projects have, in UTF-8 or UTF-16."""
    return b"<Treatment" in head.replace(b"\0", b"")


def head_of(listing: Listing, path: str) -> bytes:
    """The first bytes, none when the file is damaged: reading it will say so, recognition goes on."""
    try:
        return listing.head(path)
    except CaseError:
        return b""


def identity(listing: Listing, project: Project) -> str:
    """The project's GUID, else its name with the time that it gives, else its name."""
    try:
        found = identity_of(read_xml(listing.read(project.path)))
    except CaseError:
        found = None
    if found and found.guid:
        return found.guid
    return " | ".join(part for part in (fold(project.stem), found.when if found else None) if part)
