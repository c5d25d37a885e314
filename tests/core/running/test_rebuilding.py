"""A lost ledger is made again from the folders."""

from __future__ import annotations

from typing import Any

import pytest

from casepan.errors import StateError
from casepan.running.rebuilding import rebuild


def _lose(fake: Any) -> None:
    for path in (fake.root / "state").glob("ledger.sqlite*"):
        path.unlink()


def test_a_lost_ledger_is_rebuilt_and_nothing_is_sent_again(fake: Any, act: Any, send: Any) -> None:
    """References, verdicts and receipts are as before; a run after it neither reads twice nor sends twice."""
    fake.drop("one")
    fake.drop("two", order={"id": "v"})
    lab = fake.lab(act(), export=(send(),))
    before = {(c.case.ref, c.case.state, c.deliveries[0].key) for c in fake.run(lab).cases}
    _lose(fake)
    assert rebuild(lab) == 2
    fake.run(lab)
    ledger = fake.ledger()
    after = {(row.ref, row.state, ledger.deliveries(row.ref)[0].key) for row in ledger.cases()}
    ledger.close()
    assert after == before
    assert sum(n for name, n in fake.traces().items() if name.startswith("sent-")) == 2
    assert fake.traces()["act-nothing"] == 2


def test_a_delivery_without_its_receipt_is_asked_for(fake: Any, send: Any) -> None:
    """Nobody guesses that it was sent, and nobody guesses that it was not."""
    fake.drop()
    lab = fake.lab(export=(send(),))
    ref = fake.run(lab).cases[0].case.ref
    (fake.root / f"state/cases/{ref}/r1/deliveries/out.json").unlink()
    _lose(fake)
    rebuild(lab)
    fake.run(lab)
    assert (fake.traces()["probe"], fake.traces()[f"sent-{ref}"]) == (1, 1)


def test_a_ledger_that_is_there_is_not_overwritten(fake: Any) -> None:
    """A person moves it away first."""
    fake.run(fake.lab())
    with pytest.raises(StateError, match="still is a ledger"):
        rebuild(fake.lab())
