"""Projects for exocad: names that agree, words that are known, and nothing that a person did is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree.ElementTree import Element

import pytest
from attrs import evolve, frozen

from casepan.api import (
    Case,
    ConfigError,
    DeliveryError,
    DeliveryRefused,
    Desk,
    Patient,
    Prescription,
    Receipt,
    Scan,
    Transform,
    WorkItem,
    read_xml,
)
from casepan.config.options import structure_options
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan_exocad.document import order_of
from casepan_exocad.naming import patient_number, project_guid
from casepan_exocad.options import ProjectOptions
from casepan_exocad.testing import IMPLANT, configured, in_folder, jaws, mesh, project, shining, tooth

REGISTRY = Registry.load()
REF = "K7Q2-M4"
WHEN = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
CROWN = WorkItem("1", (26,), "crown", material="zirconia", shade="A2")


@frozen
class Desktop:
    """A laboratory's folder, and a case that was read from an arrival in it."""

    folder: Path
    bench: Bench
    case: Case

    def deliver(self, case: Case | None = None, *, errand: Errand | None = None, **options: Any) -> Receipt:
        """Deliver as the runner would."""
        receipt: Receipt = self.stage(**options).deliver(case or self.case, self.context(errand))
        return receipt

    def probe(self, errand: Errand | None = None, **options: Any) -> Receipt | None:
        """Ask the destination."""
        found: Receipt | None = self.stage(**options).probe(self.context(errand))
        return found

    def stage(self, **options: Any) -> Any:
        """The exporter with these options."""
        kind: Any = REGISTRY.options_type("exocad.project")
        return REGISTRY.build("exocad.project", structure_options(kind, {"path": "out", **options}, place="lab.toml"))

    def context(self, errand: Errand | None = None) -> Any:
        """What the exporter is told."""
        return self.bench.sending("exocad.project", "export", errand or Errand("key-1", REF))

    def ordered(self, *items: WorkItem) -> Case:
        """The case with this order."""
        return evolve(self.case, prescription=Prescription(items))


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """An arrival with both arches, scan body and bite, and nothing ordered."""
    files = in_folder("Zoe", jaws("Zoe", IMPLANT) | {"Zoe.dentalProject": project()})
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (looked,) = look_at(tmp_path / "Zoe", REGISTRY).cases
    case = evolve(looked.case, ref=REF, received_at=WHEN, findings=())
    with Bench.at(tmp_path / "Zoe", base=tmp_path) as bench:
        yield Desktop(tmp_path, bench, case)


def document(receipt: Receipt) -> Element:
    """The project that was delivered."""
    (path,) = Path(receipt.place).glob("*.dentalProject")
    return read_xml(path.read_bytes())


def teeth(treatment: Element) -> dict[int, dict[str, str]]:
    """Number to fields."""
    found = treatment.findall("Teeth/Tooth")
    return {int(one.findtext("Number") or 0): {child.tag: child.text or "" for child in one} for one in found}


def scans(receipt: Receipt) -> list[str]:
    """What stands behind the project's name."""
    name = Path(receipt.place).name
    return sorted(path.name.removeprefix(name) for path in Path(receipt.place).glob("*.stl"))


def test_day_name_and_document_agree(desktop: Desktop) -> None:
    """exocad makes the folder's name from day and patient again; the time has no offset that could move it to another day."""
    receipt = desktop.deliver()
    treatment = document(receipt)
    assert Path(receipt.place).name == f"2026-03-01_{REF}"
    assert treatment.findtext("DateTime") == "2026-03-01T23:30:00"
    assert treatment.findtext("Patient/PatientName") == REF
    assert all(name.startswith((f"2026-03-01_{REF}", ".casepan", "rx.json")) for name in receipt.files)
    content = next(Path(receipt.place).glob("*.dentalProject")).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf<?xml")
    assert content.count(b"\n") == content.count(b"\r\n")


def test_scans_get_the_names_that_exocad_picks_up(desktop: Desktop) -> None:
    """Byte for byte what they were."""
    receipt = desktop.deliver()
    assert scans(receipt) == ["-TotalJaw0.stl", "-lowerjaw-marker.stl", "-lowerjaw.stl", "-upperjaw.stl"]
    place = Path(receipt.place)
    assert (place / f"{place.name}-upperjaw.stl").read_bytes() == mesh("upper", "stl")


