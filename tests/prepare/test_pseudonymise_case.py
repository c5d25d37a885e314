"""The step as a whole: fields, files, references between them, what is left out and what stops it."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from attrs import evolve
from PIL import Image

from casepan.api import (
    Answer,
    Artifact,
    Attachment,
    Case,
    CaseError,
    Change,
    ConfigError,
    Decision,
    Desk,
    FileRef,
    Finding,
    Implant,
    Patient,
    Practice,
    PracticeDefaults,
    Prescription,
    Scan,
    Secret,
    WorkItem,
)
from casepan.mesh import inventory, read_mesh
from casepan.model.documents import dumps, to_document
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench
from casepan.testing import scan_bytes, small_scan
from casepan_prepare.hiding.options import PseudonymiseOptions
from casepan_prepare.hiding.surfaces import Shape
from casepan_trios.testing_files import hps_scan, zipped

REGISTRY = Registry.load()
KEY = "a key that only this laboratory has"
NAMES = re.compile(r"(?<![a-z])(doe|jane|lindenhof|example|smith|secretary)(?![a-z])", re.IGNORECASE)
Hide = Callable[..., Case]


def picture() -> bytes:
    """A whole JPEG with a comment."""
    stream = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(stream, "JPEG", comment=b"Jane Doe")
    return stream.getvalue()


def order() -> Prescription:
    """An order with everything filled in."""
    item = WorkItem(
        "1",
        (26,),
        "implant-crown",
        material="zirconia",
        material_text="Zirconia for Jane",
        shade="A2",
        implant=Implant("Straumann", "BLT for Doe", "RC"),
        scan_body="Doe",
        raw={"Patient": "Jane Doe"},
    )
    return Prescription(
        (item,),
        reference="Doe-Jane-0042",
        due=date(2026, 3, 2),
        appointment=datetime(2026, 3, 3, 9, tzinfo=UTC),
        rush=True,
        remake_of="Doe-Jane-0007",
        practice="Praxis Lindenhof",
        doctor="Dr. Ann Example",
        licence="LIC-991",
        ship_to="1 Example Street, Lindenhof Town",
        physical=("impression of Jane",),
        notes="Light contacts for Jane, says Dr. Example. Shade A2.",
        raw={"deep": [{"Patient": "Jane Doe"}]},
    )


def desk() -> Desk:
    """What the laboratory knows."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return Desk(
        "26-00417",
        date(2026, 3, 2),
        assignee="Smith",
        department="Crowns",
        remake_reason="Jane bit it off",
        answers=(Answer("rx.due", "Jane", "Smith", now, "says the secretary"),),
        decisions=(Decision("accept", "Smith", now, "for Doe"),),
        changes=(Change("field", "rx.notes", "changed", "for Jane", "for Doe"),),
    )


def filled(case: Case) -> Case:
    """The case with a person in every field that can hold one."""
    client = Practice(
        "bright", "Praxis Lindenhof", ("Lindenhof",), "01 234 567", "desk@lindenhof.example",
        defaults=PracticeDefaults(design_notes="Dr. Example wants light contacts"), formats=("ply",),
    )  # fmt: skip
    scans = tuple(
        evolve(scan, label="bite of Doe", name=f"Doe {scan.id}.stl", raw={"words": "Jane", "missing_textures": 1})
        for scan in case.scans
    )
    noticed = Finding("rx.conflict", "warning", "the sheet says Jane Doe", hint="Ring Dr. Example.")
    return evolve(
        case,
        ref="K7Q2-M4",
        patient=Patient(
            "Doe, Jane", "Jane", "Doe", "P-0047", "guid-0001", {"DateOfBirth": "1980-01-31", "PatientName": "Doe"}
        ),
        prescription=order(),
        practice="bright",
        client=client,
        desk=desk(),
        scans=scans,
    ).with_findings(noticed)


