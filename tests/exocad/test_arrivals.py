"""What the reader of exocad projects recognises, and what it makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from casepan.api import Case, Recognition
from casepan.operate.looking import Inspection, look_at
from casepan.registry import Registry
from casepan.running.context import Bench
from casepan_exocad.arrival import recognise
from casepan_exocad.testing import (
    JAWS,
    SHIFT,
    SHINING,
    TURN,
    bridge,
    implant,
    in_folder,
    jaws,
    matrix,
    mesh,
    opened,
    own_case,
    project,
    shining,
    textured,
    tooth,
)

REGISTRY = Registry.load()
CONFIDENT = {"certain": 3, "likely": 2, "possible": 1}


def dropped(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write files (the first path part is the arrival) and return the arrival."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (top,) = {path.partition("/")[0] for path in files}
    return folder / top


def looked_at(files: Mapping[str, bytes], folder: Path) -> Inspection:
    """What all adapters together make of an arrival."""
    return look_at(dropped(files, folder), REGISTRY)


def read(files: Mapping[str, bytes], folder: Path) -> Case:
    """The one case of an arrival, read by this plugin."""
    (looked,) = looked_at(files, folder).cases
    assert looked.recognition.stage == "exocad.folder"
    return looked.case


def claims(files: Mapping[str, bytes], folder: Path) -> tuple[Recognition, ...]:
    """What this plugin alone claims."""
    with Bench.at(dropped(files, folder)) as bench:
        assert bench.listing is not None
        return recognise(bench.listing)


def codes(case: Case) -> list[str]:
    """The plugin's own finding codes of a case."""
    return [finding.code for finding in case.findings if finding.code.startswith("exocad.")]


def with_mark(path: str, content: bytes) -> dict[str, bytes]:
    """A plain project with one more file."""
    return in_folder("Roe", jaws("Roe", JAWS, "obj") | {"Roe.dentalProject": project(tooth(11)), path: content})


MARKED = {
    "Medit's first line": (with_mark("Roe-upperjaw.obj", b"#<MEDIT>\n" + mesh("upper", "obj")), "medit", "certain"),
    "Medit's bite": (with_mark("Roe-occlusionfirst.obj", mesh("bite", "obj")), "medit", "likely"),
    "DS Core's numbers": (
        in_folder(
            "TMP-1",
            jaws("2026-09-10-00000-000", JAWS, "ply") | {"2026-09-10-00000-000.dentalproject": project(tooth(11))},
        ),
        "primescan",
        "possible",
    ),
    "DS Core's empty project": (
        in_folder("TMP-1", jaws("2026-09-10-00000-000", JAWS, "ply") | {"2026-09-10-00000-000.dentalproject": b""}),
        "primescan",
        "likely",
    ),
}


@pytest.mark.parametrize(("files", "owner", "confidence"), MARKED.values(), ids=MARKED)
def test_a_mark_of_another_ecosystem_decides(
    files: Mapping[str, bytes], owner: str, confidence: str, tmp_path: Path
) -> None:
    """A look-alike with Medit's or DS Core's mark is theirs alone: this plugin stays silent."""
    assert claims(files, tmp_path) == ()
    (looked,) = look_at(dropped(files, tmp_path), REGISTRY).cases
    assert looked.recognition.stage.partition(".")[0] == owner
    assert CONFIDENT[looked.recognition.confidence] >= CONFIDENT[confidence]


def test_it_never_says_certain(tmp_path: Path) -> None:
    """Any scanner may write such a folder."""
    for number, files in enumerate((shining(), own_case(), bridge(), opened())):
        assert {claim.confidence for claim in claims(files, tmp_path / str(number))} == {"likely"}


def test_a_folder_named_as_medit_does_is_left_to_medit(tmp_path: Path) -> None:
    """``2026-03-01-Roe`` may be of both: it is no ambiguity, Medit's adapter reads the same roles and the same order."""
    stem = "2026-03-01-Roe"
    files = in_folder(stem, jaws(stem, JAWS) | {f"{stem}.dentalProject": project(tooth(11))})
    assert [claim.confidence for claim in claims(files, tmp_path)] == ["possible"]
    (looked,) = looked_at(files, tmp_path / "all").cases
    assert looked.case.prescription.teeth == (11,)