def test_the_jaw_follows_from_the_worked_teeth(desktop: Desktop) -> None:
    """Scans that are only called preparation and antagonist; with work in both jaws they keep a name of their own."""
    upper, lower = (scan for scan in desktop.case.scans if scan.role == "arch")
    unplaced: tuple[Scan, ...] = (
        evolve(upper, role="preparation", arch=None),
        evolve(lower, role="antagonist", arch=None),
    )
    case = evolve(desktop.ordered(CROWN), scans=unplaced)
    assert scans(desktop.deliver(case)) == ["-lowerjaw.stl", "-upperjaw.stl"]
    both = evolve(case, prescription=Prescription((CROWN, evolve(CROWN, id="2", teeth=(36,)))))
    receipt = desktop.deliver(both, errand=Errand("key-2", f"{REF}-r2"))
    assert scans(receipt) == ["-other-lower-arch.stl", "-other-upper-arch.stl"]
    assert "no word for" in receipt.proof["not carried"]


def test_healthy_neighbours_and_one_antagonist_are_added(desktop: Desktop) -> None:
    """No wisdom tooth among them; none when the lab wants none."""
    case = desktop.ordered(evolve(CROWN, teeth=(27,)))
    found = teeth(document(desktop.deliver(case)))
    assert {number: fields["ReconstructionType"] for number, fields in found.items()} == {
        26: "HealthyTooth",
        27: "AnatomicCrown",
        37: "Antagonist",
    }
    bare = desktop.deliver(case, errand=Errand("key-2", f"{REF}-r2"), neighbours=False)
    assert list(teeth(document(bare))) == [27]


def test_no_antagonist_without_its_scan_or_with_work_in_both_jaws(desktop: Desktop) -> None:
    """exocad would look for the scan; two worked jaws are each other's antagonists."""
    alone = evolve(desktop.ordered(CROWN), scans=tuple(s for s in desktop.case.scans if s.arch != "lower"))
    assert 36 not in teeth(document(desktop.deliver(alone)))
    both = desktop.ordered(CROWN, evolve(CROWN, id="2", teeth=(46,)))
    found = teeth(document(desktop.deliver(both, errand=Errand("key-2", f"{REF}-r2"))))
    assert "Antagonist" not in {fields["ReconstructionType"] for fields in found.values()}


def test_a_scan_body_is_announced_only_when_its_file_is_there(desktop: Desktop) -> None:
    """For the implant in that jaw alone."""
    items = (
        evolve(CROWN, teeth=(36,), kind="implant-crown"),
        evolve(CROWN, id="2", teeth=(34,)),
        evolve(CROWN, id="3", teeth=(16,), kind="implant-crown"),
    )
    receipt = desktop.deliver(desktop.ordered(*items))
    flags = {n: f["ScanAbutmentScan"] for n, f in teeth(document(receipt)).items() if "ScanAbutmentScan" in f}
    assert flags == {36: "true", 34: "false", 16: "false"}
    assert "CustomAbutment: compare" in receipt.proof["not carried"]
    without = evolve(desktop.ordered(*items), scans=tuple(s for s in desktop.case.scans if s.role != "scanbody"))
    later = desktop.deliver(without, errand=Errand("key-2", f"{REF}-r2"))
    assert {f.get("ScanAbutmentScan", "false") for f in teeth(document(later)).values()} == {"false"}


def test_a_bridge_hangs_together_on_its_mesial_sides(desktop: Desktop) -> None:
    """Every unit but the most mesial one; across the midline the receipt asks to compare."""
    units = [evolve(CROWN, id=str(tooth), teeth=(tooth,), bridge="b") for tooth in (24, 25, 26)]
    receipt = desktop.deliver(desktop.ordered(*units))
    joined = {n: f["MesialConnector"] for n, f in teeth(document(receipt)).items() if "MesialConnector" in f}
    assert joined == {24: "false", 25: "true", 26: "true"}
    assert "midline" not in receipt.proof["not carried"]
    front = [evolve(CROWN, id=str(tooth), teeth=(tooth,), bridge="b") for tooth in (11, 21)]
    later = desktop.deliver(desktop.ordered(*front), errand=Errand("key-2", f"{REF}-r2"))
    assert "midline" in later.proof["not carried"]
    assert len({item.bridge for item in order_of(document(later)).prescription.items} - {None}) == 1


