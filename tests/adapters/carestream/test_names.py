"""Carestream / DEXIS: catalogue names, save folders, raw names and DICOM headers."""

from __future__ import annotations

from struct import pack

import pytest

from casepan.api import Entry
from casepan_carestream.choice import placed
from casepan_carestream.dicom import read_header
from casepan_carestream.layout import is_catalogue_rar, part_of, raw_identity
from casepan_carestream.testing import STUDY, dicom

NAMES = [
    ("Maxillary Anatomy.ply", "arch", "upper", None),
    ("mandibular anatomy (2)(1).stl", "arch", "lower", None),
    ("Mandibular Anatomy_Mordida normal.stl", "arch", "lower", "Mordida normal"),
    ("Upper Anatomy.stl", "arch", "upper", None),
    ("Normal Bite (2).stl", "bite", None, "Normal Bite"),
    ("Extra Bite protrusive.ply", "bite", None, "protrusive"),
    ("Extra Bite.ply", "bite", None, None),
    ("Maxillary Pre Scan.ply", "preop", "upper", None),
    ("Mandibular Scan Body.ply", "scanbody", "lower", None),
    ("Extra Object.ply", "other", None, None),
    ("Upper Preparation.stl", "other", None, None),
    ("1Maxillary.stl", "other", None, None),
]


@pytest.mark.parametrize(("name", "role", "arch", "label"), NAMES)
def test_catalogue_names_tell_the_role(name: str, role: str, arch: str | None, label: str | None) -> None:
    """A mandible that carries a bite's name is still a mandible."""
    part = part_of(Entry(f"20230724 - 133711 - A B/{name}", 1, 0.0))
    assert part is not None
    assert (part.role, part.arch, part.label) == (role, arch, label)


def test_a_bite_in_the_clinics_words_is_an_option() -> None:
    """Names of the habitual bite are localised and editable."""
    entry = Entry("Mordida normal.stl", 1, 0.0)
    assert [part.role for part in (part_of(entry), part_of(entry, ("Mordida normal",))) if part] == ["other", "bite"]


RAW = [
    ("John_Doe[2023-03-24T13-15-07][1.0.8.432][Ortho].cszx", "john_doe | 2023-03-24T13-15-07"),
    ("John_Doe[2023-03-24T13-15-07][1.0.9.1][Res] (1).cszx", "john_doe | 2023-03-24T13-15-07"),
    ("John_Doe[2018-04-19_08-34-04]_Implant.cszx", "john_doe | 2018-04-19_08-34-04"),
    ("whatever.csz", "whatever"),
]


@pytest.mark.parametrize(("name", "identity"), RAW)
def test_raw_names_give_name_and_time(name: str, identity: str) -> None:
    """Version and kind of the software do not make another case."""
    assert raw_identity(Entry(name, 1, 0.0)) == identity


@pytest.mark.parametrize("preamble", [True, False], ids=["preamble", "bare"])
def test_a_dicom_header_names_device_and_patient(preamble: bool) -> None:
    """Both with and without the preamble of part 10."""
    header = read_header(dicom(preamble=preamble))
    assert header is not None
    assert (header.model, header.manufacturer, header.study) == ("IS 3800", "DEXIS", STUDY)
    assert (header.patient_name, header.patient_id, header.study_date) == ("Roe Jane", "4711", "20230328")
    assert header.is_carestream


def test_an_implicit_header_is_read_and_sequences_passed_over() -> None:
    """Implicit little endian after the file meta group, with a sequence of undefined length in between."""
    syntax = b"1.2.840.10008.1.2\0"
    head = bytes(128) + b"DICM" + pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax
    head += pack("<HHI", 8, 0x70, 4) + b"CARE" + pack("<HHI", 8, 0x1090, 8) + b"CS 3600 "
    head += pack("<HHI", 8, 0x1140, 0xFFFFFFFF) + bytes(40) + b"\xfe\xff\xdd\xe0\0\0\0\0"
    head += pack("<HHI", 0x10, 0x10, 8) + b"Doe^John"
    header = read_header(head)
    assert header is not None
    assert (header.model, header.patient_name) == ("CS 3600", "Doe John")


def test_names_are_read_in_their_character_set() -> None:
    """Latin and UTF-8 headers give the same letters."""
    header = read_header(dicom(name="Müller^Zoë"))
    latin = read_header(dicom(name="Müller^Zoë").replace(b"ISO_IR 192", b"ISO_IR 100"))
    assert header is not None
    assert latin is not None
    assert header.patient_name == "Müller Zoë"
    assert latin.patient_name == "MÃ¼ller ZoÃ«"


