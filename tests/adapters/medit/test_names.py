"""Medit: what names and documents mean, without any mesh."""

from __future__ import annotations

import pytest

from casepan.api import Entry, read_xml
from casepan_medit.arrival import exports
from casepan_medit.layout import container_of, is_medit_obj, part_of, preferred
from casepan_medit.rx import mesial_neighbour, patient_of, prescription_of, teeth_in_name

NAMES = [
    ("2026-09-09-Jane Roe-maxillary.obj", "arch", "upper", None),
    ("2026-09-09-Jane Roe-MANDIBULAR.STL", "arch", "lower", None),
    ("x-occlusionfirst.ply", "bite", None, 1),
    ("x-occlusionsecond.ply", "bite", None, 2),
    ("x-upperjaw.obj", "arch", "upper", None),
    ("x-lowerjaw-situ.obj", "preop", "lower", None),
    ("x-upperjaw-marker.obj", "scanbody", "upper", None),
    ("x-mandibular-scanbody2.ply", "scanbody", "lower", 2),
    ("x-upperjaw-gingiva.ply", "gingiva", "upper", None),
    ("x-maxillary (1).stl", "arch", "upper", None),
    ("x-maxillary_(3).stl", "arch", "upper", None),
    ("x-upperjaw-tissue.ply", "other", "upper", None),
    ("x-anything.ply", "other", None, None),
    ("x-46-crown_cad.stl", "design", None, None),
    ("doe-lower first molar with preop-upperjaw.obj", "arch", "upper", None),
    ("doe-lower first molar with preop-occlusionfirst.obj", "bite", None, 1),
    ("x-UpperJawScan.stl.general.meditMesh", "arch", "upper", None),
    ("maxillary.stl", "arch", "upper", None),
]


@pytest.mark.parametrize(("name", "role", "arch", "number"), NAMES)
def test_the_tail_of_a_name_tells_the_role(name: str, role: str, arch: str | None, number: int | None) -> None:
    """Only the last words count, whatever the prefix says."""
    part = part_of(Entry(f"case/{name}", 1, 0.0))
    assert part is not None
    assert (part.role, part.arch, part.number) == (role, arch, number)


def test_files_without_a_surface_are_no_parts() -> None:
    """Documents and pictures are left to the attachments."""
    assert part_of(Entry("case/x-maxillary.pdf", 1, 0.0)) is None


def test_a_design_word_inside_a_name_is_no_design() -> None:
    """A case may be called after a crown."""
    part = part_of(Entry("2026-01-01-crown case-maxillary.stl", 1, 0.0))
    assert part is not None
    assert part.role == "arch"


def test_only_the_exact_first_line_is_the_magic() -> None:
    """A comment that mentions Medit proves nothing."""
    assert is_medit_obj(b"#<MEDIT>\r\nv 0 0 0\n")
    assert not is_medit_obj(b"# <MEDIT> exported\nv 0 0 0\n")


def test_the_innermost_telling_container_names_the_case() -> None:
    """A folder named scans inside the export says nothing; the export's own name does."""
    assert container_of("2026-09-11-Roe", "a.zip/scans", "x") == "2026-09-11-Roe"
    assert container_of("inbox", "2026-09-11-Roe's case_(2).zip", "x") == "2026-09-11-Roe's case"
    assert container_of("roe", "", "roe") == "roe"


def test_two_orders_in_one_folder_are_two_cases() -> None:
    """The same view under two prefixes cannot be one mouth."""
    entries = [Entry(f"{who}-{tail}.stl", 1, 0.0) for who in ("a", "b") for tail in ("maxillary", "mandibular")]
    found = exports("monday", entries)
    assert [{part.prefix for part in export.parts} for export in found] == [{"a"}, {"b"}]


def test_a_document_goes_with_the_prefix_it_carries() -> None:
    """With two orders in one folder a PDF of one patient never lands in the other case."""
    entries = [Entry(f"{who}-maxillary.stl", 1, 0.0) for who in ("anna", "bert")] + [Entry("bert-order.pdf", 1, 0.0)]
    first, second = exports("monday", entries)
    assert "bert-order.pdf" not in first.files
    assert "bert-order.pdf" in second.files


