"""Carestream / DEXIS: whole arrivals, read by this adapter alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casepan.api import Sample
from casepan_carestream.testing import (
    MANDIBLE,
    MAXILLA,
    STUDY,
    dicom,
    in_folder,
    loose,
    meshes,
    portal,
    raw_data,
    restoration,
    samples,
    two_bites,
    two_saves,
    zipped,
)

ReadWith = Callable[..., Any]
ARCHES = {MAXILLA: "upper", MANDIBLE: "lower"}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_tree_of_the_facts_is_read(sample: Sample, read_with: ReadWith) -> None:
    """Roles, identity and closed files come out as the sample says."""
    read = read_with("carestream", sample.files())
    expected = sample.expected
    assert read.roles == dict(expected.scans)
    assert sum(len(case.closed) for case in read.cases) == expected.closed
    assert expected.vendor_id in (None, read.cases[0].key.vendor_id)


LOOK_ALIKES = {
    "3Shape": {"c/Raw Preparation scan.dcm": b"<HPS version='1.1'><Packed_geometry/></HPS>"},
    "a radiograph": {"c/pano.dcm": dicom(model="Orthophos S", study="1.2.276.0.7230010.3")},
    "another RAR": {"holiday.rar": b"Rar!\x1a\x07\x00" + bytes(60) + b"beach.jpg"},
    "Medit": {"c/2026-roe-maxillary.stl": b"", "c/2026-roe-mandibular.stl": b""},
    "aligner stages": {"c/1Maxillary.stl": b"", "c/1Maxillary_with_attachments.stl": b""},
    "iTero": {"c/Maxilla_Base.ply": b"", "c/Mandible_Base.ply": b""},
    "a bite alone": {"c/Normal Bite.stl": b""},
    "a dated folder": {"20230724 - 133711 - A B/photo.jpg": b"", "20230724 - 133711 - A B/model.stl": b""},
}


@pytest.mark.parametrize("files", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_left_alone(files: dict[str, bytes], read_with: ReadWith) -> None:
    """Names that resemble ScanFlow's are no claim."""
    assert read_with("carestream", files).claims == ()


@pytest.mark.parametrize(
    ("files", "confidence"),
    [
        (in_folder("c", meshes("stl", {MAXILLA: "upper"})), "possible"),
        (in_folder("c", meshes("stl", ARCHES)), "likely"),
        (in_folder("20230724 - 133711 - A B", meshes("stl", {MAXILLA: "upper"})), "likely"),
        ({"x.dcm": dicom()}, "certain"),
        (raw_data(), "certain"),
        ({"anything.csz": b"\0" * 64}, "possible"),
    ],
    ids=["one name", "two names", "save folder", "dicom", "raw", "raw name only"],
)
def test_confidence_follows_the_proof(files: dict[str, bytes], confidence: str, read_with: ReadWith) -> None:
    """Content is certain, two marks are likely, one name is possible."""
    assert [claim.confidence for claim in read_with("carestream", files).claims] == [confidence]


def test_the_latest_complete_save_is_used(read_with: ReadWith) -> None:
    """A later save that lacks an arch does not win; everything else is set aside with its reason."""
    later = in_folder("Roe/20230724 - 141500 - Roe Jane", meshes("ply", {MAXILLA: "upper"}, 2))
    read = read_with("carestream", two_saves() | later)
    (case,) = read.cases
    assert {scan.file.path.partition("/")[0] for scan in case.scans} == {"20230724 - 135902 - Roe Jane"}
    assert sorted(item.path.partition("/")[0] for item in case.ignored) == [
        "20230724 - 133711 - Roe Jane",
        "20230724 - 141500 - Roe Jane",
    ]
    assert read.codes == {"carestream.older-saves"}


def test_a_second_save_of_the_day_is_the_same_case(read_with: ReadWith) -> None:
    """A save of another day is a case of its own."""
    ids = [
        read_with("carestream", in_folder(f"{day} - {time} - Roe Jane", meshes("stl", ARCHES))).claims[0].vendor_id
        for day, time in (("20230724", "133711"), ("20230724", "150000"), ("20240102", "090000"))
    ]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


def test_alternative_bites_are_variants(read_with: ReadWith) -> None:
    """Mordida normal is the normal bite of a Spanish program; all stay in one frame."""
    (case,) = read_with("carestream", two_bites()).cases
    lower = {scan.label: (scan.preferred, scan.variant) for scan in case.scans if scan.arch == "lower"}
    assert lower == {"Mordida normal": (True, "bite-1"), "Relacion centrica": (False, "bite-2")}
    assert {scan.frame for scan in case.scans} == {"carestream:occlusion"}


