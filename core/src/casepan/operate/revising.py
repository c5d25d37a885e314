"""Revisions that a person makes: files of the case before, files that came late, a folder that is whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from casepan.durable import copy_flushed, sync_folder
from casepan.model.case import Case
from casepan.model.files import FileRef, digest_of
from casepan.operate.desk import Desk
from casepan.running.durable import private_folder, state_error, sync_tree
from casepan.running.facts import meshes_of
from casepan.running.intake import write_case
from casepan.running.layout import place_of
from casepan.running.ledger import CaseRow
from casepan.running.ledger.desk import NewRevision
from casepan.running.quarantine import take_out
from casepan.running.steps import ADDED, ADDED_FOLDER


@frozen
class Draft:
    """The folder of a revision in the making: a snapshot of its own of all files that people added.

    Attributes:
        row: the revision that it is made from; folder: where it grows, inside the folder of its case.
    """

    row: CaseRow
    folder: Path

    @classmethod
    def of(cls, desk: Desk, row: CaseRow) -> Draft:
        """A draft with the files that were added to the revision before.

        Raises:
            StateError: the disk is full or not ours.
        """
        home = desk.state.case(row.ref, row.revision)
        private_folder(home.parent)
        draft = cls(row, Path(tempfile.mkdtemp(prefix=".draft-", dir=home.parent)))
        if (home / ADDED_FOLDER).is_dir():
            shutil.copytree(home / ADDED_FOLDER, draft.folder / ADDED_FOLDER, copy_function=_linked)
        return draft

    def next_folder(self) -> Path:
        """A new folder for files that come together, named by its number."""
        home = private_folder(self.folder / ADDED_FOLDER)
        return private_folder(home / str(1 + sum(1 for _ in home.iterdir())))

    def added(self, folder: Path, name: str, size: int, content: str) -> FileRef:
        """The reference to a file in such a folder."""
        return FileRef(f"{folder.name}/{name}", size, content, ADDED)


def _linked(source: str, target: str) -> None:
    """A file of a snapshot never changes, so one copy of its bytes is enough where the disk can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def copy_private(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file that somebody named into a draft, flushed; its size and SHA-256.

    Raises:
        StateError: the state folder cannot be written. OSError: the source cannot be read.
    """
    with source.open("rb") as stream:
        try:
            size, content = copy_flushed(stream, target)
            target.chmod(0o600)
        except OSError as error:
            raise state_error(error, target) from error
    return size, content


def files_of(case: Case) -> Iterable[FileRef]:
    """Every file of a case, each once."""
    files = [scan.file for scan in case.scans] + [texture for scan in case.scans for texture in scan.textures]
    files += [item.file for item in case.attachments] + [item.file for item in case.closed]
    return {(file.store, file.path): file for file in files}.values()


def publish(
    desk: Desk,
    draft: Draft,
    case: Case,
    kind: str,
    *,
    by: str,
    note: str,
    answers: Sequence[tuple[str, str]] = (),
    seen: int = 0,
    outdated: bool = False,
) -> str:
    """Make a draft the next revision of its case; its place.

    Folder and ledger change together: when either fails, nothing has happened.

    Args:
        case: with the files of the draft.
        kind: of the event; answers, seen: as ``Ledger.answer`` takes them.
        outdated: True when a newer revision than the draft's base may be there.

    Raises:
        StateError: the case is in work or closed, or a newer revision came a moment ago.
    """
    ref, base = draft.row.ref, draft.row.revision
    case = evolve(case, digest=digest_of(files_of(case)))

    def write(revision: int) -> None:
        write_case(draft.folder, evolve(case, ref=ref, revision=revision), draft.row.arrival)
        move_into_place(draft.folder, desk.state.case(ref, revision))

    new = NewRevision(
        base, case.digest, meshes_of(case), kind, by, note, write, answers=answers, outdated=outdated
    )  # fmt: skip
    revision = desk.ledger.make_revision(ref, new, seen=seen)
    for number in range(1, revision):
        row = desk.ledger.case(ref, number)
        if row is not None and row.state == "closed":
            take_out(desk.state, row.place)
    return place_of(ref, revision)


def move_into_place(folder: Path, target: Path) -> None:
    """Give a finished folder its name. What lies there without being in the ledger is left over from a crash.

    Raises:
        StateError: the disk is full or not ours.
    """
    try:
        sync_tree(folder)
        shutil.rmtree(target, ignore_errors=True)
        private_folder(target.parent)
        folder.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise state_error(error, target) from error
