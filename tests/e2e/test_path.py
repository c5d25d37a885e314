"""From an export in the inbox to checked, renamed files and a receipt: the whole path through the real command line."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable

import pytest

from casepan.registry import Registry
from casepan.testing import scan_bytes, small_scan

from .conftest import ADAPTERS, LabFolder

Drop = Callable[[dict[str, bytes]], None]


def scans(form: str = "stl") -> dict[str, bytes]:
    """Role to bytes."""
    return {role: scan_bytes(small_scan(role), form) for role in ("upper", "lower", "bite")}


def generic(folder: str, **more: bytes) -> dict[str, bytes]:
    """A complete case of any scanner."""
    return {f"{folder}/{role}.stl": data for role, data in {**scans(), **more}.items()}


def states(lab: LabFolder) -> dict[str, int]:
    """How many cases stand in which state."""
    rows = json.loads(lab.casepan("cases", "list", "--json"))["cases"]
    return {state: sum(row["state"] == state for row in rows) for state in {row["state"] for row in rows}}


def test_an_export_of_every_ecosystem_comes_out_on_the_other_side(lab: LabFolder) -> None:
    """Each adapter's demo case is delivered as PLY with a manifest whose checksums are true; the inbox is untouched."""
    samples = Registry.load().samples()
    for adapter in ADAPTERS:
        next(sample for sample in samples[adapter] if sample.demo).write(lab.inbox)
    before = {path: path.read_bytes() for path in lab.inbox.rglob("*") if path.is_file()}
    report = json.loads(lab.casepan("run", "--json"))
    assert sorted(row["adapter"] for row in report["cases"]) == sorted(ADAPTERS)
    assert {row["state"] for row in report["cases"]} == {"handed-on"}
    for row in report["cases"]:
        folder = lab.root / "out" / row["place"]
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert manifest["case"]["ref"] == row["ref"]
        for file in manifest["files"]:
            assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
        meshes = [file["name"] for file in manifest["files"] if file["what"].startswith("scan")]
        assert meshes
        assert all(name.startswith(row["ref"]) and name.endswith(".ply") for name in meshes)
    assert {path: path.read_bytes() for path in lab.inbox.rglob("*") if path.is_file()} == before


def test_a_second_run_does_nothing_twice(lab: LabFolder, drop: Drop) -> None:
    """What was handed on stays as it is, and is not delivered again."""
    drop(generic("Case A"))
    lab.casepan("run")
    delivered = {path: path.stat().st_mtime_ns for path in (lab.root / "out").rglob("*")}
    lab.casepan("run")
    assert {path: path.stat().st_mtime_ns for path in (lab.root / "out").rglob("*")} == delivered
    assert states(lab) == {"handed-on": 1}


def test_the_same_order_under_another_name_is_already_seen(lab: LabFolder, drop: Drop) -> None:
    """Once as a folder and once as a zip: one case, one delivery."""
    files = scans()
    drop({f"Roe Ann 7/{name}.stl": data for name, data in files.items()})
    lab.casepan("run")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"Roe Ann 7/{name}.stl", data)
    drop({"Roe Ann 7.zip": packed.getvalue()})
    lab.casepan("run")
    assert len(list((lab.root / "out").iterdir())) == 1


def test_the_same_order_with_new_content_is_the_next_revision(lab: LabFolder, drop: Drop) -> None:
    """A rescan never overwrites what CAD may have open: seen and accepted, it goes to a place of its own."""
    drop(generic("Roe Ann 7"))
    lab.casepan("run")
    drop({"Roe Ann 7/upper.stl": scan_bytes(small_scan("upper", seed=3), "stl")})
    lab.casepan("run", ends=5)
    (held,) = json.loads(lab.casepan("cases", "list", "--state", "review", "--json"))["cases"]
    assert "upper-arch changed (" in lab.casepan("cases", "show", held["place"])
    lab.casepan("cases", "accept", held["place"], "--by", "anna", "--note", "the new one counts")
    lab.casepan("run")
    rows = json.loads(lab.casepan("cases", "list", "--json"))["cases"]
    assert sorted(row["revision"] for row in rows) == [1, 2]
    assert len({row["ref"] for row in rows}) == 1
    first, second = sorted((lab.root / "out").iterdir())
    assert second.name == f"{first.name}-r2"


