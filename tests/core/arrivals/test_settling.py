"""When an arrival is taken. Time is an argument, so nothing here waits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from casepan.arrivals import settling
from casepan.arrivals.settling import Arrival, Settling, list_arrivals, poll
from casepan.arrivals.walking import Seen, walk
from casepan.contract.stages import Watch
from casepan.errors import CaseError, NotReady

Maker = Callable[..., Path]
WATCH = Watch("inbox", settle=30)


class Inbox:
    """An inbox and the memory of its supervisor."""

    def __init__(self, folder: Path, watch: Watch = WATCH) -> None:
        self.base = folder.parent
        self.folder = folder
        self.watch = watch
        self.state = Settling()

    def poll(self, now: float, seen: tuple[str, ...] = ()) -> list[Arrival]:
        """Look at that second."""
        arrivals, self.state = poll(self.watch, self.state, now, base=self.base, seen=seen)
        return list(arrivals)

    def names(self, now: float) -> list[tuple[str, ...]]:
        """The names of what is taken at that second."""
        return [arrival.names for arrival in self.poll(now)]


@pytest.fixture
def inbox(make_folder: Maker) -> Inbox:
    """An empty inbox."""
    return Inbox(make_folder("inbox", {}))


def test_an_arrival_is_taken_once_when_it_has_been_still(inbox: Inbox, make_folder: Maker) -> None:
    """Two equal listings a settle apart, and never again."""
    make_folder("inbox", {"Jane/a.stl": b"1", "b.zip": b"PK"})
    assert inbox.names(0) == []
    assert inbox.names(29) == []
    assert inbox.names(30) == [("Jane",), ("b.zip",)]
    assert inbox.names(60) == []


def test_one_listing_is_never_enough(inbox: Inbox, make_folder: Maker) -> None:
    """Even without a waiting time an arrival must be seen twice."""
    inbox.watch = evolve(WATCH, settle=0)
    make_folder("inbox", {"Jane/a.stl": b"1"})
    assert inbox.names(0) == []
    assert inbox.names(0) == [("Jane",)]


def test_an_arrival_that_grows_waits_anew(inbox: Inbox, make_folder: Maker) -> None:
    """Also when the file that grows lies deep inside."""
    make_folder("inbox", {"Jane/Scans/Upper/a.stl": b"1"})
    assert inbox.names(0) == []
    make_folder("inbox", {"Jane/Scans/Upper/a.stl": b"12"})
    assert inbox.names(30) == []
    assert inbox.names(59) == []
    assert inbox.names(60) == [("Jane",)]


def test_an_empty_folder_is_no_arrival_yet(inbox: Inbox, make_folder: Maker) -> None:
    """It becomes one with its first file."""
    (inbox.folder / "Jane" / "Scans").mkdir(parents=True)
    assert [inbox.names(now) for now in (0, 30, 60)] == [[], [], []]
    make_folder("inbox", {"Jane/Scans/a.stl": b"1"})
    assert [inbox.names(now) for now in (90, 120)] == [[], [("Jane",)]]


def test_new_content_in_an_old_arrival_is_a_new_arrival(inbox: Inbox, make_folder: Maker) -> None:
    """The id changes with the content, so that the runner can make it a revision."""
    make_folder("inbox", {"a.zip": b"1"})
    inbox.poll(0)
    first = inbox.poll(30)[0]
    make_folder("inbox", {"a.zip": b"22"})
    inbox.poll(40)
    second = inbox.poll(70)[0]
    assert first.names == second.names
    assert first.id != second.id


def test_a_change_deep_in_an_old_folder_is_noticed_in_turn(inbox: Inbox, make_folder: Maker) -> None:
    """Old folders are looked through again a few at a time."""
    make_folder("inbox", {f"case {n:02}/Scans/a.stl": b"1" for n in range(settling.RECHECKED + 5)})
    inbox.poll(0)
    assert len(inbox.poll(30)) == settling.RECHECKED + 5
    make_folder("inbox", {"case 22/Scans/a.stl": b"22"})
    assert inbox.names(60) == []
    assert inbox.names(90) == []
    assert inbox.names(120) == [("case 22",)]


def test_old_arrivals_are_not_looked_through(inbox: Inbox, make_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll walks new folders and a few old ones only."""
    make_folder("inbox", {f"case {n:03}/a.stl": b"1" for n in range(100)})
    inbox.poll(0)
    inbox.poll(30)
    walked: list[Path] = []

    def remember(path: Path) -> tuple[Seen, ...]:
        walked.append(path)
        return walk(path)

    monkeypatch.setattr(settling, "walk", remember)
    make_folder("inbox", {"new/a.stl": b"1"})
    inbox.poll(40)
    assert len(walked) == settling.RECHECKED + 1
    assert inbox.folder / "new" in walked


def test_what_the_ledger_knows_is_not_handed_out_again(inbox: Inbox, make_folder: Maker) -> None:
    """After a restart the ids are the same."""
    make_folder("inbox", {"a.zip": b"1", "b.zip": b"2"})
    inbox.poll(0)
    known = inbox.poll(30)[0]
    again = Inbox(inbox.folder)
    again.poll(100, (known.id,))
    assert [arrival.names for arrival in again.poll(130, (known.id,))] == [("b.zip",)]