def test_work_without_a_word_stands_in_the_notes(desktop: Desktop) -> None:
    """A veneer is written into no tooth, overlooked by nobody, and whole in ``rx.json``."""
    veneer = WorkItem("2", (11,), "veneer", material="lithium-disilicate", shade="BL2")
    receipt = desktop.deliver(desktop.ordered(CROWN, veneer))
    assert 11 not in teeth(document(receipt))
    assert document(receipt).findtext("Notes") == "Also ordered: 11 veneer lithium-disilicate BL2"
    assert "no known word for" in receipt.proof["not carried"]
    order = json.loads((Path(receipt.place) / "rx.json").read_text("utf-8"))
    assert [item["kind"] for item in order["items"]] == ["crown", "veneer"]


def test_patient_and_practice_are_written_only_when_the_lab_wants_them(desktop: Desktop) -> None:
    """With ``private`` they stand in name and document alike, without what a file name may not hold."""
    order = Prescription((CROWN,), practice="Bright: Dental", notes="nervous")
    case = evolve(desktop.case, prescription=order, patient=Patient(first="Zoë", last='Roe / "X"'))
    receipt = desktop.deliver(case, private=True, name="%p %d_%l %f")
    treatment = document(receipt)
    assert Path(receipt.place).name == f"Bright_ Dental 2026-03-01_Roe _ _X_ {REF} Zoë"
    assert treatment.findtext("Patient/PatientName") == f"Roe _ _X_ {REF}"
    assert treatment.findtext("Notes") == "nervous"


def test_what_is_not_told_about_people_is_said(desktop: Desktop) -> None:
    """Without names the receipt says so, and the options say so before the run; with them neither does."""
    case = evolve(desktop.ordered(CROWN), patient=evolve(desktop.case.patient, last="Doe"))
    kept = desktop.deliver(case)
    assert "who the patient is stays at home" in kept.proof["not carried"]
    told = desktop.deliver(case, errand=Errand("key-2", f"{REF}-r2"), private=True)
    assert "who the patient is" not in told.proof["not carried"]
    assert [len(list(ProjectOptions(private=private).not_carried())) for private in (False, True)] == [1, 0]


def test_the_tray_tells_cases_apart_where_the_name_holds_no_patient(desktop: Desktop) -> None:
    """Else it is the laboratory's own number."""
    case = evolve(desktop.case, desk=Desk(number="26-00417"))
    assert document(desktop.deliver(case)).findtext("TrayNo") == "26-00417"
    by_tray = desktop.deliver(case, errand=Errand("key-2", f"{REF}-r2"), name="%s_%tc")
    assert Path(by_tray.place).name == f"{REF}-r2_"


@pytest.mark.parametrize("name", ["%d", "%x_%l", "%l/%d", "%l?", "%l\n", "x" * 61 + "%l"])
def test_a_name_that_cannot_work_is_refused(name: str, desktop: Desktop) -> None:
    """Unknown placeholders, folders, signs that Windows refuses, endless ones, and names equal for two cases."""
    with pytest.raises(ConfigError):
        desktop.stage(name=name)


def test_no_two_refs_share_a_patient_number() -> None:
    """Two cases with one number would become one patient; numbers fit into 32 bits and lie above DentalDB's own."""
    letters = "2345679CDFGHJKMNPQRTVWXY"
    refs = [f"{a}{b}Q2-{c}4" for a in letters for b in letters for c in letters]
    numbers = {patient_number(ref) for ref in refs} | {patient_number("a free text")}
    assert len(numbers) == len(refs) + 1
    assert all(2**30 <= number < 2**31 for number in numbers)
    assert patient_number("a free text") >= 2**30 + len(letters) ** 6


def test_a_retry_and_a_replacement_keep_the_projects_identity(desktop: Desktop) -> None:
    """The database knows the project by it; another revision beside it is another project."""
    receipt = desktop.deliver()
    first = document(receipt)
    desktop.deliver(desktop.ordered(CROWN), errand=Errand("key-2", REF, replace=True))
    second = document(receipt)
    assert second.findtext("ProjectGUID") == first.findtext("ProjectGUID") == str(project_guid(REF))
    assert second.findtext("Patient/PatientId") == first.findtext("Patient/PatientId")
    third = document(desktop.deliver(errand=Errand("key-3", f"{REF}-r2")))
    assert third.findtext("ProjectGUID") != first.findtext("ProjectGUID")
    assert third.findtext("Patient/PatientId") == first.findtext("Patient/PatientId")