SILENT = {
    "no project": {"c/Roe-upperjaw.stl": b"", "c/Roe-lowerjaw.stl": b""},
    "an empty project": {"c/Roe.dentalProject": b"", "c/Roe-upperjaw.stl": b"", "c/Roe-lowerjaw.stl": b""},
    "no mesh": {"c/Roe.dentalProject": project()},
    "results only": {"c/Roe.dentalProject": project(), "c/Roe-26-crown_cad.stl": b""},
    "unknown names": {"c/Roe.dentalProject": project(), "c/one.stl": b"", "c/two.stl": b""},
}


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_without_project_and_scans_there_is_no_claim(files: Mapping[str, bytes], tmp_path: Path) -> None:
    """Names alone, and projects without scans, are left to others."""
    assert claims(files, tmp_path) == ()


def test_a_renamed_project_is_only_possible(tmp_path: Path) -> None:
    """Its document no longer bears the name of the meshes."""
    files = in_folder("c", jaws("Roe", JAWS) | {"other.dentalProject": project()})
    assert [claim.confidence for claim in claims(files, tmp_path)] == ["possible"]


def test_the_order_of_a_bridge_is_read(tmp_path: Path) -> None:
    """Teeth, kinds, material, shade and what hangs together; healthy neighbours and the antagonist are no work."""
    case = read(bridge(), tmp_path)
    items = case.prescription.items
    assert [(item.teeth, item.kind) for item in items] == [((14,), "crown"), ((15,), "pontic"), ((16,), "crown")]
    assert {(item.material, item.material_text, item.shade) for item in items} == {("zirconia", "Zirconia", "A2")}
    assert len({item.bridge for item in items}) == 1
    assert items[0].bridge is not None
    assert case.prescription.practice == "Lindenhof Dental"
    assert "Ring if" in (case.prescription.notes or "")
    assert (case.patient.first, case.patient.last, case.patient.reference) == ("Zoë", "Roe", "2")
    assert codes(case) == []


def test_a_crown_on_an_implant_is_one(tmp_path: Path) -> None:
    """The type says crown, the implant makes the difference; names in a Windows code page are read."""
    case = read(implant(), tmp_path)
    assert [(item.teeth, item.kind) for item in case.prescription.items] == [((36,), "implant-crown")]
    assert case.patient.first == "Zoë"


def test_a_scan_that_is_announced_and_missing_is_told(tmp_path: Path) -> None:
    """exocad would look for it."""
    files = {path: content for path, content in implant().items() if "marker" not in path}
    assert codes(read(files, tmp_path)) == ["exocad.scan-missing"]


def test_a_scan_that_no_tooth_announces_is_told(tmp_path: Path) -> None:
    """exocad would ignore it."""
    files = {
        path: content.replace(b"<ScanAbutmentScan>true", b"<ScanAbutmentScan>false")
        for path, content in implant().items()
    }
    assert codes(read(files, tmp_path)) == ["exocad.scan-unannounced"]


def test_one_matrix_serves_all_scans(tmp_path: Path) -> None:
    """Turned for column vectors, not applied, equal on arches and bites."""
    case = read(shining(), tmp_path)
    assert len(case.scans) == len(SHINING)
    ((transform,),) = {scan.transforms for scan in case.scans}
    wanted = [[*row, shift] for row, shift in zip(TURN, SHIFT, strict=True)] + [[0.0, 0.0, 0.0, 1.0]]
    assert transform.matrix == pytest.approx([number for row in wanted for number in row])
    assert transform.applied is False
    assert {scan.frame for scan in case.scans} == {"exocad:project"}