def test_a_case_without_a_bite_waits_in_quarantine_with_a_reason(lab: LabFolder, drop: Drop) -> None:
    """The reason says what is missing and what to do; the other case goes on; release hands it on all the same."""
    without = generic("No bite")
    del without["No bite/bite.stl"]
    drop({**without, **generic("Whole")})
    lab.casepan("run", ends=5)
    assert states(lab) == {"handed-on": 1, "quarantine": 1}
    (row,) = json.loads(lab.casepan("quarantine", "list", "--json"))["quarantine"]
    reason = lab.casepan("quarantine", "show", row["subject"])
    assert "completeness.missing-scan" in reason
    assert "bite" in reason
    lab.casepan("quarantine", "release", row["subject"], "--by", "anna")
    lab.casepan("run")
    assert states(lab) == {"handed-on": 2}


def test_a_held_case_goes_on_when_a_person_accepts_it(lab: LabFolder, drop: Drop) -> None:
    """A warning asks for review; the decision is in the trail with its name and reason."""
    coloured = {f"Colour/{role}.ply": scan_bytes(small_scan(role), "ply") for role in ("upper", "lower", "bite")}
    drop(coloured)
    lab.casepan("run", "--set", "pipelines.crowns.steps.convert.with.format=stl", ends=5)
    (row,) = json.loads(lab.casepan("cases", "list", "--state", "review", "--json"))["cases"]
    lab.casepan("cases", "accept", row["place"], "--by", "anna", "--note", "colour is not needed")
    lab.casepan("run")
    shown = lab.casepan("cases", "show", row["place"])
    assert "anna" in shown
    assert "colour is not needed" in shown
    assert states(lab) == {"handed-on": 1}


