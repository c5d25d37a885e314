"""``done = "move:FOLDER"``: once every receipt is there, the source leaves the inbox. Nothing else ever touches an inbox."""

from __future__ import annotations

import shutil
from pathlib import Path

from casepan.arrivals.walking import look, walk
from casepan.contract.stages import Watch
from casepan.errors import CaseError, NotReady
from casepan.running.inbox import Inbox
from casepan.running.intake import ARRIVAL_DOCUMENT, SOURCE_FOLDER, read_landed
from casepan.running.shop import Shop

MOVE = "move:"


def tidy(inbox: Inbox, shop: Shop, arrival: str) -> bool:
    """Move the source of an arrival away if all its cases are handed on, and if it still is what was taken.

    A source that changed stays: it is, or will be, another arrival. Returns whether something was moved.
    """
    target = _target(inbox.watch, inbox.base)
    if target is None or not shop.ledger.is_handed_on(arrival):
        return False
    folder = shop.state.arrival(arrival)
    if not (folder / ARRIVAL_DOCUMENT).is_file():
        return False  # purged long ago
    landed = read_landed(folder)
    if (landed.pipeline, landed.inbox) != (inbox.pipeline, inbox.step):
        return False
    root = Path(landed.root)
    if not all(_unchanged(root / name, folder / SOURCE_FOLDER / name) for name in landed.names):
        return False
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in landed.names:
            shutil.move(root / name, _free(target / name, arrival))
    except OSError as error:
        shop.journal.note("arrival.not-moved", arrival=arrival, reason=error.strerror or type(error).__name__)
        return False
    shop.journal.note("arrival.moved", arrival=arrival)
    return True


def _target(watch: Watch, base: Path) -> Path | None:
    return base / watch.done.removeprefix(MOVE).strip() if watch.done.startswith(MOVE) else None


def _free(target: Path, arrival: str) -> Path:
    """A name that is not taken; an order that comes twice under one name stays beside the first."""
    return target.with_name(f"{target.stem}-{arrival}{target.suffix}") if target.exists() else target


def _unchanged(source: Path, copy: Path) -> bool:
    """True when source and copy hold the same files with the same sizes and times; litter of file managers does not count."""
    try:
        here = _files(source)
    except (CaseError, NotReady, OSError):
        return False
    return bool(here) and here == _files(copy)


def _files(path: Path) -> set[tuple[str, int, int]]:
    found = walk(path) if path.is_dir() else [look(path, "")]
    return {(seen.path, seen.size, seen.mtime_ns) for seen in found if seen.why is None}
