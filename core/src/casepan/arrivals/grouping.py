"""Which files belong to one patient? Told by folders, by what stands before the role words, and by time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from attrs import evolve, field, frozen

from casepan.arrivals.names import folded, strip_copy_marks
from casepan.knowledge.roles import RoleGuess, role_from_folder, role_from_name

MESHES = frozenset({"stl", "ply", "obj"})
LOOSE = MESHES | {"dcm"}
DOCUMENTS = frozenset(
    {"pdf", "xps", "xml", "html", "htm", "txt", "csv", "json", "toml", "dentalproject", "constructioninfo", "matrix4"}
    | {"mtl", "jpg", "jpeg", "png", "bmp", "tif", "tiff"}
)
WINDOW = 900.0
"""Seconds within which the scans of one export are written: 100 MB take minutes over a slow link."""

_ONCE = frozenset({"arch", "preparation", "antagonist", "edentulous", "denture"})
_FAR_APART = "scans of one name were written far apart in time"
_TWICE = "one arch is there twice, and no name says which one counts"
_STRAY = "no name says which of several cases a scan belongs to"


@frozen
class Bundle:
    """Files that belong together.

    Attributes:
        paths: sorted; prefix: what their names begin with, folded, empty when they begin with the role. Both private.
        doubt: why a person should look, None when all is clear; without names.
    """

    paths: tuple[str, ...] = field(repr=False)
    prefix: str = field(default="", repr=False)
    doubt: str | None = None


@frozen
class _Named:
    path: str
    where: str
    prefix: str
    marked: bool
    guess: RoleGuess | None

    @property
    def slot(self) -> tuple[str, str | None] | None:
        """What can be there only once for one patient; None for bites and whatever may come many times."""
        if self.guess is None or self.guess.role not in _ONCE:
            return None
        return self.guess.role, self.guess.arch


def split_meshes(paths: Iterable[str]) -> tuple[Bundle, ...]:
    """The meshes of one folder or zip, parted by patient when they cannot be of one.

    As long as no arch comes twice they are one case. Otherwise names with another beginning, or in other folders, are
    another case; a mesh that fits none of several cases stands alone, with ``doubt``.
    """
    named = [_named(path) for path in sorted(paths)]
    if not named:
        return ()
    if not _repeats(named):
        return (_bundle(named),)
    return _settled_strays(_parted(named, lambda one: (one.where, one.prefix)))


def group_loose(times: Mapping[str, float]) -> tuple[Bundle, ...]:
    """Loose files in an inbox, by name and time of writing (seconds since the epoch).

    Meshes with one beginning and one kind of copy mark, written within a quarter of an hour of each other, are one
    case; those that begin with the role word are held together by time alone. Documents and pictures join the case
    that their name begins with; every other file (a zip, a closed format) is a case of its own. Doubt is told, never
    guessed away.
    """
    meshes = [_named(name) for name in sorted(times) if _suffix(name) in LOOSE]
    documents = [name for name in sorted(times) if _suffix(name) in DOCUMENTS]
    groups: list[list[_Named]] = []
    late: set[str] = set()
    for group in _parted(meshes, lambda one: (one.prefix, one.marked)):
        clusters = _by_time(group, times)
        groups += clusters
        late |= {one.path for one in group} if len(clusters) > 1 else set()
    bundles = [
        evolve(one, doubt=_FAR_APART) if late.intersection(one.paths) else one for one in _settled_strays(groups)
    ]
    rest = sorted(set(times).difference(documents, (one.path for one in meshes)))
    bundles += [Bundle((name,), folded(strip_copy_marks(_stem(name)))) for name in rest]
    return _with_documents(bundles, documents)


@lru_cache(maxsize=50_000)
def _named(path: str) -> _Named:
    *folders, leaf = re.split(r"[/!]", path)
    where = "/".join(folded(folder) for folder in folders if role_from_folder(folder) is None)
    guess = role_from_name(path)
    own = role_from_name(leaf) if folders else guess
    stem = strip_copy_marks(_stem(leaf))
    prefix = own.prefix if own else "" if guess else stem
    return _Named(path, where, folded(prefix), stem != _stem(leaf), guess)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _repeats(named: Sequence[_Named]) -> bool:
    """True when one arch comes twice under different names; one name in two formats is one scan."""
    different = {(one.slot, _stem(one.path)) for one in named if one.slot}
    return len(different) != len({slot for slot, _ in different})


def _parted(named: Sequence[_Named], key: Callable[[_Named], tuple[object, ...]]) -> list[list[_Named]]:
    groups: dict[tuple[object, ...], list[_Named]] = defaultdict(list)
    for one in named:
        groups[key(one)].append(one)
    return list(groups.values())


def _by_time(group: Sequence[_Named], times: Mapping[str, float]) -> list[list[_Named]]:
    clusters: list[list[_Named]] = []
    for one in sorted(group, key=lambda one: (times[one.path], one.path)):
        if clusters and times[one.path] - times[clusters[-1][-1].path] <= WINDOW:
            clusters[-1].append(one)
        else:
            clusters.append([one])
    return clusters


def _settled_strays(groups: Sequence[list[_Named]]) -> tuple[Bundle, ...]:
    """Bundles of the groups. A group without any arch joins the case that its name begins with, or is doubtful."""
    homes = [group for group in groups if any(one.slot for one in group)]
    strays = [group for group in groups if not any(one.slot for one in group)]
    if len(homes) == 1 and len(groups) > 1 and not homes[0][0].prefix:
        homes, strays = [[*homes[0], *(one for group in strays for one in group)]], []
    by_prefix = {(group[0].where, group[0].prefix): group for group in homes if group[0].prefix}
    lonely: list[list[_Named]] = []
    for group in strays:
        home = _home(group[0], by_prefix)
        (home.extend(group) if home is not None else lonely.append(group))
    doubt = _STRAY if len(homes) > 1 else None
    return (*(_bundle(group) for group in homes), *(evolve(_bundle(group), doubt=doubt) for group in lonely))


def _home(one: _Named, by_prefix: Mapping[tuple[str, str], list[_Named]]) -> list[_Named] | None:
    for length in range(len(one.prefix), 0, -1):
        found = by_prefix.get((one.where, one.prefix[:length]))
        if found is not None:
            return found
    return None


def _bundle(group: Sequence[_Named]) -> Bundle:
    prefix = next((one.prefix for one in group if one.slot), group[0].prefix)
    return Bundle(tuple(sorted(one.path for one in group)), prefix, _TWICE if _repeats(group) else None)


def _with_documents(bundles: Sequence[Bundle], documents: Sequence[str]) -> tuple[Bundle, ...]:
    """The bundles with documents of the same name; those that fit nothing stand alone."""
    by_start = {folded(strip_copy_marks(_stem(path))): n for n, one in enumerate(bundles) for path in one.paths}
    by_start |= {one.prefix: n for n, one in enumerate(bundles) if one.prefix}
    joined: dict[int, list[str]] = defaultdict(list)
    alone = []
    for name in documents:
        stem = folded(strip_copy_marks(_stem(name)))
        found = next((by_start[stem[:n]] for n in range(len(stem), 0, -1) if stem[:n] in by_start), None)
        (alone.append(name) if found is None else joined[found].append(name))
    full = [evolve(one, paths=tuple(sorted((*one.paths, *joined[n])))) for n, one in enumerate(bundles)]
    return (*full, *(Bundle((name,), folded(_stem(name))) for name in alone))