def test_the_names_of_the_normal_bite_are_an_option(read_with: ReadWith) -> None:
    """A clinic that works in centric relation says so."""
    (case,) = read_with("carestream", two_bites(), normal_bites=("Relacion centrica",)).cases
    assert [scan.label for scan in case.scans if scan.arch == "lower" and scan.preferred] == ["Relacion centrica"]


def test_bites_keep_number_and_name(read_with: ReadWith) -> None:
    """Normal Bite is the first, an extra bite keeps the clinic's word."""
    (case,) = read_with("carestream", restoration()).cases
    bites = [(scan.id, scan.number, scan.label) for scan in case.scans if scan.role == "bite"]
    assert sorted(bites) == [("bite-1", 1, "Normal Bite"), ("bite-2", 2, "protrusive")]


def test_a_portal_package_keeps_its_form(read_with: ReadWith) -> None:
    """The PDF beside the ZIP is the prescription and is attached."""
    (case,) = read_with("carestream", portal()).cases
    assert [attachment.what for attachment in case.attachments] == ["order"]


def test_a_form_goes_with_its_own_package(read_with: ReadWith) -> None:
    """Two packages in one folder: each PDF stays with the ZIP of its name."""
    packages = {f"{name}.zip": zipped(meshes("stl", ARCHES, seed)) for seed, name in enumerate("ab")}
    cases = read_with("carestream", in_folder("inbox", packages | {"a.pdf": b"%PDF-a", "b.pdf": b"%PDF-b"})).cases
    assert [[attachment.file.name for attachment in case.attachments] for case in cases] == [["a.pdf"], ["b.pdf"]]


def test_a_dicom_beside_meshes_names_the_case(read_with: ReadWith) -> None:
    """The study identifies the case, its patient goes before the folder's."""
    files = in_folder("20230724 - 133711 - Roe J", meshes("stl", ARCHES) | {"x.dcm": dicom()})
    (case,) = read_with("carestream", files).cases
    assert case.key.vendor_id == STUDY
    assert case.patient.name == "Roe Jane"
    assert [(scan.role, scan.preferred, scan.readable) for scan in case.scans if scan.file.suffix == "dcm"] == [
        ("other", False, False)
    ]


def test_the_companions_of_raw_data_are_set_aside(read_with: ReadWith) -> None:
    """Records and video are named, with the reason, and never opened."""
    (case,) = read_with("carestream", raw_data()).cases
    assert len(case.closed) == 1
    assert {item.path.rpartition("!")[2].rpartition(".")[2] for item in case.ignored} == {"bin", "mp4"}


def test_one_arch_is_said(read_with: ReadWith) -> None:
    """Single arches occur; whether that is enough is for the checks."""
    read = read_with("carestream", in_folder("20230724 - 133711 - A B", meshes("stl", {MANDIBLE: "lower"})))
    assert read.codes == {"carestream.one-arch"}


def test_equal_names_without_a_folder_do_not_mix_patients(read_with: ReadWith) -> None:
    """Every export has the same names: without a folder the content tells cases apart."""
    first = read_with("carestream", in_folder("scans", loose()))
    second = read_with("carestream", in_folder("stl", meshes("stl", ARCHES, 1)))
    assert first.cases[0].key != second.cases[0].key
    assert "carestream.no-identity" in first.codes


def test_findings_hold_no_names(read_with: ReadWith) -> None:
    """Folder, file and patient names never reach a message or a hint."""
    for sample in samples():
        for case in read_with("carestream", sample.files()).cases:
            said = " ".join(f"{finding.message} {finding.hint}" for finding in case.findings).casefold()
            assert not any(name in said for name in ("roe", "doe", "csc-", "1013", "4711"))


def test_damaged_packages_do_not_stop_recognition(read_with: ReadWith) -> None:
    """A DICOM in a zip that cannot be unpacked is no DICOM of ours; the meshes beside it are."""
    packed = bytearray(zipped(meshes("stl", ARCHES) | {"x.dcm": dicom()}))
    start = packed.index(b"x.dcm") + len("x.dcm")
    packed[start : start + 200] = b"\xff" * 200
    (case,) = read_with("carestream", {"1013.zip": bytes(packed)}).cases
    assert case.closed == ()
    assert len(case.scans) == 2