@pytest.mark.parametrize(
    "head",
    [b"", b"<HPS version='1.1'>" + bytes(300), bytes(200), b"\x08\x00", b"\x08\x00\xff\xff" + bytes(20)],
    ids=["empty", "3Shape", "zeros", "two bytes", "odd group 8"],
)
def test_other_files_are_no_dicom(head: bytes) -> None:
    """A .dcm of 3Shape is XML; short files do not break the reader."""
    assert read_header(head) is None


@pytest.mark.parametrize("cut", [140, 150, 160, 200])
def test_a_cut_header_gives_what_is_there(cut: int) -> None:
    """Nothing is read beyond the bytes that came."""
    header = read_header(dicom()[:cut])
    assert header is not None
    assert header.patient_name == ""


def test_another_makers_dicom_is_not_ours() -> None:
    """A radiograph keeps its own way."""
    header = read_header(dicom(model="Orthophos S", study="1.2.276.0.7230010.3"))
    assert header is not None
    assert not header.is_carestream


def test_a_rar_is_known_by_the_names_in_its_headers() -> None:
    """Any other RAR is nobody's."""
    assert is_catalogue_rar(b"Rar!\x1a\x07\x01\x00" + b"..Normal Bite (2).stl")
    assert not is_catalogue_rar(b"Rar!\x1a\x07\x01\x00" + b"..holiday.jpg")
    assert not is_catalogue_rar(b"PK\x03\x04..Normal Bite (2).stl")


def names(*stems: str) -> list[tuple[str, bool, str | None, int | None]]:
    """How meshes of these names are placed: name, preferred, variant, number."""
    parts = [part for stem in stems if (part := part_of(Entry(stem, 1, 0.0)))]
    return [(item.part.path, item.preferred, item.variant, item.number) for item in placed(parts, ("Normal Bite",))[0]]


def codes(*stems: str) -> list[str]:
    """What a person must decide about meshes of these names."""
    parts = [part for stem in stems if (part := part_of(Entry(stem, 1, 0.0)))]
    return [finding.code for finding in placed(parts, ("Normal Bite",))[1]]


def test_of_several_mandibles_the_normal_bite_is_worked_on() -> None:
    """The other one is carried along as a variant."""
    found = names("Mandibular Anatomy_Centric.ply", "Mandibular Anatomy_normal bite.ply")
    assert found == [
        ("Mandibular Anatomy_Centric.ply", False, "bite-2", None),
        ("Mandibular Anatomy_normal bite.ply", True, "bite-1", None),
    ]


def test_undecided_bites_ask() -> None:
    """Without a normal bite the first is taken and a person is asked."""
    assert codes("Mandibular Anatomy_A.ply", "Mandibular Anatomy_B.ply") == ["carestream.which-bite"]
    assert codes("Mandibular Anatomy.ply", "Mandibular Anatomy_B.ply") == []


def test_bites_are_numbered_with_the_normal_one_first() -> None:
    """Extra bites follow."""
    found = names("Extra Bite b.ply", "Normal Bite.ply", "Extra Bite a.ply")
    assert {name: number for name, _, _, number in found} == {
        "Normal Bite.ply": 1,
        "Extra Bite a.ply": 2,
        "Extra Bite b.ply": 3,
    }


def test_the_same_name_twice_is_suspicious() -> None:
    """Two patients' files in one folder differ in a copy mark only; two formats of one mesh are harmless."""
    assert codes("Maxillary Anatomy.stl", "Maxillary Anatomy (2).stl") == ["carestream.mixed-copies"]
    assert codes("Maxillary Anatomy.stl", "Maxillary Anatomy.ply") == []
    assert names("Maxillary Anatomy.stl", "Maxillary Anatomy.ply")[0][:2] == ("Maxillary Anatomy.ply", True)


def test_long_form_elements_are_passed_over() -> None:
    """A value of another length field does not shift what follows; one that is cut off ends the header."""
    start = bytes(128) + b"DICM" + pack("<HHI", 2, 1, 0)[:4]
    long_form = start + b"OB\0\0" + pack("<I", 2) + b"\0\1"
    model = pack("<HH2sH", 8, 0x1090, b"LO", 8) + b"IS 3800 "
    whole, cut = read_header(long_form + model), read_header(start + b"OB\0\0")
    assert whole is not None
    assert cut is not None
    assert (whole.model, cut.model) == ("IS 3800", "")


def test_a_sequence_without_an_end_ends_the_header() -> None:
    """What stands behind it is not guessed at."""
    head = bytes(128) + b"DICM" + pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + bytes(30)
    header = read_header(head)
    assert header is not None
    assert header.model == ""


def test_letters_that_do_not_fit_the_character_set_are_kept() -> None:
    """A wrong declaration costs accents, not the case."""
    header = read_header(dicom(name="Muller^Zoe").replace(b"Muller^Zoe", b"M\xfcller^Zoe"))
    assert header is not None
    assert header.patient_name == "Müller Zoe"
