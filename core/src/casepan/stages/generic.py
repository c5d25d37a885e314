"""``core.generic``: any other scanner's STL, PLY and OBJ, by the words in their names. It says what it assumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from attrs import frozen

from casepan.arrivals.assemble import assemble_case, scan_of
from casepan.arrivals.companions import companions
from casepan.arrivals.grouping import MESHES, Bundle, split_meshes
from casepan.arrivals.names import folded, strip_copy_marks
from casepan.contract.context import ImportContext
from casepan.contract.listing import Entry, Listing, Recognition
from casepan.contract.options import option
from casepan.errors import CaseError
from casepan.knowledge.roles import RoleGuess, marked_teeth, role_from_folder, role_from_name
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding

STAGE = "core.generic"
_NAMELESS = frozenset(
    {
        "export",
        "exports",
        "data",
        "files",
        "stl",
        "ply",
        "obj",
        "mesh",
        "meshes",
        "scan",
        "scans",
        "upload",
        "download",
        "new",
    }
)


@frozen
class GenericOptions:
    """What the lab knows of scanners without an adapter."""

    in_occlusion: bool = option(
        False, "the arches of these scanners share one occlusion frame, so that no bite scan is needed"
    )


def recognise_generic(listing: Listing) -> tuple[Recognition, ...]:
    """One ``possible`` case for each patient whose meshes are there; none without a mesh."""
    bundles = split_meshes(entry.path for entry in listing.entries if entry.suffix in MESHES)
    return tuple(_recognition(listing, bundle, bundles) for bundle in bundles)


class GenericReader:
    """Reads such a case."""

    def __init__(self, options: GenericOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> Iterable[Recognition]:
        """The cases in the arrival."""
        return recognise_generic(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case, with ``arrival.assumed`` for each scan and ``arrival.ambiguous`` where the names contradict."""
        meshes = [entry for entry in ctx.listing.entries if entry.path in candidate.files and entry.suffix in MESHES]
        guesses = _guesses([entry.path for entry in meshes])
        extra = _second_choices(meshes, guesses)
        scans = [self._scan(ctx, entry, guesses[entry.path], entry.path not in extra) for entry in meshes]
        case = assemble_case(candidate, ctx, scans=scans)
        return case.with_findings(*_assumed(case.scans, guesses), *_doubts(ctx.listing, candidate))

    def _scan(self, ctx: ImportContext, entry: Entry, guess: RoleGuess | None, preferred: bool) -> Scan:
        teeth = marked_teeth(entry.name)
        return scan_of(
            ctx,
            entry.path,
            role=guess.role if guess else "other",
            arch=guess.arch if guess else None,
            number=guess.number if guess else None,
            preferred=preferred,
            textures=companions(ctx.listing, entry.path),
            frame="occlusion" if self.options.in_occlusion else None,
            raw={"teeth_in_name": list(teeth)} if teeth else None,
        )


def _recognition(listing: Listing, bundle: Bundle, bundles: Sequence[Bundle]) -> Recognition:
    others = [entry for entry in listing.entries if entry.suffix not in MESHES]
    if len(bundles) > 1:
        others = [entry for entry in others if _belongs(entry, bundle, bundles)]
    return Recognition(
        STAGE,
        _identity(listing, bundle, alone=len(bundles) == 1),
        tuple(sorted((*bundle.paths, *(entry.path for entry in others)))),
        "possible",
        (f"{len(bundle.paths)} meshes that no layout explains",),
    )


def _belongs(entry: Entry, bundle: Bundle, bundles: Sequence[Bundle]) -> bool:
    """A document of one of several cases: in a folder that only its meshes use, or named like them."""
    sharing = [
        one for one in bundles if entry.folder in {path.replace("!", "/").rpartition("/")[0] for path in one.paths}
    ]
    if sharing == [bundle]:
        return True
    return bundle in sharing and bundle.prefix != "" and folded(entry.stem).startswith(bundle.prefix)


def _identity(listing: Listing, bundle: Bundle, *, alone: bool) -> str:
    """What stays equal when the same case is sent again: the name it came under, else a mark of its content."""
    entries = [entry for entry in listing.entries if entry.path in bundle.paths]
    loose = listing.name in {entry.path for entry in listing.entries}
    container = "" if loose else folded(strip_copy_marks(listing.name).removesuffix(".zip"))
    parts = [container, *([] if alone and not _says_nothing(container) else [bundle.prefix or _folder(bundle, alone)])]
    telling = [part for part in parts if part and not _says_nothing(part)]
    return "/".join(telling) or _content_mark(listing, entries)