def test_the_receipt_says_how_to_import_and_how_to_open(desktop: Desktop) -> None:
    """With the path as the CAD computer sees it; a probe's receipt says the same."""
    options: dict[str, Any] = {"seen_as": "D:\\CAD-Data\\", "program": "C:\\exocad\\bin\\DentalCADApp.exe"}
    receipt = desktop.deliver(**options)
    path = f"D:\\CAD-Data\\2026-03-01_{REF}\\2026-03-01_{REF}.dentalProject"
    assert receipt.proof["import"] == f"DentalDB > Import > {path}"
    assert receipt.proof["open in CAD"] == f'"C:\\exocad\\bin\\DentalCADApp.exe" "{path}"'
    probed = desktop.probe(**options)
    assert probed is not None
    assert probed.proof["import"] == receipt.proof["import"]
    here = desktop.probe()
    assert here is not None
    assert here.proof["import"].endswith(f"out/2026-03-01_{REF}/2026-03-01_{REF}.dentalProject")


def test_an_imported_project_is_still_known(desktop: Desktop) -> None:
    """exocad writes the document anew; the same delivery is then proven, not sent again, and not refused."""
    receipt = desktop.deliver()
    (path,) = Path(receipt.place).glob("*.dentalProject")
    path.write_bytes(
        path.read_bytes().replace(b"<Teeth />", b"<Teeth></Teeth><DentalDBBuildDate>x</DentalDBBuildDate>")
    )
    probed = desktop.probe()
    assert probed is not None
    assert "written anew" in probed.proof["verified"]
    assert desktop.deliver().files == receipt.files
    path.write_bytes(project(number=9))
    assert desktop.probe() is None


def test_a_project_with_a_design_in_it_is_never_replaced(desktop: Desktop) -> None:
    """What casepan did not write stays, also where the lab lets revisions replace."""
    receipt = desktop.deliver()
    design = Path(receipt.place) / "crown_cad.stl"
    design.write_bytes(b"design")
    with pytest.raises(DeliveryRefused, match="worked in"):
        desktop.deliver(desktop.ordered(CROWN), errand=Errand("key-2", REF, replace=True))
    assert design.read_bytes() == b"design"


def test_a_project_that_cad_holds_open_is_tried_again(desktop: Desktop) -> None:
    """Windows refuses to rename a folder in use: retryable, with what to do; afterwards it works."""
    desktop.deliver()
    newer = desktop.ordered(CROWN)

    def refused(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(path), None, str(target))

    with patch.object(Path, "rename", refused), pytest.raises(DeliveryError, match="open in another program") as caught:
        desktop.deliver(newer, errand=Errand("key-2", REF, replace=True))
    assert caught.value.retryable
    assert caught.value.hint
    assert caught.value.retry_after
    assert 26 in teeth(document(desktop.deliver(newer, errand=Errand("key-2", REF, replace=True))))


def test_a_scan_that_exocad_does_not_load_is_refused(desktop: Desktop) -> None:
    """With the step that helps."""
    case = evolve(desktop.case, scans=tuple(evolve(scan, format="hps") for scan in desktop.case.scans))
    with pytest.raises(DeliveryRefused, match="does not load") as caught:
        desktop.deliver(case)
    assert "core.convert" in (caught.value.hint or "")


def with_template(desktop: Desktop, content: bytes) -> str:
    """The name of a template in the lab's folder."""
    (desktop.folder / "ours.dentalProject").write_bytes(content)
    return "ours.dentalProject"


