"""When is an arrival complete enough to be taken? Told by listings of names, sizes and times alone; no file is opened.

A supervisor keeps one ``Settling`` per inbox and calls ``poll`` as often as it likes. Everything but
``list_arrivals`` is a pure function of its arguments. What was taken before is not looked at again as long as its own
entry in the inbox stays the same, except that a few old folders are looked through again at each poll, in turn: a
poll over 10,000 old arrivals is one ``scandir``.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from attrs import evolve, field, frozen

from casepan.arrivals.archive import junk_reason
from casepan.arrivals.grouping import Bundle, group_loose
from casepan.arrivals.names import folded
from casepan.arrivals.walking import is_folder, unreadable, walk
from casepan.contract.stages import Watch
from casepan.errors import CaseError, NotReady

RECHECKED = 20
"""Old folders that are looked through again at each poll, for files that changed deep inside."""


@frozen
class Glance:
    """What one ``scandir`` tells of a top-level entry, without looking inside."""

    folder: bool
    size: int
    mtime_ns: int
    inode: int


@frozen
class Fingerprint:
    """What an arrival looks like.

    Attributes:
        glance: its own entry in the inbox.
        files, size: how many files and bytes it holds; a folder without a file is no arrival yet.
        newest: latest time of writing in it, seconds since the epoch.
        digest: over path, size and time of every file. Of a folder that cannot be looked through, over its own entry:
            taking it will say why.
    """

    glance: Glance
    files: int
    size: int
    newest: float
    digest: str


@frozen
class Arrival:
    """What is to be taken as one.

    Attributes:
        id: fingerprint over names, sizes and times; the same as long as nothing changes. Safe to store and to log.
        root: the inbox; names: the entries of it that make the arrival, one folder or zip, or several loose files.
            Private.
        title: what a person would call it: the folder's name or the first file's. Private.
        doubt: why a person should look (finding ``arrival.ambiguous``), None when all is clear.
    """

    id: str
    root: Path = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    title: str = field(default="", repr=False)
    doubt: str | None = None


@frozen
class Settling:
    """What a supervisor remembers of an inbox between two polls.

    Attributes:
        listed: the last listing. since: for each name, when it was first seen as it is now.
        rested: names that were still; of these only their own entry is looked at.
        taken: ids of arrivals that were handed out and are still there.
        turn: name after which the next old folders are looked through again.
    """

    listed: Mapping[str, Fingerprint] = field(factory=dict, repr=False)
    since: Mapping[str, float] = field(factory=dict, repr=False)
    rested: frozenset[str] = field(default=frozenset(), repr=False)
    taken: frozenset[str] = frozenset()
    turn: str = field(default="", repr=False)


def poll(
    watch: Watch, previous: Settling, now: float, *, base: Path = Path(), seen: Collection[str] = ()
) -> tuple[tuple[Arrival, ...], Settling]:
    """Look once at an inbox.

    Args:
        watch: what to observe; ``base``: the folder that its path counts from.
        previous: the last poll's second result, ``Settling()`` at first.
        now: seconds on any clock; when it is set back, waiting begins anew.
        seen: ids that the ledger knows; they are not handed out again.

    Returns:
        The arrivals that have now been still for ``watch.settle`` seconds, each once, and what to remember.

    Raises:
        NotReady: the inbox itself is not there (a share that is not mounted). CaseError: it may not be read.
    """
    again = _next_in_turn(previous)
    known = {name: previous.listed[name] for name in previous.rested.difference(again)}
    arrivals, following = settle(previous, list_arrivals(watch, base, known=known), now, watch, base=base)
    following = evolve(following, turn=again[-1] if again else "")
    return tuple(arrival for arrival in arrivals if arrival.id not in seen), following


def list_arrivals(
    watch: Watch, base: Path = Path(), *, known: Mapping[str, Fingerprint] | None = None
) -> dict[str, Fingerprint]:
    """What lies in an inbox, by top-level name.

    Args:
        known: parts of an earlier listing; what is in it and whose own entry is unchanged is not looked through again.

    Raises:
        NotReady: the inbox is not there. CaseError: it may not be read.
    """
    inbox = base / watch.path
    known = known or {}
    listed: dict[str, Fingerprint] = {}
    for name, glance in _glances(inbox, watch, base).items():
        old = known.get(name)
        found = old if old is not None and old.glance == glance else _fingerprint(inbox / name, name, glance)
        if found is not None and found.files:
            listed[name] = found
    return listed


def settle(
    previous: Settling, current: Mapping[str, Fingerprint], now: float, watch: Watch, *, base: Path = Path()
) -> tuple[tuple[Arrival, ...], Settling]:
    """Which arrivals of a listing have been still for ``watch.settle`` seconds. A pure function; see ``poll``.

    Loose files are taken together with those they belong to, and only when all of these are still.
    """
    since = {name: _since(previous, name, mark, now) for name, mark in current.items()}
    rested = frozenset(name for name, start in since.items() if now - start >= watch.settle and name in previous.listed)
    if rested == previous.rested and current == previous.listed:
        return (), evolve(previous, since=since)
    present = _arrivals(current, base / watch.path)
    due = tuple(one for one in present if one.id not in previous.taken and rested.issuperset(one.names))
    taken = previous.taken.intersection(one.id for one in present).union(one.id for one in due)
    return due, Settling(dict(current), since, rested, taken, previous.turn)


def _since(previous: Settling, name: str, mark: Fingerprint, now: float) -> float:
    """When it was first seen as it is now; a clock that was set back starts the wait again."""
    old = previous.listed.get(name)
    if old is None or old.digest != mark.digest:
        return now
    return min(previous.since[name], now)


def _next_in_turn(previous: Settling) -> list[str]:
    folders = sorted(name for name in previous.rested if previous.listed[name].glance.folder)
    start = bisect_right(folders, previous.turn)
    return (folders[start:] + folders[:start])[:RECHECKED]


def _arrivals(current: Mapping[str, Fingerprint], inbox: Path) -> tuple[Arrival, ...]:
    folders = [Bundle((name,)) for name, mark in current.items() if mark.glance.folder]
    loose = group_loose({name: mark.newest for name, mark in current.items() if not mark.glance.folder})
    return tuple(_arrival(bundle, current, inbox) for bundle in sorted((*folders, *loose), key=lambda one: one.paths))


def _arrival(bundle: Bundle, current: Mapping[str, Fingerprint], inbox: Path) -> Arrival:
    lines = "".join(f"{name}\0{current[name].digest}\n" for name in bundle.paths)
    return Arrival(_hash(lines), inbox, bundle.paths, bundle.paths[0], bundle.doubt)


def _glances(inbox: Path, watch: Watch, base: Path) -> dict[str, Glance]:
    found: dict[str, Glance] = {}
    done = _done_folder(inbox, watch, base)
    folder = str(inbox)  # text, because 10,000 Path objects a poll cost more than the calls
    try:
        with os.scandir(inbox) as entries:
            names = [entry.name for entry in entries if _wanted(entry.name, watch.names, watch.skip)]
    except FileNotFoundError as error:
        raise NotReady(
            "the inbox is not there", place=str(inbox), hint="Make the folder, or mount its share."
        ) from error
    except OSError as error:
        raise unreadable(error, str(inbox)) from error
    for name in names:
        try:
            status = os.lstat(f"{folder}{os.sep}{name}")
        except FileNotFoundError:
            continue  # taken away between the two looks
        if name != done:
            found[name] = Glance(is_folder(status), status.st_size, status.st_mtime_ns, status.st_ino)
    return found


@lru_cache(maxsize=100_000)
def _wanted(name: str, names: tuple[str, ...], skip: tuple[str, ...]) -> bool:
    """Remembered: the same thousands of names are asked about at every poll."""
    plain = folded(name)
    if junk_reason(name) or any(fnmatchcase(plain, folded(pattern)) for pattern in skip):
        return False
    return not names or any(fnmatchcase(plain, folded(pattern)) for pattern in names)


def _done_folder(inbox: Path, watch: Watch, base: Path) -> str | None:
    """The name of the folder for finished arrivals, when it lies in the inbox itself."""
    if not watch.done.startswith("move:"):
        return None
    path = Path(os.path.normpath(base / watch.done[5:]))
    return path.name if path.parent == Path(os.path.normpath(inbox)) else None


def _fingerprint(path: Path, name: str, glance: Glance) -> Fingerprint | None:
    """None when it vanished meanwhile."""
    if not glance.folder:
        mark = _hash(f"{name}\0{glance.size}\0{glance.mtime_ns}\n")
        return Fingerprint(glance, 1, glance.size, glance.mtime_ns / 1e9, mark)
    try:
        inside = [seen for seen in walk(path) if seen.why is None]
    except NotReady:
        return None
    except CaseError as error:
        return Fingerprint(glance, 1, 0, glance.mtime_ns / 1e9, _hash(f"{name}\0{error.code}\0{glance.mtime_ns}\n"))
    lines = "".join(f"{seen.path}\0{seen.size}\0{seen.mtime_ns}\n" for seen in inside)
    newest = max((seen.mtime_ns for seen in inside), default=0) / 1e9
    return Fingerprint(glance, len(inside), sum(seen.size for seen in inside), newest, _hash(lines))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