def _folder(bundle: Bundle, alone: bool) -> str:
    """The folder that parts a case from the others in its arrival."""
    folders = {path.replace("!", "/").rpartition("/")[0] for path in bundle.paths}
    return "" if alone else min(folders)


def _says_nothing(name: str) -> bool:
    """True for a name that any case could have: ``export``, ``scans``, ``upper``, a number of one or two digits."""
    words = name.replace("_", " ").replace("-", " ").split()
    plain = (word in _NAMELESS or (word.isdigit() and len(word) < 3) for word in words)
    return all(plain) or role_from_folder(name) is not None


def _content_mark(listing: Listing, entries: Sequence[Entry]) -> str:
    digest = sha256()
    for entry in entries:
        digest.update(f"{entry.suffix} {entry.size}\n".encode() + _head(listing, entry.path))
    return f"content-{digest.hexdigest()[:16]}"


def _head(listing: Listing, path: str) -> bytes:
    try:
        return listing.head(path)
    except CaseError:
        return b""  # a damaged or locked file is reported when it is read


def _guesses(paths: Sequence[str]) -> Mapping[str, RoleGuess | None]:
    """What each name says; role words in the beginning that all names share count only where nothing else is said."""
    plain = {path: role_from_name(path) for path in paths}
    case_name = _common_start(paths)
    narrow = {path: role_from_name(path, case_name=case_name) for path in paths}
    return plain if any(plain[path] and not narrow[path] for path in paths) else narrow


def _common_start(paths: Sequence[str]) -> str:
    leaves = [path.replace("!", "/").rpartition("/")[2] for path in paths]
    if len(leaves) < 2:
        return ""
    same = next((n for n, letters in enumerate(zip(*leaves, strict=False)) if len(set(letters)) > 1), 0)
    return leaves[0][: max(leaves[0].rfind(mark, 0, same) for mark in " _-+.") + 1]


_WORTH = {"ply": 2, "obj": 1, "stl": 0}


def _second_choices(meshes: Sequence[Entry], guesses: Mapping[str, RoleGuess | None]) -> frozenset[str]:
    """Of scans of one role, arch and number all but one: coloured formats first, then the latest."""
    best: dict[tuple[object, ...], Entry] = {}
    for entry in sorted(meshes, key=lambda entry: (_WORTH[entry.suffix], entry.mtime, entry.path)):
        guess = guesses[entry.path]
        if guess and (guess.role not in ("bite", "other") or guess.number is not None):
            best[guess.role, guess.arch, guess.number] = entry
    kept = {entry.path for entry in best.values()}
    placed = {entry.path for entry in meshes if _slot(guesses[entry.path]) in best}
    return frozenset(placed - kept)


def _slot(guess: RoleGuess | None) -> tuple[object, ...] | None:
    return (guess.role, guess.arch, guess.number) if guess else None


def _assumed(scans: Iterable[Scan], guesses: Mapping[str, RoleGuess | None]) -> Iterable[Finding]:
    for scan in scans:
        yield Finding("arrival.assumed", "info", _told(guesses[scan.file.path]), scan=scan.id)


def _told(guess: RoleGuess | None) -> str:
    if guess is None:
        return "its name says nothing of what it shows; it is carried along as other"
    arch = f"{guess.arch} " if guess.arch else ""
    unknown = "" if guess.arch or guess.role == "bite" else "; no word says which arch"
    return f"taken for {arch}{guess.role} by the word {guess.evidence!r} in its name{unknown}"


def _doubts(listing: Listing, candidate: Recognition) -> list[Finding]:
    hint = "Put each case into a folder of its own and drop it again, or accept the case as it is."
    bundles = split_meshes(entry.path for entry in listing.entries if entry.suffix in MESHES)
    mine = [bundle for bundle in bundles if bundle.doubt and set(bundle.paths) <= set(candidate.files)]
    return [Finding("arrival.ambiguous", "warning", bundle.doubt or "", hint=hint) for bundle in mine]