@pytest.fixture
def hide(tmp_path: Path) -> Hide:
    """Run the step over files (path to bytes), after a change of the case if one is given."""

    def run(files: Mapping[str, bytes], change: Callable[[Case], Case] = lambda case: case, **options: Any) -> Case:
        for path, content in files.items():
            target = tmp_path / "in" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        key = options.pop("key", KEY)
        arrival = tmp_path / "in" / next(iter(files)).split("/")[0]
        (looked,) = look_at(arrival, REGISTRY).cases
        with Bench.at(arrival, secrets=lambda _: key, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)) as bench:
            stage = REGISTRY.build("prepare.pseudonymise", PseudonymiseOptions(Secret(env="KEY"), **options))
            out = tmp_path / "out"
            out.mkdir(exist_ok=True)
            ctx = bench.working("prepare.pseudonymise", "hide", out)
            made: Case = stage.apply(change(evolve(looked.case, ref="K7Q2-M4")), ctx)
            return made

    return run


def arrival(name: str = "Doe Jane", form: str = "stl") -> dict[str, bytes]:
    """An open export of a patient."""
    jaws = (("UpperJawScan", "upper"), ("LowerJawScan", "lower"), ("BiteScan", "bite"))
    return {f"{name}/{name} {word}.{form}": scan_bytes(small_scan(jaw), form) for word, jaw in jaws}


def test_every_field_of_the_record_is_nameless(hide: Hide) -> None:
    """The whole case as JSON, with a person planted in every field that takes text."""
    seen: list[Case] = []

    def noted(case: Case) -> Case:
        seen.append(filled(case))
        return seen[0]

    after = hide(arrival(), noted)
    assert len(NAMES.findall(dumps(to_document(seen[0])))) > 40
    assert NAMES.findall(dumps(to_document(after))) == []


def test_the_work_itself_is_still_there(hide: Hide) -> None:
    """Teeth, kinds, shades, days and the laboratory's own number stay; notes lose the names only."""
    case = hide(arrival(), filled)
    item, rx = case.prescription.items[0], case.prescription
    assert (item.teeth, item.kind, item.material, item.shade) == ((26,), "implant-crown", "zirconia", "A2")
    assert item.implant is not None and item.implant.manufacturer == "Straumann"
    assert rx.due == date(2026, 3, 2) and rx.appointment is not None and rx.rush
    assert rx.notes is not None and rx.notes.startswith("Light contacts for P-") and rx.notes.endswith("Shade A2.")
    assert (case.ref, case.practice, case.desk.number, case.desk.department) == (
        "K7Q2-M4",
        "bright",
        "26-00417",
        "Crowns",
    )
    assert case.client is not None and (case.client.phone, case.client.formats) == (None, ("ply",))
    assert [scan.raw for scan in case.scans] == [{"missing_textures": 1}] * 3


def test_every_field_has_its_own_pseudonym(hide: Hide) -> None:
    """Patient, numbers, practice, doctor, address: one letter for each kind, and no two alike."""
    case = hide(arrival(), filled)
    rx, patient = case.prescription, case.patient
    made = (
        patient.name,
        patient.reference,
        patient.guid,
        rx.reference,
        rx.remake_of,
        rx.practice,
        rx.doctor,
        rx.licence,
    )
    all_made = (*made, rx.ship_to, case.key.vendor_id)
    assert all(re.fullmatch(r"[A-Z]-(?:[2-9][A-Z]){5}", str(one)) for one in all_made)
    assert len(set(all_made)) == len(all_made)
    assert "".join(str(one)[0] for one in all_made) == "PNGRRSDLAV"


@pytest.mark.parametrize("name", ["Doe Jane", "Jane_Doe", "DOE, JANE"])
def test_one_person_has_one_pseudonym_over_cases(hide: Hide, name: str) -> None:
    """However the name is written, and whether it stands in an order or in a folder's name only."""
    from casepan_prepare.hiding.pseudonyms import Pseudonyms

    wanted = Pseudonyms.of(KEY).of_person("P", "Jane Doe")
    assert hide(arrival(), lambda case: evolve(case, patient=Patient(name))).patient.name == wanted
    assert hide(arrival("Doe Jane")).patient.name == wanted
    assert hide(arrival(), key="the key of another laboratory").patient.name != wanted