def test_a_template_lends_configuration_and_teeth(desktop: Desktop) -> None:
    """The lab's own material codes come along for the ordered material; nothing of the template's case does."""
    pattern = tooth(11, Color="A3", Parameters="<Parameter><Type>Gap</Type></Parameter>", ScanAbutmentScan="true")
    template = with_template(desktop, configured(pattern + tooth(12, "HealthyTooth")))
    receipt = desktop.deliver(desktop.ordered(CROWN), template=template)
    treatment = document(receipt)
    found = teeth(treatment)
    assert treatment.findtext("WorkParamsSHA")
    assert (found[26]["Material"], found[26]["MaterialName"], found[26]["Color"]) == ("ZI", "Zirconia", "A2")
    assert treatment.findtext("Teeth/Tooth[Number='26']/Parameters/Parameter/Type") == "Gap"
    assert found[26]["ScanAbutmentScan"] == "false"
    assert sorted(found) == [25, 26, 27, 36]
    assert treatment.findtext("ProjectUniqueId") not in (None, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert treatment.findtext("ToothColor") == "A2"
    text = next(Path(receipt.place).glob("*.dentalProject")).read_text("utf-8-sig")
    assert not any(word in text for word in ("Roe", "Zoë", "Lindenhof", "contour", "T-4711", "00004711"))
    assert "does not hold" not in receipt.proof["not carried"]


def test_another_material_takes_no_code_of_the_template(desktop: Desktop) -> None:
    """A pattern of zirconia must not make a gold crown milled in zirconia; the receipt counts it."""
    template = with_template(desktop, configured(tooth(11)))
    items = (
        evolve(CROWN, material="gold"),
        evolve(CROWN, id="2", teeth=(24,), material="unknown"),
        evolve(CROWN, id="3", teeth=(22,), kind="pontic"),
    )
    receipt = desktop.deliver(desktop.ordered(*items), template=template)
    found = teeth(document(receipt))
    assert ("Material" in found[26], found[26]["MaterialName"]) == (False, "gold")
    assert ("Material" in found[24], "MaterialName" in found[24]) == (False, False)
    assert found[22]["ReconstructionType"] == "AnatomicPontic"
    assert "does not hold, to be completed in DentalDB: 3" in receipt.proof["not carried"]


def test_a_template_that_tells_its_patient_elsewhere_is_refused(desktop: Desktop) -> None:
    """Only known places are cleaned: better no project than another patient's name in it."""
    template = with_template(desktop, configured(tooth(11, Comment="for Roe")))
    with pytest.raises(DeliveryRefused, match="names its own patient"):
        desktop.deliver(desktop.ordered(CROWN), template=template)


def test_a_template_whose_patient_is_a_word_of_exocads_serves(desktop: Desktop) -> None:
    """Laboratories call such a case "Crown Zirconia"."""
    named = configured(tooth(11)).replace(b"Roe ", b"Crown Zirconia")
    receipt = desktop.deliver(desktop.ordered(CROWN), template=with_template(desktop, named))
    assert document(receipt).findtext("Patient/PatientName") == REF


def test_signs_that_xml_cannot_hold_are_left_out(desktop: Desktop) -> None:
    """Control characters and undecodable bytes of names: the document stays readable, the notes keep their lines."""
    order = Prescription((evolve(CROWN, material="unknown", material_text="Zr\x0b"),), notes="one\x00\r\ntwo\udcff")
    case = evolve(desktop.case, prescription=order, patient=Patient(last="Roe\udcff"))
    receipt = desktop.deliver(case, private=True)
    assert document(receipt).findtext("Notes") == "one\ntwo"
    assert document(receipt).findtext("Patient/PatientName") == f"Roe {REF}"


def test_a_foreign_folder_is_never_replaced(desktop: Desktop) -> None:
    """Whatever lies there without a seal of casepan's is somebody's work."""
    place = Path(desktop.deliver().place)
    for seal in (b"{}", b"[]", b"no json"):
        (place / ".casepan.json").write_bytes(seal)
        with pytest.raises(DeliveryRefused, match="worked in"):
            desktop.deliver(errand=Errand("key-2", REF, replace=True))


@pytest.mark.parametrize("content", [b"", b"\0\1binary", b"<Treatment/>", b"<Other><Teeth/></Other>"])
def test_a_template_that_is_none_is_refused(content: bytes, desktop: Desktop) -> None:
    """Damaged, a vendor's archive, another document, or missing."""
    with pytest.raises(DeliveryRefused, match="template"):
        desktop.deliver(template=with_template(desktop, content))
    with pytest.raises(DeliveryRefused, match="template"):
        desktop.deliver(template="not-there.dentalProject")


def test_a_matrix_for_all_scans_goes_along(desktop: Desktop, tmp_path: Path) -> None:
    """It is read back as it came; one that serves some scans only stays at home, and the receipt says so."""
    folder = tmp_path / "shining"
    for path, content in shining().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (looked,) = look_at(folder / "Roe", REGISTRY).cases
    ((given,),) = {scan.transforms for scan in looked.case.scans}
    moved = evolve(desktop.case, scans=tuple(evolve(scan, transforms=(given,)) for scan in desktop.case.scans))
    receipt = desktop.deliver(moved)
    (again,) = look_at(Path(receipt.place), REGISTRY).cases
    assert {scan.transforms for scan in again.case.scans} == {(given,)}
    first, *others = moved.scans
    apart = evolve(moved, scans=(evolve(first, transforms=()), *others))
    later = desktop.deliver(apart, errand=Errand("key-2", f"{REF}-r2"))
    assert not list(Path(later.place).glob("*.matrix4"))
    assert "do not serve all scans" in later.proof["not carried"]


def with_transforms(case: Case, *each: tuple[Transform, ...]) -> Case:
    """The case with these transforms, one tuple for all scans or one per scan."""
    every = each * len(case.scans) if len(each) == 1 else each
    scans = zip(case.scans, every, strict=True)
    return evolve(case, scans=tuple(evolve(scan, transforms=found) for scan, found in scans))


GIVEN = Transform("matrix4", (0.0, -1.0, 0.0, 12.5, 1.0, 0.0, 0.0, -3.0, 0.0, 0.0, 1.0, 7.0, 0.0, 0.0, 0.0, 1.0), False)
TURNED = Transform("a turn", (0.0, 0.0, 1.0, 5.0, 1.0, 0.0, 0.0, 6.0, 0.0, 1.0, 0.0, -7.0, 0.0, 0.0, 0.0, 1.0), True)


def moved(matrix: tuple[float, ...], point: tuple[float, ...]) -> tuple[float, ...]:
    """Where a matrix takes a point."""
    return tuple(
        sum(a * b for a, b in zip(matrix[4 * row : 4 * row + 3], point, strict=True)) + matrix[4 * row + 3]
        for row in range(3)
    )


def test_a_matrix_follows_scans_that_a_step_has_turned(desktop: Desktop) -> None:
    """It spoke of the scans as they came; where it would put them then, the matrix that goes along puts them now."""
    receipt = desktop.deliver(with_transforms(desktop.case, (GIVEN, TURNED, TURNED)))
    (again,) = look_at(Path(receipt.place), REGISTRY).cases
    ((written,),) = {scan.transforms for scan in again.case.scans}
    for point in ((0.0, 0.0, 0.0), (10.0, -20.0, 30.0)):
        now = moved(TURNED.matrix, moved(TURNED.matrix, point))
        assert moved(written.matrix, now) == pytest.approx(moved(GIVEN.matrix, point))


def test_a_matrix_knows_only_of_turns_since_it_came(desktop: Desktop) -> None:
    """What was in the vertices already when it came is in the coordinates that it speaks of."""
    receipt = desktop.deliver(with_transforms(desktop.case, (TURNED, GIVEN)))
    (again,) = look_at(Path(receipt.place), REGISTRY).cases
    assert {scan.transforms for scan in again.case.scans} == {(GIVEN,)}


@pytest.mark.parametrize(
    "uneven",
    [
        ((GIVEN,), (GIVEN, TURNED)),
        ((GIVEN, evolve(TURNED, matrix=(2.0, *TURNED.matrix[1:]))),) * 2,
        ((GIVEN, evolve(GIVEN, matrix=TURNED.matrix)),) * 2,
        ((GIVEN, evolve(TURNED, matrix=(1.0,))),) * 2,
    ],
    ids=["one turned alone", "no motion", "two that wait", "damaged"],
)
def test_a_matrix_that_is_not_sure_stays_at_home(uneven: tuple[tuple[Transform, ...], ...], desktop: Desktop) -> None:
    """Better none for all than one that puts a scan somewhere else; the receipt says so."""
    every = (*uneven, *uneven[-1:] * (len(desktop.case.scans) - len(uneven)))
    receipt = desktop.deliver(with_transforms(desktop.case, *every))
    assert not list(Path(receipt.place).glob("*.matrix4"))
    assert "do not serve all scans" in receipt.proof["not carried"]


def test_what_goes_out_comes_back(desktop: Desktop, tmp_path: Path) -> None:
    """The whole project is read by this plugin again: roles, order, and the place beside the scans for the whole order."""
    units = tuple(evolve(CROWN, id=str(n), teeth=(n,), bridge="b", material_text="Zirconia") for n in (35, 36))
    receipt = desktop.deliver(desktop.ordered(*units))
    (looked,) = look_at(Path(receipt.place), REGISTRY).cases
    assert looked.recognition.stage == "exocad.folder"
    assert sorted(f"{s.role}/{s.arch}" for s in looked.case.scans) == sorted(
        f"{s.role}/{s.arch}" for s in desktop.case.scans
    )
    assert looked.case.prescription.teeth == (35, 36)
    assert looked.case.key.vendor_id == str(project_guid(REF))