def test_a_folder_that_vanishes_and_returns_settles_again(inbox: Inbox, make_folder: Maker) -> None:
    """With the same content it has the same id, so that the ledger knows it."""
    folder = make_folder("inbox/Jane", {"a.stl": b"1"})
    inbox.poll(0)
    first = inbox.poll(30)[0]
    shutil.move(folder, inbox.base / "elsewhere")
    assert inbox.names(40) == []
    shutil.move(inbox.base / "elsewhere", folder)
    assert inbox.names(50) == []
    assert [arrival.id for arrival in inbox.poll(80)] == [first.id]


def test_a_clock_that_is_set_back_starts_the_wait_again(inbox: Inbox, make_folder: Maker) -> None:
    """Nothing is stuck for the hours that the clock jumped."""
    make_folder("inbox", {"a.zip": b"1"})
    inbox.poll(7200)
    assert inbox.names(3600) == []
    assert inbox.names(3630) == [("a.zip",)]


def test_unfinished_and_hidden_names_are_skipped(inbox: Inbox, make_folder: Maker) -> None:
    """Downloads in progress and litter are no arrivals."""
    files = ["a.zip.part", "b.crdownload", ".hidden", "~$c.docx", "Thumbs.db", "D.TMP", "__MACOSX/x", "real.zip"]
    make_folder("inbox", dict.fromkeys(files, b"1"))
    inbox.poll(0)
    assert inbox.names(30) == [("real.zip",)]


def test_only_wanted_names_are_taken(inbox: Inbox, make_folder: Maker) -> None:
    """Patterns compare without regard to capitals."""
    inbox.watch = evolve(WATCH, names=("*.zip",))
    make_folder("inbox", {"A.ZIP": b"1", "b.stl": b"2", "c/d.stl": b"3"})
    inbox.poll(0)
    assert inbox.names(30) == [("A.ZIP",)]


def test_the_folder_for_finished_arrivals_may_lie_in_the_inbox(inbox: Inbox, make_folder: Maker) -> None:
    """It is never an arrival itself."""
    inbox.watch = evolve(WATCH, done="move:inbox/done")
    make_folder("inbox", {"done/old/a.stl": b"1", "new.zip": b"2"})
    inbox.poll(0)
    assert inbox.names(30) == [("new.zip",)]


def test_loose_meshes_are_taken_together_when_all_are_still(inbox: Inbox, make_folder: Maker) -> None:
    """The one that is written last decides."""
    make_folder("inbox", {"Jane UpperJaw.stl": b"1", "John UpperJaw.stl": b"1"})
    inbox.poll(0)
    make_folder("inbox", {"Jane LowerJaw.stl": b"1"})
    assert inbox.names(30) == [("John UpperJaw.stl",)]
    assert inbox.names(60) == [("Jane LowerJaw.stl", "Jane UpperJaw.stl")]


def test_doubt_about_loose_meshes_is_handed_on(inbox: Inbox, make_folder: Maker) -> None:
    """A person decides about scans of one name that were written an hour apart."""
    make_folder("inbox", {"Jane UpperJaw.stl": b"1", "Jane LowerJaw.stl": b"1"})
    os.utime(inbox.folder / "Jane LowerJaw.stl", (1e9, 1e9))
    inbox.poll(0)
    arrivals = inbox.poll(30)
    assert len(arrivals) == 2
    assert all("far apart" in (arrival.doubt or "") for arrival in arrivals)


def test_an_inbox_that_is_not_there_is_not_ready(tmp_path: Path) -> None:
    """A share that is not mounted comes back."""
    with pytest.raises(NotReady, match="inbox is not there"):
        list_arrivals(WATCH, tmp_path)


def test_an_inbox_that_may_not_be_read_is_typed(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission denied names the inbox."""

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CaseError, match="Permission denied"):
        inbox.poll(0)


def test_a_folder_that_cannot_be_looked_through_is_still_an_arrival(
    inbox: Inbox, make_folder: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking it will say why, so that it does not lie there in silence; the others are not held up."""
    make_folder("inbox", {"bad/a.stl": b"1", "good/a.stl": b"1"})

    def refuse(path: Path) -> tuple[Seen, ...]:
        if path.name == "bad":
            raise CaseError("cannot be read: Permission denied", place=str(path))
        return walk(path)

    monkeypatch.setattr(settling, "walk", refuse)
    inbox.poll(0)
    assert inbox.names(30) == [("bad",), ("good",)]


def test_a_name_that_is_not_utf8_has_an_id(inbox: Inbox) -> None:
    """Undecodable bytes do not stop an inbox."""
    name = "M\udcfcller.stl"
    current = {name: settling.Fingerprint(settling.Glance(False, 1, 1, 1), 1, 1, 1.0, "x")}
    _, state = settling.settle(Settling(), current, 0, WATCH)
    arrivals, _ = settling.settle(state, current, 30, WATCH)
    assert arrivals[0].names == (name,)


def test_neither_names_nor_titles_are_shown_by_repr(inbox: Inbox, make_folder: Maker) -> None:
    """They are patients' names."""
    make_folder("inbox", {"Jane Doe.zip": b"1"})
    inbox.poll(0)
    arrivals = inbox.poll(30)
    assert "Jane" not in repr(arrivals)
    assert "Jane" not in repr(inbox.state)
