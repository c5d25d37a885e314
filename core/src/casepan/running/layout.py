"""Where things lie inside the state folder. Only references and ids appear in these paths, never names."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from attrs import frozen

from casepan.errors import StateError
from casepan.running.durable import private_folder

REFERENCE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{2}")
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@lru_cache(maxsize=1)
def base_of(lab_toml: Path) -> Path:
    """The folder of ``lab.toml``; its links are followed once, by a warm process for all its children."""
    return lab_toml.resolve().parent


@frozen
class StateFolder:
    """The state folder of one lab."""

    root: Path

    @property
    def ledger(self) -> Path:
        """The SQLite file."""
        return self.root / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """The file whose lock means: a supervisor, or a child of one, is alive."""
        return self.root / "supervisor.lock"

    @property
    def log(self) -> Path:
        """The folder of the JSON log."""
        return self.root / "log"

    @property
    def memory(self) -> Path:
        """What stages remember between cases."""
        return self.root / "memory"

    @property
    def work(self) -> Path:
        """Scratch space; whatever lies here when a supervisor starts is left over and is removed."""
        return self.root / "work"

    @property
    def quarantined(self) -> Path:
        """One folder with REASON.txt for each case or arrival that cannot be processed."""
        return self.root / "quarantine"

    @property
    def discarded(self) -> Path:
        """What people have discarded; only ``purge`` empties it."""
        return self.root / "discarded"

    def arrival(self, arrival: str) -> Path:
        """The folder of one arrival."""
        return self.root.joinpath("arrivals", checked(arrival))

    def case(self, ref: str, revision: int) -> Path:
        """The folder of one revision of a case."""
        return self.root.joinpath("cases", checked(ref), f"r{revision}")

    def desk(self, ref: str) -> Path:
        """What people answered and decided about a case: a copy that outlives the ledger."""
        return self.root / "cases" / checked(ref) / "desk.json"

    def quarantine(self, subject: str) -> Path:
        """The quarantine folder of a case (``K7Q2-M4``, ``K7Q2-M4-r2``) or an arrival."""
        return self.quarantined / checked(subject)

    def prepare(self) -> None:
        """Make every folder, readable by this user only.

        Raises:
            StateError: the place cannot be written.
        """
        for folder in (self.root, self.log, self.memory, self.work, self.quarantined, self.discarded):
            private_folder(folder)
        for name in ("arrivals", "cases"):
            private_folder(self.root / name)


def is_safe(name: str) -> bool:
    """True when it may be the reference of a case or the id of an arrival, and so the name of a folder."""
    return SAFE_ID.fullmatch(name) is not None


def checked(name: str) -> str:
    """The name, if it is safe as a folder's name; commands pass what people typed."""
    if not is_safe(name):
        raise StateError("this is not the reference of a case or an arrival", place=name)
    return name


def place_of(ref: str, revision: int) -> str:
    """Name of a revision for people and destinations: ``K7Q2-M4``, ``K7Q2-M4-r2``."""
    return ref if revision == 1 else f"{ref}-r{revision}"


def parse_place(text: str) -> tuple[str, int | None]:
    """``K7Q2-M4-r2`` as (reference, revision); the revision is None when none was given.

    A whole reference stays one, however it ends: ``pmc4-r4`` names no revision.
    """
    ref, mark, number = text.rpartition("-r")
    if mark and number.isdigit() and not REFERENCE.fullmatch(text.upper()):
        return ref.upper(), int(number)
    return text.upper(), None
