"""Destination by fault, through ledger and runner: the right state, no copy too many, the secret in no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .faults import FAULTS, Fault, Scene, secret_of
from .servers import Authority

HERE = Path(__file__).parent
ROWS = [pytest.param(fault, id=f"{fault.destination}: {fault.name}") for fault in FAULTS if fault.tested]


@pytest.fixture(scope="module")
def scene(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The servers of all rows."""
    made = Scene(tmp_path_factory.mktemp("faults"), authority)
    yield made
    made.close()


@pytest.mark.parametrize("fault", ROWS)
def test_state_and_copies_after_a_fault(
    fault: Fault, scene: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second run changes nothing: what waits for a person waits, what arrived stays one copy."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.syspath_prepend(str(HERE))
    state, copies, lab = scene.play(fault, FAULTS.index(fault))
    assert (state, copies) == (fault.state, fault.copies)
    assert lab.delivery().needs_person == (state != "sent")
    assert lab.holds(secret_of(fault)) == []
    said = capfd.readouterr()
    assert secret_of(fault) not in said.out + said.err
