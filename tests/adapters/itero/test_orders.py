"""iTero: the manifest as prescription and patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from casepan.api import CorruptFile
from casepan.testing import pdf_sheet
from casepan_itero.rx import due_day, patient_of, prepared_arches, prescription_of, read_manifest
from casepan_itero.testing import Listed, Tooth, manifest_xml, restorative_tree, scan

BRIDGE = (Tooth(14), Tooth(15, type="21", material="-1", shade="-1"), Tooth(16), Tooth(36, type="21"))


def test_a_bridge_is_a_range_in_either_order() -> None:
    """The missing tooth inside it is the pontic; one outside is nobody's item."""
    for ends in ((14, 16), (16, 14)):
        manifest = read_manifest(manifest_xml("300000005", (), teeth=BRIDGE, bridges=(("7", *ends),)))
        prescription = prescription_of(manifest)
        assert [(i.teeth, i.kind, i.bridge) for i in prescription.items] == [
            ((14,), "crown", "7"),
            ((15,), "pontic", "7"),
            ((16,), "crown", "7"),
        ]
        assert prescription.raw["missing_teeth"] == ["19"]


def test_a_tooth_may_name_its_bridge() -> None:
    """Version 5.0 writes the bridge at the tooth."""
    manifest = manifest_xml("1", (), teeth=(Tooth(14, bridge="3"), Tooth(24)), bridges=(("3", 14, 15),))
    assert [item.bridge for item in prescription_of(read_manifest(manifest)).items] == ["3", None]


def test_codes_are_read_with_the_tables_of_the_file() -> None:
    """Materials stand under another child name than the other tables."""
    tables = {"RestorationTypes": {"9": "Veneer"}, "Materials": {"60": "Ceramic: Lithium disilicate"}}
    manifest = manifest_xml("1", (), teeth=(Tooth(11, type="9", material="60"),), tables=tables)
    (item,) = prescription_of(read_manifest(manifest)).items
    assert (item.kind, item.material, item.material_text) == (
        "veneer",
        "lithium-disilicate",
        "Ceramic: Lithium disilicate",
    )
    assert item.raw["RestorationType"] == "9"


def test_without_tables_only_proven_codes_are_read() -> None:
    """Crown and zirconia were seen; any other code stays a code."""
    manifest = manifest_xml("1", (), teeth=(Tooth(11), Tooth(21, type="77", material="78")), tables={})
    first, second = prescription_of(read_manifest(manifest)).items
    assert (first.kind, first.material) == ("crown", "zirconia")
    assert (second.kind, second.material, second.material_text) == ("other", "unknown", None)


def test_minus_one_is_not_relevant() -> None:
    """Neither material nor shade nor bridge of a tooth marked -1 is a value."""
    manifest = manifest_xml("1", (), teeth=(Tooth(11, material="-1", shade="-1", bridge="-1"),))
    (item,) = prescription_of(read_manifest(manifest)).items
    assert (item.material, item.shade, item.stump_shade, item.bridge) == ("unknown", None, None, None)
    assert "ToothMaterial" not in item.raw


def test_a_tooth_without_restoration_is_not_ordered() -> None:
    """Teeth may be listed with nothing to do."""
    assert prescription_of(read_manifest(manifest_xml("1", (), teeth=(Tooth(11, type="-1"),)))).items == ()


def test_shades_are_words_or_codes_of_a_table() -> None:
    """A bare number without a table means nothing."""
    tables = {"RestorationTypes": {"2": "Crown"}, "ToothShades": {"7": "A3"}}
    manifest = manifest_xml(
        "1", (), teeth=(Tooth(11, shade="7"), Tooth(21, shade="8"), Tooth(22, shade="B1")), tables=tables
    )
    assert [item.shade for item in prescription_of(read_manifest(manifest)).items] == ["A3", None, "B1"]


def test_implants_are_named_by_the_table_of_the_file() -> None:
    """Manufacturer and type come from ImplantTypes; a crown on an implant is an implant crown."""
    data = manifest_xml("1", (), teeth=(Tooth(36),)).replace(
        b'DieShade="-1"', b'DieShade="-1" ImplantType="5" ImplantBasedRestorationType="1"'
    )
    table = (
        b'<ImplantTypes><Type Id="5" Name="Bone Level 4.1" ImplantManufacturerName="Example Implants"/></ImplantTypes>'
    )
    (item,) = prescription_of(read_manifest(data.replace(b"<RxDefines>", b"<RxDefines>" + table))).items
    assert item.kind == "implant-crown"
    assert item.implant is not None
    assert (item.implant.manufacturer, item.implant.system) == ("Example Implants", "Bone Level 4.1")


def test_margin_and_pontic_designs_are_named() -> None:
    """Designs are codes as well."""
    data = manifest_xml("1", (), teeth=(Tooth(36),)).replace(b'DieShade="-1"', b'MarginDesignExt="2" PonticDesign="3"')
    table = b'<MarginDesign><Type Id="2" Name="Chamfer"/></MarginDesign><PonticDesign><Type Id="3" Name="Ovate"/></PonticDesign>'
    (item,) = prescription_of(read_manifest(data.replace(b"<RxDefines>", b"<RxDefines>" + table))).items
    assert (item.margin, item.pontic_design) == ("Chamfer", "Ovate")


