"""Looking after the state folder: what is wrong with it, and what may leave it for good."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen

from casepan.config.lab import Lab
from casepan.contract.specs import HealthCheck
from casepan.running import platform
from casepan.running.layout import StateFolder, is_safe
from casepan.running.ledger import CaseRow, Ledger
from casepan.running.lock import holder_of
from casepan.running.searching import catch_up, has_index

STUCK = timedelta(hours=1)
"""A case that stands as ``arriving``, or as owned without a supervisor, for longer than this is stuck."""
FINISHED = ("handed-on", "closed")
OVER = ("taken", "superseded", "discarded")
"""States of an arrival out of which nothing more comes."""


@frozen
class Purged:
    """What a purge removed, or would remove.

    Attributes:
        cases: places of the cases whose files went; arrivals: ids of arrivals whose files went; discarded: names below
            ``state/discarded``.
    """

    cases: tuple[str, ...] = ()
    arrivals: tuple[str, ...] = ()
    discarded: tuple[str, ...] = ()


def doctor(lab: Lab) -> tuple[HealthCheck, ...]:
    """Permissions, disk, clock, ledger, stuck rows and left-over work of a lab's state folder. Changes nothing.

    Raises:
        StateError: the ledger cannot be opened at all.
    """
    state = StateFolder(lab.state)
    if not state.ledger.is_file():
        return (HealthCheck("ledger", ok=True, detail="nothing has run here yet"),)
    ledger = Ledger(state.ledger)
    try:
        return (
            _permissions(state),
            _disk(lab, state),
            _share(state),
            _clock(ledger),
            *_ledger(ledger),
            *_stuck(state, ledger),
        )
    finally:
        ledger.close()


def _permissions(state: StateFolder) -> HealthCheck:
    readable = state.root.stat().st_mode & 0o077
    hint = f"chmod -R go-rwx {state.root}" if readable else None
    return HealthCheck(
        "permissions", ok=not readable, detail="others can read it" if readable else "private", hint=hint
    )


def _disk(lab: Lab, state: StateFolder) -> HealthCheck:
    free = platform.free_bytes(state.root)
    hint = None if free >= lab.lab.min_free else "Intake pauses: make room, or lower min_free."
    return HealthCheck("disk", ok=hint is None, detail=f"{free >> 20} MiB free", hint=hint)


def _share(state: StateFolder) -> HealthCheck:
    remote = platform.current().is_network_share(state.root)
    hint = "Set [lab] state to a local disk." if remote else None
    return HealthCheck("place", ok=not remote, detail="a network share" if remote else "a local disk", hint=hint)


def _clock(ledger: Ledger) -> HealthCheck:
    last = ledger.events(limit=1)
    ahead = bool(last) and datetime.fromisoformat(last[0].at) > datetime.now(UTC) + timedelta(minutes=1)
    hint = "Set this machine's clock; until then retries may wait too long." if ahead else None
    return HealthCheck("clock", ok=not ahead, detail="behind the last event" if ahead else "plausible", hint=hint)


def _ledger(ledger: Ledger) -> Iterator[HealthCheck]:
    problems = ledger.verify()
    yield HealthCheck(
        "ledger", ok=not problems, detail="sound, and its trail is unbroken" if not problems else problems[0]
    )
    unknown = [row for row in ledger.deliveries() if row.needs_person]
    hint = "casepan deliveries list" if unknown else None
    yield HealthCheck("deliveries", ok=not unknown, detail=f"{len(unknown)} wait for a person", hint=hint)


def _stuck(state: StateFolder, ledger: Ledger) -> Iterator[HealthCheck]:
    holder = holder_of(state.lock, platform.current())
    who = "nobody is at work" if holder is None else f"process {holder.get('pid')} is at work"
    yield HealthCheck("supervisor", ok=True, detail=who)
    late = datetime.now(UTC) - STUCK
    cases = [
        row
        for row in ledger.cases()
        if datetime.fromisoformat(row.at) < late and (row.state == "arriving" or (row.owner and holder is None))
    ]
    hint = "The next `casepan run` picks them up." if cases else None
    yield HealthCheck("stuck", ok=not cases, detail=", ".join(row.place for row in cases) or "nothing", hint=hint)
    left = list(state.work.iterdir()) if holder is None and state.work.is_dir() else []
    yield HealthCheck("left over", ok=True, detail=f"{len(left)} scratch files, removed by the next run")


def purge(lab: Lab, *, now: datetime | None = None, dry_run: bool = False) -> Purged:
    """Remove the files of cases that were finished ``keep_days`` ago, and what was discarded or came for nothing as long ago.

    The ledger keeps their references and hashes: the same order sent again is still known, and the trail stays whole. Held
    cases, quarantine and whatever still has an open delivery are never touched.

    Raises:
        StateError: the ledger cannot be used.
    """
    state, latest = StateFolder(lab.state), (now or datetime.now(UTC)) - timedelta(days=lab.lab.keep_days)
    if not state.ledger.is_file():
        return Purged()
    ledger = Ledger(state.ledger)
    try:
        old = [row for row in ledger.cases() if _is_over(row, latest) and state.case(row.ref, row.revision).exists()]
        going = {(row.ref, row.revision) for row in old}
        staying = {row.arrival for row in ledger.cases() if (row.ref, row.revision) not in going and row.arrival}
        discarded = [path for path in sorted(state.discarded.iterdir()) if path.stat().st_mtime < latest.timestamp()]
        left = {row.arrival for row in old if row.arrival} | {path.name for path in discarded}
        left |= _for_nothing(state, ledger, latest)
        arrivals = sorted(name for name in left - staying if state.arrival(name).exists())
        if not dry_run:
            for row in old:
                ledger.purged(row.ref, row.revision)
            _remove(*(state.case(row.ref, row.revision) for row in old), *map(state.arrival, arrivals), *discarded)
            _remove(*_left_alone(state, {row.ref for row in old}))
            if has_index(state):
                catch_up(state, ledger, wanted=lab.lab.name_index)
        return Purged(tuple(row.place for row in old), tuple(arrivals), tuple(path.name for path in discarded))
    finally:
        ledger.close()


def _for_nothing(state: StateFolder, ledger: Ledger, latest: datetime) -> set[str]:
    """Arrivals as old that brought nothing new or were replaced by a later one, and folders whose arrival was never recorded."""
    rows = {row.id: row for row in ledger.arrivals()}
    over = {row.id for row in rows.values() if row.state in OVER and datetime.fromisoformat(row.at) < latest}
    strange = (path for path in (state.root / "arrivals").iterdir() if path.name not in rows and is_safe(path.name))
    return over | {path.name for path in strange if path.stat().st_mtime < latest.timestamp()}


def _left_alone(state: StateFolder, refs: Iterable[str]) -> Iterator[Path]:
    """Folders of cases of which no revision is left: what people said about them goes too."""
    for ref in refs:
        home = state.case(ref, 1).parent
        if home.is_dir() and not any(home.glob("r[0-9]*")):
            yield home


def _is_over(row: CaseRow, latest: datetime) -> bool:
    return row.state in FINISHED and row.owner is None and datetime.fromisoformat(row.at) < latest


def _remove(*paths: Path) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
