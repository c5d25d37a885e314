"""``done = "move:FOLDER"``: the only thing that ever touches an inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from casepan.running.keeping import purge


def test_a_source_moves_away_once_every_receipt_is_there(fake: Any, send: Any) -> None:
    """The delivered one moves, the one whose delivery failed stays."""
    fake.drop("good")
    lab = fake.lab(export=(send(),), done="move:done")
    fake.run(lab)
    fake.drop("bad")
    fake.run(fake.lab(export=(send(do="refuse"),), done="move:done"))
    assert [path.name for path in (fake.root / "done").iterdir()] == ["good"]
    assert [path.name for path in (fake.root / "inbox").iterdir()] == ["bad"]


def test_a_source_that_changed_meanwhile_stays(fake: Any, act: Any, send: Any) -> None:
    """What came later is another arrival: nothing of it may disappear unread."""
    folder = fake.drop()

    def change(event: Any) -> None:
        if event.kind == "step.done":
            (folder / "late.stl").write_text("late")

    fake.run(fake.lab(act(), export=(send(),), done="move:done"), on_progress=change)
    assert (folder / "late.stl").exists()
    assert not (fake.root / "done").exists()


def test_a_name_that_is_taken_is_not_overwritten(fake: Any, send: Any) -> None:
    """The second order of one name lies beside the first, also when the move is made up for by a later run."""
    fake.drop()
    fake.run(fake.lab(export=(send(),)))
    (fake.root / "done" / "Sentinel Surname").mkdir(parents=True)
    fake.run(fake.lab(export=(send(),), done="move:done"))
    assert len(list((fake.root / "done").iterdir())) == 2
    assert list((fake.root / "inbox").iterdir()) == []


def test_a_source_of_a_purged_case_is_left_alone(fake: Any, send: Any) -> None:
    """Nothing says any more what was taken: it stays, and the run goes on."""
    source = fake.drop()
    fake.run(fake.lab(export=(send(),)))
    lab = fake.lab(export=(send(),), done="move:done")
    assert len(purge(lab, now=datetime.now(UTC) + timedelta(days=91)).arrivals) == 1
    assert fake.run(lab).exit_code == 0
    assert source.exists()
