"""Observers: told what happens, in a thread of their own, never able to hold up or break a run."""

from __future__ import annotations

import logging
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import Event
from casepan.config.checks import inspect_lab
from casepan.config.loader import load_lab
from casepan.contract.specs import ObserverSpec
from casepan.errors import SecretError
from casepan.registry import Registry
from casepan.running import observers
from casepan.running.layout import StateFolder
from casepan.running.observers import Observers, context_of
from casepan_deliver.notices import MOST_TRIES, MOST_WAITING, Notices

from .labs import SURNAME, LabFolder, options
from .servers import Server

CHAT = 'with = { notices = { channel = { url = { env = "CHAT" }, timeout = "2s" } } }'
FOLDER = 'use = "core.folder"'
STUCK = Event(
    "delivery.stuck", "K7Q2-M4", "2026-01-31T06:00:00Z", {"export": "cad", "state": "failed", "code": "CP141"}
)
UNKNOWN = evolve(STUCK, detail={"export": "cad", "state": "unknown", "code": None})


@pytest.fixture(autouse=True)
def chat(web: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of the chat."""
    monkeypatch.setenv("CHAT", f"http://127.0.0.1:{web.port}/hook")


@pytest.fixture
def ctx(lab: LabFolder, tmp_path: Path) -> Any:
    """The context of an observer."""
    lab.write(FOLDER, adapter=CHAT)
    loaded = load_lab(tmp_path / "lab.toml")
    state = StateFolder(loaded.state)
    state.prepare()
    made = context_of(loaded, state, tmp_path, "deliver.notices")
    made.bench.clock = lambda: datetime(2026, 1, 31, tzinfo=UTC)
    return made


def notices(more: str = "") -> Notices:
    """The observer."""
    return Notices(options("deliver.notices", f'channel = {{ url = {{ env = "CHAT" }}, timeout = "2s" }}\n{more}'))


def told(web: Server) -> list[str]:
    """Every line that the chat got."""
    return [line for post in web.documents() for section in post["document"]["sections"] for line in section["lines"]]


def test_what_needs_a_person_is_told_at_once_in_one_message(web: Server, ctx: Any) -> None:
    """A failed delivery, an unknown one, and what lies in quarantine; everyday events are not."""
    everyday = Event("case.registered", "K7Q2-M4", "2026-01-31T06:00:00Z")
    lost = Event("arrival.quarantined", None, "2026-01-31T06:00:01Z", {"arrival": "a1", "code": "CP125"})
    broken = Event("case.quarantined", "AAAA-AA", "2026-01-31T06:00:02Z", {"code": "CP121"})
    notices().observe((everyday, STUCK, UNKNOWN, lost, broken), ctx)
    lines = told(web)
    assert len(web.documents()) == 1 and len(lines) == 4
    assert "K7Q2-M4, delivery 'cad': failed for good [CP141]" in lines[0]
    assert "nobody can tell whether it arrived" in lines[1]
    assert "[CP125]" in lines[2] and "AAAA-AA" in lines[3]


def test_a_lab_can_choose_what_it_is_told(web: Server, ctx: Any) -> None:
    """Only quarantine here."""
    notices('tell = ["quarantine"]').observe((STUCK,), ctx)
    assert not web.documents()


def test_a_chat_that_is_away_delays_a_notice_and_loses_none(web: Server, ctx: Any) -> None:
    """It is tried again after a pause, together with what came meanwhile; nothing is told twice."""
    web.misbehave("503", 1)
    watcher = notices()
    watcher.observe((STUCK,), ctx)
    watcher.observe((UNKNOWN,), ctx)
    assert not web.documents()
    ctx.bench.clock = lambda: datetime(2026, 1, 31, tzinfo=UTC) + timedelta(minutes=1)
    notices().observe((), ctx)
    notices().observe((), ctx)
    assert len(told(web)) == 2


def test_tries_and_memory_are_bounded(web: Server, ctx: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A chat that is gone for good does not fill the disk, and the log says what was lost."""
    web.misbehave("503")
    notices().observe((STUCK,) * (MOST_WAITING + 5), ctx)
    assert len(ctx.memory["waiting"]["lines"]) == MOST_WAITING
    for hours in range(1, MOST_TRIES):
        ctx.bench.clock = lambda hours=hours: datetime(2026, 1, 31, hours, tzinfo=UTC)
        notices().observe((), ctx)
    assert ctx.memory["waiting"] is None
    assert "was not sent" in caplog.text


@pytest.mark.parametrize("do", ["401", "hang"])
def test_a_notice_is_not_tried_for_ever(do: str, web: Server, ctx: Any) -> None:
    """A wrong address will stay wrong; a lost answer most likely means that it was told."""
    web.misbehave(do)
    notices().observe((STUCK,), ctx)
    assert ctx.memory["waiting"] is None


def test_a_run_tells_of_a_delivery_that_failed_for_good(web: Server, lab: LabFolder) -> None:
    """From the ledger's transition to the chat, without the patient's name."""
    lab.write(f'{FOLDER}\nwith = {{ path = "out" }}', adapter=CHAT)
    lab.drop()
    (lab.root / "out").write_text("a file where the folder should be")
    lab.run()
    assert lab.delivery().state == "failed"
    (line,) = told(web)
    assert f"{lab.delivery().ref}, delivery 'out': failed for good [CP140]" in line
    assert SURNAME not in str(web.documents())


def test_a_run_tells_of_an_arrival_in_quarantine(web: Server, lab: LabFolder) -> None:
    """What nobody can read is seen before the morning."""
    lab.write(FOLDER, adapter=CHAT)
    (lab.root / "inbox").mkdir()
    (lab.root / "inbox" / f"{SURNAME}.zip").write_bytes(b"PK no zip")
    lab.run()
    (line,) = told(web)
    assert "could not be processed [CP" in line
    assert SURNAME not in line


def test_a_chat_that_never_answers_does_not_hold_up_a_run(web: Server, lab: LabFolder) -> None:
    """The run ends as it would without it."""
    web.misbehave("hang")
    lab.write(FOLDER, adapter=CHAT)
    lab.drop()
    assert lab.run().exit_code == 0
    assert lab.delivery().state == "sent"


class Broken:
    """An observer with a bug."""

    def __init__(self, _: object = None) -> None:
        self.seen = 0

    def observe(self, events: object, ctx: object) -> None:
        """Fail."""
        self.seen += 1
        raise ValueError(SURNAME)


def made(lab: LabFolder, monkeypatch: pytest.MonkeyPatch, observer: object) -> Observers:
    """Observers with one that is not the plugin's."""
    lab.write(FOLDER, adapter=CHAT)
    loaded = load_lab(lab.root / "lab.toml")
    state = StateFolder(loaded.state)
    state.prepare()
    registry = Registry.load(["deliver"])
    monkeypatch.setattr(registry, "build", lambda *_: observer)
    return Observers(loaded, registry, state)


def test_a_bug_of_an_observer_stays_its_own(
    lab: LabFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged by its kind alone, and the observer gets the next events all the same."""
    broken = Broken()
    monkeypatch.setattr(observers, "PAUSE", 0.01)
    told_to = made(lab, monkeypatch, broken)
    with caplog.at_level(logging.WARNING):
        told_to.tell(STUCK)
        told_to.close()
    assert broken.seen >= 1
    assert "ValueError" in caplog.text and SURNAME not in caplog.text


def test_an_observer_that_hangs_is_left_behind(
    lab: LabFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The run waits a few seconds for all of them together, not for ever; events beyond the limit are not kept."""
    from threading import Event as Flag

    flag = Flag()

    class Hanging:
        def observe(self, events: object, ctx: object) -> None:
            flag.wait(20)

    monkeypatch.setattr(observers, "PATIENCE", 0.05)
    monkeypatch.setattr(observers, "MOST_WAITING", 2)
    told_to = made(lab, monkeypatch, Hanging())
    for _ in range(9):
        told_to.tell(STUCK)
    assert told_to._watchers[0].events.qsize() <= 3
    told_to.close()
    flag.set()
    assert "did not finish in time" in caplog.text


PROBLEMS = [
    ("with = { notices = {} }", "channel: is missing"),
    ("with = { notice = {} }", "no observer of that name"),
    ("with = { notices = { channel = { url = 'https://x' } } }", "must be a reference to a secret"),
    ("with = { notices = { channel = { url = { env = 'NOT_THERE' } } } }", "is not set"),
    (CHAT.replace('timeout = "2s" }', "insecure = true }, names = true"), "needs an encrypted way"),
]


@pytest.mark.parametrize(("adapter", "reason"), PROBLEMS)
def test_check_reads_the_table_of_an_observer(adapter: str, reason: str, lab: LabFolder) -> None:
    """As strictly as any stage's options, secrets included."""
    lab.write(FOLDER, adapter=adapter)
    problems = inspect_lab(load_lab(lab.root / "lab.toml"), Registry.load(["deliver"])).problems
    assert any(reason in str(problem) for problem in problems)
    assert all((problem.place or "").startswith(str(lab.root)) for problem in problems)


def test_without_a_table_nobody_is_told(web: Server, lab: LabFolder) -> None:
    """An enabled plugin alone sends nothing to anybody."""
    lab.write(FOLDER)
    lab.drop()
    shutil.rmtree(lab.root / "out", ignore_errors=True)
    lab.run()
    assert not web.documents()
    assert [spec.name for spec in Registry.load(["deliver"]).stages(ObserverSpec)] == ["deliver.notices"]


def test_the_examples_of_the_readme_are_right(lab: LabFolder, repository: Path) -> None:
    """Each is a lab with nothing wrong but secrets that this machine does not have."""
    text = (repository / "plugins" / "deliver" / "README.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) > 4
    for block in blocks:
        table = "" if "[adapters.deliver" in block else "[adapters.deliver]\n"
        (lab.root / "lab.toml").write_text(f'version = 1\n[lab]\nname = "x"\n{table}{block}', "utf-8")
        problems = inspect_lab(load_lab(lab.root / "lab.toml"), Registry.load(["deliver"])).problems
        assert [problem for problem in problems if not isinstance(problem, SecretError)] == []