def test_the_same_case_gives_the_same_bytes(hide: Hide) -> None:
    """Nothing depends on the clock or on chance."""
    first, second = (evolve(hide(arrival(), filled), received_at=None) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("key", ["", "short", " " * 40])
def test_without_a_real_key_nothing_is_done(hide: Hide, key: str) -> None:
    """A key that can be guessed hides nobody."""
    with pytest.raises(ConfigError, match="16 characters"):
        hide(arrival(), key=key)


def test_a_key_must_be_configured() -> None:
    """There is no default."""
    with pytest.raises(TypeError):
        REGISTRY.options_type("prepare.pseudonymise")()


def test_staff_can_be_kept(hide: Hide) -> None:
    """Practice and doctor stay where the laboratory says so, the patient never."""
    case = hide(arrival(), filled, staff="keep")
    assert (case.prescription.doctor, case.prescription.practice) == ("Dr. Ann Example", "Praxis Lindenhof")
    assert case.client is not None and case.client.phone == "01 234 567"
    assert case.prescription.notes == f"Light contacts for {case.patient.name}, says Dr. Example. Shade A2."
    assert case.desk.assignee == "Smith"


def test_notes_can_be_dropped(hide: Hide) -> None:
    """For who trusts no free text."""
    case = hide(arrival(), filled, notes="drop")
    assert case.prescription.notes is None
    assert case.desk.remake_reason is None


def test_files_get_neutral_names_and_the_source_stays(hide: Hide, tmp_path: Path) -> None:
    """Every reference of the case is into the step's own folder."""
    files = arrival()
    case = hide(files)
    assert [scan.file.path for scan in case.scans] == [f"{scan.id}.stl" for scan in case.scans]
    assert {scan.file.store for scan in case.scans} == {"hide"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {scan.file.path for scan in case.scans}
    assert all((tmp_path / "in" / path).read_bytes() == content for path, content in files.items())


def test_nothing_leads_back_to_the_file_that_came(hide: Hide) -> None:
    """Checksums of the arrival are gone: from one of them, its files and a list of names the name could be found by trying."""
    seen: list[Case] = []

    def noted(case: Case) -> Case:
        seen.append(case)
        return case

    case = hide(arrival(), noted)
    old = {scan.file.sha256 for scan in seen[0].scans} | {seen[0].digest}
    assert old.isdisjoint(re.findall(r"[0-9a-f]{64}", dumps(to_document(case))))
    assert case.digest != seen[0].digest
    assert all(scan.derived_from and scan.derived_from not in old for scan in case.scans)


def textured(name: str = "Doe Jane") -> dict[str, bytes]:
    """An OBJ with its material file and picture, all named after the patient."""
    files = arrival(name, "obj")
    upper = f"{name}/{name} UpperJawScan"
    mesh = files[f"{upper}.obj"]
    mesh = f"mtllib {name} UpperJawScan.mtl\nusemtl {name}\n".encode() + re.sub(
        rb"(?m)^f (\d+) (\d+) (\d+)", rb"f \1/1 \2/1 \3/1", b"vt 0.5 0.5\n" + mesh
    )
    library = f"# {name}\nnewmtl {name}\nmap_Kd {name} UpperJawScan.jpg\n".encode()
    return {**files, f"{upper}.obj": mesh, f"{upper}.mtl": library, f"{upper}.jpg": picture()}


def test_mesh_material_file_and_picture_go_on_together(hide: Hide, tmp_path: Path) -> None:
    """The cleaned mesh is read with its texture, by the new names."""
    case = hide(textured())
    (scan,) = [scan for scan in case.scans if scan.arch == "upper"]
    assert sorted(file.path for file in scan.textures) == ["upper-arch.jpg", "upper-arch.mtl"]
    out = tmp_path / "out"
    mesh = read_mesh(
        out / scan.file.path, images=lambda name: (out / name).read_bytes() if (out / name).is_file() else None
    )
    assert mesh.texture is not None and mesh.texture.image == (out / "upper-arch.jpg").read_bytes()
    assert b"Jane" not in b"".join(path.read_bytes() for path in out.iterdir())


def test_a_picture_that_cannot_be_cleaned_stays_behind_with_its_references(hide: Hide, tmp_path: Path) -> None:
    """The scan goes on without colour, and says so."""
    files = textured()
    files["Doe Jane/Doe Jane UpperJawScan.jpg"] = b"\xff\xd8\xff\xe0 a torn picture of Jane Doe"
    case = hide(files)
    (scan,) = [scan for scan in case.scans if scan.arch == "upper"]
    assert [file.path for file in scan.textures] == ["upper-arch.mtl"]
    assert scan.raw["missing_textures"] == 1
    assert b"map_Kd" not in (tmp_path / "out" / "upper-arch.mtl").read_bytes()
    assert [finding.message for finding in case.findings if finding.code == "privacy.left-out"] == [
        "1 JPG file was left out: a picture that cannot be cleaned"
    ]


def test_documents_are_cleaned_or_left_out_and_counted(hide: Hide, tmp_path: Path) -> None:
    """What can be opened is cleaned; PDF files, pictures and unknown suffixes are counted without a name."""
    files = arrival()
    more = {
        "Doe.txt": b"for Jane Doe: shade A2",
        "Doe.html": "<p>Doe, J\u00e4ne</p><p>A2</p>".encode(),
        "1 Doe.pdf": b"%PDF-1.4 Doe",
        "2 Doe.pdf": b"%PDF-1.4 Doe",
        "photo of Jane.png": b"\x89PNG Jane",
        "notes.docx": zipped({"word.xml": b"Jane"}),
    }
    case = hide({**files, **{f"Doe Jane/{name}": content for name, content in more.items()}})
    left = {finding.message for finding in case.findings if finding.code == "privacy.left-out"}
    assert left == {
        "2 PDF files were left out: cannot be opened and cleaned",
        "1 DOCX file was left out: cannot be opened and cleaned",
        "1 PNG file was left out: a picture",
    }
    assert {item.file.suffix for item in case.attachments} == {"txt", "html"}
    assert not any(NAMES.search(path.read_text("utf-8", "replace")) for path in (tmp_path / "out").iterdir())
    assert {finding.severity for finding in case.findings if finding.code.startswith("privacy.")} == {"info"}


def test_a_name_that_only_the_scans_files_tell_is_known_too(hide: Hide, tmp_path: Path) -> None:
    """A folder called after a day, and the patient in front of every file's name."""
    names = (("oberkiefer", "upper"), ("unterkiefer", "lower"), ("bite_left", "bite"))
    files = {f"2026-03-02/Sentinella {word}.stl": scan_bytes(small_scan(jaw), "stl") for word, jaw in names}
    hide({**files, "2026-03-02/order.txt": b"for Sentinella: A2"})
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert b"Sentinella" not in written
    assert b"for P-" in written


def test_sheets_can_be_left_out(hide: Hide) -> None:
    """For who thinks that a sheet made to show people shows more than names."""
    files = {**arrival(), "Doe Jane/order.html": b"<p>A2</p>"}
    assert len(hide(files).attachments) == 1
    assert hide(files, sheets="leave-out").attachments == ()


def test_a_name_that_cleaning_misses_costs_the_file(hide: Hide) -> None:
    """An element called after the patient cannot be renamed: the document is left out, and a finding says so."""
    files = {**arrival(), "Doe Jane/order.xml": b"<Order><Doe>A2</Doe></Order>"}
    case = hide(files)
    assert case.attachments == ()
    assert "1 XML file was left out: a name is still inside" in [finding.message for finding in case.findings]


def test_artifacts_of_earlier_steps_are_cleaned_too(hide: Hide, tmp_path: Path) -> None:
    """Tables are cleaned, pictures of earlier steps left out."""
    store = tmp_path / "in" / "Doe Jane"

    def with_artifacts(case: Case) -> Case:
        found = [FileRef(f"Doe {name}", 1, "0" * 64) for name in ("table.csv", "view.png")]
        return evolve(
            case, artifacts=tuple(Artifact(f"made-{n}", file, "table", "Doe.csv") for n, file in enumerate(found))
        )

    files = {**arrival(), "Doe Jane/Doe table.csv": b"patient;Doe", "Doe Jane/Doe view.png": b"\x89PNG"}
    case = hide(files, with_artifacts)
    assert [(item.file.path, item.name) for item in case.artifacts] == [("made-0.csv", None)]
    assert store.is_dir()


def test_archives_are_made_anew_or_left_out_and_counted(hide: Hide, tmp_path: Path) -> None:
    """One with clean members goes along without names; one with a photograph stays behind."""
    clean = zipped({"Doe.txt": b"for Jane Doe: A2", "Doe.xml": b"<o>Doe</o>"})
    photograph = zipped({"face of Doe.jpg": b"\xff\xd8\xff\xe0"})
    files = {"Doe Jane/all.zip": zipped({"Doe one.zip": clean, "Doe two.zip": photograph})}

    def attached(case: Case) -> Case:
        found = [FileRef(f"all.zip!Doe {name}.zip", 1, "0" * 64) for name in ("one", "two")]
        listed = tuple(Attachment(f"data-{n}", file, "data") for n, file in enumerate(found))
        return evolve(case, attachments=listed)

    case = hide({**arrival(), **files}, attached)
    assert [item.file.path for item in case.attachments] == ["data-0.zip"]
    left = [finding.message for finding in case.findings if finding.code == "privacy.left-out"]
    assert left == ["1 ZIP file was left out: something in it cannot be cleaned"]
    assert sorted(zipfile.ZipFile(tmp_path / "out" / "data-0.zip").namelist()) == ["file-1.txt", "file-2.xml"]


def test_closed_files_are_left_out_with_a_warning(hide: Hide) -> None:
    """Nobody can say that no name is inside."""
    files = {path: content for path, content in arrival().items() if "Bite" not in path}
    case = hide({**files, "Doe Jane/Doe Jane BiteScan.dcm": hps_scan(small_scan("bite"))})
    (finding,) = [finding for finding in case.findings if finding.code == "privacy.left-out"]
    assert (finding.severity, finding.message) == ("warning", "1 DCM file was left out: a closed format")
    assert case.closed == ()
    assert all(scan.readable for scan in case.scans)


def test_a_case_of_closed_files_only_is_stopped(hide: Hide) -> None:
    """There would be nothing left to hand on."""
    files = {path.replace(".stl", ".dcm"): hps_scan(small_scan("upper")) for path in arrival()}
    with pytest.raises(CaseError, match="no scan of this case"):
        hide(files)


def test_a_preferred_scan_that_still_names_somebody_stops_the_case(hide: Hide) -> None:
    """A name in the geometry itself: a PLY with an element called after the patient."""
    files = arrival(form="ply")
    path = next(iter(files))
    files[path] = files[path].replace(b"end_header", b"element Doe 0\nproperty float x\nend_header", 1)
    with pytest.raises(
        CaseError, match="the scan upper-arch cannot be cleaned of names: a name is still inside"
    ) as caught:
        hide(files)
    assert not NAMES.search(str(caught.value))


@pytest.mark.parametrize("form", ["stl", "ply", "obj"])
def test_the_search_stops_what_the_cleaning_lets_through(
    hide: Hide, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """With a cleaner that does nothing, every planted scan stops its case: the check does not trust the cleaning."""
    words = {"stl": b"Jane Doe".ljust(80), "ply": b"ply\ncomment Jane Doe", "obj": b"# Jane Doe"}[form]
    monkeypatch.setattr("casepan_prepare.hiding.pseudonymise.clean_mesh", lambda data, *_: Shape(data, form))
    files = arrival(form=form)
    path = next(iter(files))
    files[path] = words + {"stl": files[path][80:], "ply": files[path][3:], "obj": b"\n" + files[path]}[form]
    with pytest.raises(CaseError, match="a name is still inside"):
        hide(files)


def test_words_that_stand_everywhere_are_no_secret(hide: Hide, tmp_path: Path) -> None:
    """Flags, years and empty markers in the patient's raw words do not spoil other documents."""
    patient = Patient(
        "Doe", reference="2026", raw={"PatientGuid": "_NULL_", "PatientIsNew": "True", "PatientSex": "female"}
    )
    order = b'<Order a="_NULL_" b="True" c="2026-03-02">female connector, 4711 for Doe</Order>'
    margin = b"1.5 4711 2.25\n-3 4 5e-3\n"
    files = {**arrival(), "Doe Jane/order.xml": order, "Doe Jane/margin_14.pts": margin}
    hide(files, lambda case: evolve(case, patient=evolve(patient, guid="4711")))
    written = {path.suffix: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert b'a="_NULL_" b="True" c="2026-03-02">female connector, G-' in written[".xml"]
    assert written[".pts"] == margin


def test_a_damaged_scan_stops_the_case(hide: Hide) -> None:
    """What cannot be understood cannot be cleaned."""
    files = arrival()
    files[next(iter(files))] = b"Jane Doe".ljust(500)
    with pytest.raises(CaseError, match="the format cannot be opened here"):
        hide(files)


def test_a_variant_that_cannot_be_cleaned_is_left_out(hide: Hide) -> None:
    """Only what is worked on stops a case."""

    def second(case: Case) -> Case:
        return evolve(case, scans=tuple(evolve(scan, preferred=scan.arch != "upper") for scan in case.scans))

    files = arrival()
    files[next(iter(files))] = b"Jane Doe".ljust(500)
    case = hide(files, second)
    assert {scan.arch for scan in case.scans} == {"lower", None}
    assert "1 STL file was left out: the format cannot be opened here" in [finding.message for finding in case.findings]


def test_a_mesh_in_gzip_is_cleaned(hide: Hide, tmp_path: Path) -> None:
    """It goes on unpacked; with more than a mesh in it, it stops the case."""

    def packed(content: bytes) -> dict[str, bytes]:
        files = arrival()
        return {**files, next(iter(files)): content}

    mesh = b"Jane Doe".ljust(80) + scan_bytes(small_scan("upper"), "stl")[80:]
    case = hide(packed(gzip.compress(mesh)))
    (scan,) = [scan for scan in case.scans if scan.arch == "upper"]
    written = (tmp_path / "out" / scan.file.path).read_bytes()
    assert b"Jane" not in written and len(written) == len(mesh)
    with pytest.raises(CaseError, match="gzip"):
        hide(packed(gzip.compress(mesh) + gzip.compress(b"Jane Doe")))


def test_an_open_hps_goes_on_without_computer_and_dongle(hide: Hide, tmp_path: Path) -> None:
    """The properties that describe the scan stay."""
    told = {"ScanSource": "TRIOS", "ComputerName": "DOE-PC", "SiteDongle": "7788", "Comment": "of Jane"}
    files = {path.replace(".stl", ".dcm"): hps_scan(small_scan("upper"), "CA", told) for path in arrival()}
    case = hide(files)
    for scan in case.scans:
        content = (tmp_path / "out" / scan.file.path).read_bytes()
        assert inventory(content).properties == {"ScanSource": "TRIOS"}
        assert not re.search(rb"DOE|7788|Jane|ComputerName", content)


def test_a_file_name_given_by_a_step_stays_if_it_is_clean(hide: Hide) -> None:
    """``core.rename`` before this step is not in vain."""

    def named(case: Case) -> Case:
        names = ("K7Q2-M4-upper.stl", "Doe lower.stl", None)
        return evolve(case, scans=tuple(evolve(scan, name=name) for scan, name in zip(case.scans, names, strict=True)))

    assert [scan.name for scan in hide(arrival(), named).scans] == ["K7Q2-M4-upper.stl", None, None]


def test_a_forgotten_field_stops_the_case(hide: Hide, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look at the record does fail."""
    monkeypatch.setattr("casepan_prepare.hiding.record._free", lambda text, *_: text)
    with pytest.raises(CaseError, match="a name is left in the case's own record"):
        hide(arrival(), filled)


@pytest.mark.parametrize("name", ["Lower Upper", "Crown Ann", "Face Solid", "Bite Arch"])
def test_patients_called_like_a_word_of_the_trade_are_no_trouble(hide: Hide, name: str) -> None:
    """Alone such words mean nothing; together they are the patient."""
    note = f"for {name}: lower crown, light bite"
    case = hide(
        arrival(form="ply"), lambda case: evolve(case, patient=Patient(name), prescription=Prescription(notes=note))
    )
    assert case.prescription.notes == f"for {case.patient.name}: lower crown, light bite"


def test_every_field_of_the_model_is_thought_of() -> None:
    """Whoever adds a field to these must say here, and in ``hiding/record.py``, what becomes of it; others are made anew."""
    known = {
        Case: "ref key origin revision digest received_at patient practice scans prescription attachments closed ignored "
        "findings artifacts client desk",
        Scan: "id role arch file variant number label teeth preferred textures format readable faces vertices units frame colour "
        "transforms derived_from name raw",
        Patient: "name first last reference guid raw",
        Prescription: "items reference due appointment rush remake_of practice doctor licence ship_to physical notes raw "
        "provenance",
        Practice: "id name aliases phone email language notation defaults formats destination ship_days",
    }
    for kind, names in known.items():
        assert {field.name for field in attrs.fields(kind)} == set(names.split())