BAD_ARRIVALS: dict[str, dict[str, bytes]] = {
    "empty file": generic("A", upper=b""),
    "garbage": generic("A", upper=os.urandom(4096)),
    "truncated stl": generic("A", upper=scans()["upper"][:30_000]),
    "truncated ply": {f"A/{role}.ply": data[: len(data) // 2] for role, data in scans("ply").items()},
    "truncated obj": {f"A/{role}.obj": b"v 1 2 3\nf 1 2 3\n" for role in ("upper", "lower", "bite")},
    "text named stl": generic("A", lower=b"see attached"),
    "nothing to read": {"A/letter.pdf": b"%PDF-1.4", "A/film.mp4": b"\0\0"},
    "not a zip": {"A.zip": b"PK\x03\x04 and no more"},
}


@pytest.mark.parametrize("kind", BAD_ARRIVALS)
def test_a_bad_arrival_is_put_aside_and_the_others_go_on(kind: str, lab: LabFolder, drop: Drop) -> None:
    """Quarantine or a wait with a reason, the source untouched, the good case delivered."""
    drop({**BAD_ARRIVALS[kind], **generic("Good")})
    before = {path: path.read_bytes() for path in lab.inbox.rglob("*") if path.is_file()}
    report = json.loads(lab.casepan("run", "--json", ends=5))
    assert sum(row["state"] == "handed-on" for row in report["cases"]) == 1
    troubled = (
        [row for row in report["cases"] if row["state"] != "handed-on"] + report["quarantined"] + report["waiting"]
    )
    assert len(troubled) == 1
    assert troubled[0]["reason"]
    assert {path: path.read_bytes() for path in lab.inbox.rglob("*") if path.is_file()} == before


def test_an_order_that_names_absent_files_says_so(lab: LabFolder) -> None:
    """A single run takes it at once, with a finding for the missing files."""
    sample = next(s for s in Registry.load().samples()["itero"] if s.demo)
    top = sample.write(lab.inbox)
    removed = next(path for path in sorted(top.rglob("*")) if "lower" in path.name or "_l." in path.name)
    removed.unlink()
    report = json.loads(lab.casepan("run", "--json", ends=5))
    assert report["cases"][0]["state"] != "handed-on"
    assert "arrival.incomplete" in lab.casepan("cases", "show", report["cases"][0]["place"])


def test_a_dry_run_changes_nothing(lab: LabFolder, drop: Drop) -> None:
    """It says who recognises what, and leaves no state behind."""
    drop(generic("Case A"))
    rows = json.loads(lab.casepan("run", "--dry-run", "--json"))["arrivals"]
    assert [(row["arrival"], row["cases"], row["exports"]) for row in rows] == [("Case A", 1, ["cad"])]
    assert sorted(path.name for path in lab.root.iterdir()) == ["inbox", "lab.toml"]


def test_a_read_only_output_waits_for_a_later_try(lab: LabFolder, drop: Drop) -> None:
    """The case is kept, the delivery is tried again, and it arrives once the way is free."""
    (lab.root / "out").write_text("in the way", encoding="utf-8")
    drop(generic("Case A"))
    settings = ("--set", "pipelines.crowns.export.cad.retry.first_delay=0.1s")
    lab.casepan("run", *settings, ends=None)
    (delivery,) = json.loads(lab.casepan("deliveries", "list", "--json"))["deliveries"]
    assert delivery["state"] in ("retry", "failed")
    (lab.root / "out").unlink()
    lab.casepan("deliveries", "resend", delivery["ref"], "cad", "--by", "anna")
    lab.casepan("run", *settings)
    assert states(lab) == {"handed-on": 1}


def test_a_private_state_folder(lab: LabFolder, drop: Drop) -> None:
    """State is for this user only."""
    if os.name == "nt":
        pytest.skip("POSIX modes only")
    drop(generic("Case A"))
    lab.casepan("run")
    open_to_others = [path for path in (lab.root / "state").rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []
    shutil.rmtree(lab.root / "state")


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("[adapters.trios]", "[adapters.trioss]"), 4, "Did you mean 'trios'?"),
        (('use = "core.convert"', 'use = "core.conver"'), 4, "core.convert"),
        (('use = "core.rename"', 'use = "core.rename"\nwith = { template = 7 }'), 3, "template"),
    ],
)
@pytest.mark.parametrize("how", [(), ("--dry-run",)], ids=["run", "dry-run"])
def test_a_run_refuses_what_check_would_refuse(
    lab: LabFolder, drop: Drop, change: tuple[str, str], code: int, said: str, how: tuple[str, ...]
) -> None:
    """A missing adapter, stage or option stops it before anything is taken: nothing is read as another scanner's."""
    text = (lab.root / "lab.toml").read_text("utf-8")
    (lab.root / "lab.toml").write_text(text.replace(*change), encoding="utf-8")
    drop(generic("Case A"))
    lab.casepan("run", *how, ends=code)
    assert said in lab.said
    assert not (lab.root / "state").exists()


def test_two_patients_in_one_folder_are_two_cases(lab: LabFolder, drop: Drop) -> None:
    """Each sub-folder is a case of its own, never a revision of the other."""
    other = {role: scan_bytes(small_scan(role, seed=3), "stl") for role in ("upper", "lower", "bite")}
    drop({**{f"meier/1/{r}.stl": d for r, d in scans().items()}, **{f"meier/2/{r}.stl": d for r, d in other.items()}})
    report = json.loads(lab.casepan("run", "--json", ends=None))
    assert [row["revision"] for row in report["cases"]] == [1, 1]
    assert len({row["ref"] for row in report["cases"]}) == 2
