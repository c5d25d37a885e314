"""``doctor`` tells what is wrong with a state folder, ``purge`` removes what is long finished and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casepan.operate.deciding import discard
from casepan.operate.desk import Desk
from casepan.running.keeping import doctor, purge
from casepan.running.layout import StateFolder

LATER = datetime.now(UTC) + timedelta(days=91)


def _bad(lab: Any) -> dict[str, str]:
    return {check.name: check.detail for check in doctor(lab) if not check.ok}


def test_a_healthy_folder_has_nothing_to_say(fake: Any, send: Any) -> None:
    """All well after a run, and before the first one."""
    lab = fake.lab(export=(send(),))
    assert _bad(lab) == {}
    fake.drop()
    fake.run(lab)
    assert _bad(lab) == {}


def test_the_doctor_names_each_trouble(fake: Any, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readable by others, a share, a failed delivery, a broken trail."""
    from casepan.running import platform

    fake.drop()
    lab = fake.lab(export=(send(do="refuse"),))
    fake.run(lab)
    (fake.root / "state").chmod(0o755)
    monkeypatch.setattr(platform, "_mounts", lambda: [("/", "nfs")])
    ledger = fake.ledger()
    with ledger.transaction():
        ledger.change("update events set at='2999-01-01T00:00:00.000Z' where id=(select max(id) from events)")
    ledger.close()
    assert set(_bad(lab)) == {"permissions", "place", "clock", "ledger", "deliveries"}


def test_purge_removes_what_is_long_finished(fake: Any, look: Any, send: Any) -> None:
    """Files go, the ledger still knows the order; a held case stays whatever its age."""
    lab = fake.lab(export=(send(),))
    fake.drop("done")
    ref = fake.run(lab).cases[0].case.ref
    fake.drop("held")
    held = fake.run(fake.lab(look(), export=(send(),))).cases[0].case.ref
    assert purge(lab).cases == ()
    assert purge(lab, now=LATER, dry_run=True).cases == (ref,)
    assert (fake.root / "state/cases" / ref / "r1").exists()
    gone = purge(lab, now=LATER)
    assert (gone.cases, len(gone.arrivals)) == ((ref,), 1)
    assert not (fake.root / "state/cases" / ref / "r1").exists()
    assert (fake.root / "state/cases" / held / "r1").exists()
    fake.drop("done again", order={"id": "done"})
    assert purge(lab, now=LATER).cases == ()
    fake.run(lab)
    assert fake.traces()[f"sent-{ref}"] == 1


def test_purge_removes_the_files_of_a_discarded_arrival(fake: Any) -> None:
    """Nobody wants it any more: its copy in the state folder goes with its REASON.txt, the source stays."""
    lab = fake.lab()
    source = fake.drop(order={"bad": True})
    (row,) = fake.run(lab).quarantined
    state, ledger = StateFolder(lab.state), fake.ledger()
    discard(Desk(lab, state, ledger), row.id, by="anna")
    ledger.close()
    assert purge(lab).arrivals == ()
    assert state.arrival(row.id).exists()
    gone = purge(lab, now=LATER)
    assert (gone.arrivals, gone.discarded) == ((row.id,), (row.id,))
    assert not state.arrival(row.id).exists()
    assert source.exists()


def test_purge_removes_copies_that_no_case_needs(fake: Any, look: Any, send: Any) -> None:
    """The same order once more, and a folder whose arrival was never recorded: gone in time. What is held keeps its copy."""
    lab = fake.lab(look(), export=(send(),))
    for name in ("first", "copy"):
        fake.drop(name, order={"id": "v"})
        (case,) = fake.run(lab).cases
    assert case.case.state == "review"
    state, ledger = StateFolder(lab.state), fake.ledger()
    needed = case.case.arrival
    (copy,) = {row.id for row in ledger.arrivals()} - {needed}
    ledger.close()
    state.arrival("A222-2222").mkdir()
    (state.root / "arrivals" / ".stray").touch()
    assert purge(lab).arrivals == ()
    assert purge(lab, now=LATER).arrivals == tuple(sorted((copy, "A222-2222")))
    assert {path.name for path in state.arrival(needed).parent.iterdir()} == {needed, ".stray"}