def test_the_newest_complete_re_export_counts() -> None:
    """An older copy of the same case is set aside, a newer one that lacks an arch too."""
    entries = [Entry(f"2026-09-11-C_(1)/x-{tail}.stl", 1, 5.0) for tail in ("maxillary", "mandibular")]
    entries += [Entry(f"2026-09-11-C/x-{tail}.stl", 1, 1.0) for tail in ("maxillary", "mandibular")]
    entries += [Entry("2026-09-11-C_(2)/x-maxillary.stl", 1, 9.0)]
    (found,) = exports("inbox", entries)
    assert {part.path.partition("/")[0] for part in found.parts} == {"2026-09-11-C_(1)"}
    assert set(found.older) == {entry.path for entry in entries if not entry.path.startswith("2026-09-11-C_(1)/")}


def test_of_two_formats_the_coloured_one_is_worked_on() -> None:
    """A case saved as STL and as PLY has two files of one view."""
    parts = [part for name in ("x-maxillary.stl", "x-maxillary.ply") if (part := part_of(Entry(name, 1, 0.0)))]
    assert preferred(parts) == {"x-maxillary.ply"}


TEETH = [
    ("Roe's case #26", (26,)),
    ("Roe #11,21 Dr Doe", (11, 21)),
    ("Roe #11 #21", (11, 21)),
    ("Roe #26-2026-09-11", (26,)),
    ("Roe 26", ()),
    ("Roe #11-13", ()),
    ("Roe #11,21-23", ()),
    ("Roe #3", ()),
    ("Roe #26 07", (26,)),
    ("Roe #99", ()),
    ("Roe #260", ()),
]


@pytest.mark.parametrize(("name", "teeth"), TEETH)
def test_only_marked_teeth_are_offered(name: str, teeth: tuple[int, ...]) -> None:
    """Dates, chart numbers and ranges are no teeth."""
    assert teeth_in_name(name) == teeth


BRIDGE = """<Treatment><DateTime>2026-01-02T03:04:05</DateTime><WorkParams>AAAA</WorkParams><Teeth>
<Tooth><Number>24</Number><ReconstructionType>AnatomicCrown</ReconstructionType><MesialConnector>false</MesialConnector>
<MaterialName>Zirconia</MaterialName><Color>A3,5</Color></Tooth>
<Tooth><Number>25</Number><ReconstructionType>AnatomicPontic</ReconstructionType><MesialConnector>true</MesialConnector></Tooth>
<Tooth><Number>26</Number><ReconstructionType>AnatomicCrown</ReconstructionType><MesialConnector>true</MesialConnector></Tooth>
<Tooth><Number>46</Number><ReconstructionType>AnatomicInlay</ReconstructionType><Color>---</Color></Tooth>
<Tooth><Number>36</Number><ReconstructionType>Antagonist</ReconstructionType></Tooth>
<Tooth><Number>99</Number><ReconstructionType>AnatomicCrown</ReconstructionType></Tooth>
</Teeth><Patient><PatientId>12</PatientId><PatientName>Jane Roe </PatientName></Patient></Treatment>"""


def test_a_project_gives_units_bridges_and_shades() -> None:
    """Neighbours and antagonists are no work; joined units share a bridge; every field says where it comes from."""
    found = prescription_of(read_xml(BRIDGE.encode()))
    assert [(item.teeth, item.kind) for item in found.items] == [
        ((24,), "crown"),
        ((25,), "pontic"),
        ((26,), "crown"),
        ((46,), "inlay"),
    ]
    assert [item.bridge is not None for item in found.items] == [True, True, True, False]
    assert found.items[0].material == "zirconia"
    assert found.items[0].shade == "A3.5"
    assert found.items[0].provenance["teeth"] == "file"
    assert found.items[3].shade is None
    assert "WorkParams" not in found.raw


def test_a_lone_tooth_is_read_like_many() -> None:
    """One Tooth element is as good as a list."""
    found = prescription_of(
        read_xml(
            b"<Treatment><Teeth><Tooth><Number>11</Number>"
            b"<ReconstructionType>AnatomicVeneer</ReconstructionType></Tooth></Teeth></Treatment>"
        )
    )
    assert [(item.teeth, item.kind) for item in found.items] == [((11,), "veneer")]


def test_a_bridge_may_cross_the_midline() -> None:
    """The mesial neighbour of a central incisor is the other one."""
    assert [mesial_neighbour(tooth) for tooth in (24, 11, 21, 31, 61)] == [23, 21, 11, 41, 51]


def test_a_name_without_first_name_stays_whole() -> None:
    """Programs put the full name into PatientName: it is not cut by guess."""
    patient = patient_of(read_xml(BRIDGE.encode()))
    assert (patient.name, patient.first, patient.last, patient.reference) == ("Jane Roe", None, None, "12")
