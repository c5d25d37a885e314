"""New content for a case that was handed on: seen before it goes on, beside the old one, and never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from casepan.errors import DeliveryError
from casepan.operate.answering import answer
from casepan.operate.deciding import decide
from casepan.operate.desk import show_case
from casepan.packages import as_delivery_errors

WHOLE = {"upper": "upper.stl", "lower": "lower.stl", "bite": "bite.stl"}


def test_a_rescan_waits_with_what_changed_and_goes_to_a_place_of_its_own(lab: Any) -> None:
    """Which scan, how many millimetres, which field of the order; the manifest says it too, without private words."""
    lab.drop("Roe", order='due = 2026-01-31\nnotes = "Sentinel one"', **WHOLE)
    lab.run()
    ref = lab.only().ref
    before = {path: path.read_bytes() for path in (lab.root / "cad" / ref).iterdir()}
    lab.drop("Roe", seed=1, order='due = 2026-02-01\nnotes = "Sentinel two"', upper="upper.stl")
    lab.run()
    row = lab.rows()[f"{ref}-r2"]
    assert (row.state, row.reason, lab.delivered("cad")) == ("review", "case.revised", {ref})
    with lab.desk() as desk:
        case = show_case(desk, row.place).case
        assert case is not None
        changes = {change.name: change for change in case.desk.changes}
        (finding,) = (finding for finding in case.findings if finding.code == "case.revised")
        decide(desk, row.place, "accept", by="anna", note="the new one")
    assert set(changes) == {"upper-arch", "rx.due", "rx.notes"}
    assert (changes["rx.due"].before, changes["rx.due"].after) == ("2026-01-31", "2026-02-01")
    assert changes["upper-arch"].distance_mm is not None
    assert finding.value == changes["upper-arch"].distance_mm > 0.1
    lab.run()
    manifest = (lab.root / "cad" / f"{ref}-r2" / "manifest.json").read_text("utf-8")
    assert "Sentinel" not in manifest
    assert {change["name"] for change in json.loads(manifest)["desk"]["changes"]} == set(changes)
    assert {path: path.read_bytes() for path in (lab.root / "cad" / ref).iterdir()} == before


def test_new_content_for_a_held_case_takes_its_place(lab: Any) -> None:
    """The office sent all of it again, now with the bite: the held one closes, the new one goes on by itself."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl")
    lab.run()
    ref = lab.only().ref
    lab.drop("Roe", **WHOLE)
    lab.run()
    rows = lab.rows()
    assert (rows[ref].state, rows[f"{ref}-r2"].state) == ("closed", "handed-on")


def test_answers_go_over_to_the_next_revision(lab: Any) -> None:
    """What the lab said of a scan counts for its rescan of the same name."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl", bite="thing.stl")
    lab.run()
    ref = lab.only().ref
    with lab.desk() as desk:
        answer(desk, ref, ["scan.other.role=bite"], by="anna")
    lab.run()
    lab.drop("Roe", seed=1, bite="thing.stl")
    lab.run()
    with lab.desk() as desk:
        case = show_case(desk, f"{ref}-r2").case
    assert case is not None
    assert case.scan("other").role == "bite"
    assert [change.name for change in case.desk.changes] == ["other"]


def test_what_cad_holds_open_is_tried_again_and_the_old_one_stays(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rename fails once as it does on Windows: the earlier revision is back in its place, the next try succeeds."""
    from casepan.packages import _commit_folder

    class Ctx:
        replace = True

        def fence_ok(self) -> bool:
            return True

    part, target = lab.root / "x.part", lab.root / "x"
    for folder, text in ((part, "new"), (target, "old")):
        folder.mkdir()
        (folder / "a").write_text(text)
    rename = Path.rename
    tries: list[int] = []

    def held(self: Path, other: Path) -> Path:
        if self == part and not tries:
            tries.append(1)
            error = PermissionError(13, "The process cannot access the file")
            error.winerror = 32  # type: ignore[attr-defined]
            raise error
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(DeliveryError, match="held open") as caught, as_delivery_errors("out"):
        _commit_folder(part, target, Ctx())  # type: ignore[arg-type]
    assert caught.value.retryable
    assert (target / "a").read_text() == "old"
    _commit_folder(part, target, Ctx())  # type: ignore[arg-type]
    assert (target / "a").read_text() == "new"