def test_the_name_of_the_patient_stays_one_text() -> None:
    """Which half is the family name differs between exports."""
    info = {"Patient": "Jane, Doe", "ChartNumber": "C-7", "UniquePatientIdentifier": "guid-1"}
    patient = patient_of(read_manifest(manifest_xml("1", (), info=info)))
    assert (patient.name, patient.first, patient.last) == ("Jane, Doe", None, None)
    assert (patient.reference, patient.guid) == ("C-7", "guid-1")


def test_doctor_licence_and_day_are_read_and_the_practice_is_a_gap() -> None:
    """The manifest holds no practice name."""
    prescription = prescription_of(read_manifest(manifest_xml("70000001", (), info={"Notes": "Check bite"})))
    assert (prescription.reference, prescription.due) == ("70000001", date(2026, 1, 31))
    assert (prescription.doctor, prescription.licence) == ("Dr. Example, Ann", "12345")
    assert (prescription.notes, prescription.practice) == ("Check bite", None)
    assert set(prescription.provenance.values()) == {"file"}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("01/31/2026", date(2026, 1, 31)),
        ("01/31/2026 12:00:00", date(2026, 1, 31)),
        ("31.01.2026", None),
        ("", None),
        (None, None),
    ],
)
def test_due_days_are_american_dates(text: str | None, day: date | None) -> None:
    """Month first; anything else is no date."""
    assert due_day(text) == day


def test_an_old_manifest_calls_the_order_case() -> None:
    """Version 2.4 has CaseId in place of OrderID."""
    assert read_manifest(manifest_xml("300000006", (), version="2.4")).order == "300000006"


def test_prepared_arches_come_from_the_teeth() -> None:
    """Both arches when both have ordered teeth."""
    prescription = prescription_of(read_manifest(manifest_xml("1", (), teeth=(Tooth(14), Tooth(36)))))
    assert prepared_arches(prescription) == {"upper", "lower"}


def test_transforms_are_kept_and_never_applied() -> None:
    """Sixteen numbers, in the text or the attributes of any element."""
    numbers = " ".join(str(n) for n in range(16))
    block = f"<ActualUsedTransforms><T>{numbers}</T><T>1 2</T><T>word</T></ActualUsedTransforms>".encode()
    manifest = read_manifest(manifest_xml("1", ()).replace(b"<ExportedObjects>", block + b"<ExportedObjects>"))
    assert manifest.transforms == (tuple(float(n) for n in range(16)),)
    assert prescription_of(manifest).raw["transforms"] == [[float(n) for n in range(16)]]


def test_listed_files_lose_their_folders() -> None:
    """Only the bare name counts."""
    (item,) = read_manifest(manifest_xml("1", (Listed(r"C:\export\a.ply", jaw="Upper"),))).objects
    assert item.file == "a.ply"


@pytest.mark.parametrize("data", [b"", b"<iTeroExport", b"<Other/>"])
def test_another_document_is_refused(data: bytes) -> None:
    """A typed error, never a bare one."""
    with pytest.raises(CorruptFile):
        read_manifest(data)


def test_the_practice_is_read_from_the_sheet(read_with: Callable[..., Any]) -> None:
    """No other file of an export names it; the due day of the manifest stays."""
    files = dict(restorative_tree("300000005"))
    files["iTero_Rx_300000005.pdf"] = pdf_sheet(("iTero", "Practice:", "Park Dental", "Due Date: 01/31/2026"))
    (case,) = read_with("itero", {f"iTero_Export_300000005/{name}": content for name, content in files.items()}).cases
    assert case.prescription.practice == "Park Dental"
    assert (case.prescription.provenance["practice"], case.prescription.provenance["due"]) == ("pdf", "file")
    assert case.prescription.raw["sheet"] == {"practice": "likely"}
    assert [item.what for item in case.attachments if "Rx" in item.file.name] == ["iTero prescription sheet"]
    assert "rx.from-sheet" in {finding.code for finding in case.findings}


def test_an_html_sheet_fills_an_export_without_a_manifest(read_with: Callable[..., Any]) -> None:
    """Patient, chart number, dentist and order code stand in its table."""
    rows = {
        "Order ID": "70000001 &lt;00ABCDEF&gt;",
        "Patient": "Doe, Jane",
        "Chart Number": "C-7",
        "Dentist": "Dr. Example",
    }
    cells = "".join(f"<tr><td>{label}:</td><td>{value}</td></tr>" for label, value in rows.items())
    sheet = f"<html><title>iTero Treatment Information</title><table>{cells}</table></html>"
    files = {f"70000001_shell_occlusion_{jaw}.stl": scan(name) for jaw, name in (("u", "upper"), ("l", "lower"))}
    (case,) = read_with("itero", {f"x/{n}": c for n, c in {**files, "Rx_70000001.html": sheet.encode()}.items()}).cases
    assert (case.prescription.reference, case.prescription.doctor) == ("70000001", "Dr. Example")
    assert (case.patient.name, case.patient.reference) == ("Doe, Jane", "C-7")


def test_teeth_marked_in_a_folder_are_offered_or_asked_for(read_with: Callable[..., Any]) -> None:
    """Only where one notation is possible."""
    files = {f"70000001_shell_occlusion_{jaw}.stl": scan(name) for jaw, name in (("u", "upper"), ("l", "lower"))}
    (sure,) = read_with("itero", {f"Roe #46/{name}": content for name, content in files.items()}).cases
    assert sure.prescription.teeth == (46,)
    (unsure,) = read_with("itero", {f"Roe #26/{name}": content for name, content in files.items()}).cases
    assert unsure.prescription.teeth == ()
    assert "arrival.teeth-marked" in {finding.code for finding in unsure.findings}