def test_what_exocad_wrote_outranks_the_matrix(tmp_path: Path) -> None:
    """``.scanInfo`` holds the way back: turned round it is the same turn and shift, and the stale matrix is not used."""
    case = read(opened(), tmp_path)
    ((transform,),) = {scan.transforms for scan in case.scans}
    assert transform.name == "scanInfo"
    assert transform.matrix[3::4] == pytest.approx([*SHIFT, 1.0])
    assert transform.matrix[:3] == pytest.approx(TURN[0])


def test_a_scan_info_for_some_scans_only_is_not_used(tmp_path: Path) -> None:
    """All or none: the matrix for all takes its place, and a finding says so."""
    files = opened() | {"Poe/Poe-TotalJaw0.ply": mesh("bite", "ply")}
    case = read(files, tmp_path)
    assert {scan.transforms[0].name for scan in case.scans} == {"matrix4"}
    assert codes(case) == ["exocad.matrix-unclear"]


BAD = {
    "scaled": matrix().replace("<_01>-1.0", "<_01>-2.0").replace("<_01>1.0", "<_01>2.0"),
    "mirrored": matrix().replace("<_22>1.0", "<_22>-1.0"),
    "no numbers": "<Matrix4><_00>one</_00></Matrix4>",
    "infinite": matrix().replace("<_30>12.5", "<_30>1e999"),
    "cut": "<Matrix4><_00>1",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_matrix_that_is_no_motion_is_used_for_no_scan(text: str, tmp_path: Path) -> None:
    """A finding says so; the case is read."""
    case = read(shining() | {"Roe/Roe.matrix4": text.encode()}, tmp_path)
    assert {scan.transforms for scan in case.scans} == {()}
    assert codes(case) == ["exocad.matrix-unclear"]


def test_results_are_designs_and_not_worked_on(tmp_path: Path) -> None:
    """A crown that exocad made is carried along; it is no scan of the jaw."""
    case = read(own_case(), tmp_path)
    assert [(scan.role, scan.preferred) for scan in case.scans if scan.role == "design"] == [("design", False)]
    assert {item.what for item in case.attachments} >= {"order", "data"}


def test_pictures_go_with_their_scan(tmp_path: Path) -> None:
    """By the beginning of the name, without those of ``-upperjaw-situ``."""
    files = textured()
    for suffix in ("obj", "mtl", "jpg"):
        files[f"Roe_26/Roe_26-upperjaw-situ.{suffix}"] = files[f"Roe_26/Roe_26-upperjaw.{suffix}"]
    case = read(files, tmp_path)
    assert {scan.id: len(scan.textures) for scan in case.scans} == {"upper-arch": 2, "lower-arch": 2, "upper-preop": 2}


def test_a_copy_of_a_document_is_no_second_case(tmp_path: Path) -> None:
    """``Roe (1).dentalProject`` lies beside the first one."""
    files = shining() | {"Roe/Roe (1).dentalProject": project()}
    assert len(claims(files, tmp_path)) == 1


def test_two_projects_in_one_folder_share_by_name(tmp_path: Path) -> None:
    """The longest name that a file begins with; what fits neither belongs to none."""
    both = jaws("Roe", JAWS) | jaws("Roe Ann", JAWS, seed=1)
    documents = {"Roe.dentalProject": project(tooth(11)), "Roe Ann.dentalProject": project(tooth(46), number=2)}
    found = claims(in_folder("c", both | documents | {"list.pdf": b"%PDF"}), tmp_path)
    assert [len(claim.files) for claim in found] == [3, 3]
    assert all("Ann" not in path for path in found[1].files) is not all("Ann" not in path for path in found[0].files)


def test_without_a_guid_name_and_time_tell_the_case(tmp_path: Path) -> None:
    """A patient's name alone would make two visits one case."""
    zeros = b"00000000-0000-0000-0000-000000000000"
    files = shining()
    document = files["Roe/Roe.dentalProject"].replace(b"00000001-0000-4000-8000-000000000001", zeros)
    (claim,) = claims(files | {"Roe/Roe.dentalProject": document}, tmp_path)
    assert claim.vendor_id == "roe | 2026-03-01T09:12:44"
