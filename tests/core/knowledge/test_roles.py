"""Role words, on the names that were seen in the wild (patients invented)."""

from __future__ import annotations

import unicodedata

import pytest

from casepan.knowledge.role_words import ROLE_WORDS
from casepan.knowledge.roles import marked_teeth, role_from_folder, role_from_name
from casepan.model.vocabulary import ARCHES, ROLES

SEEN = {
    # 3Shape
    "UpperJawScan.stl": "arch/upper",
    "LoweJawScan.ply": "arch/lower",
    "BiteScan.stl": "bite/-",
    "BiteScan2.stl": "bite/-/2",
    "Jane Doe UpperJawScan.stl": "arch/upper",
    "Case D1 scan for retainers LowerJawScan (1).stl": "arch/lower",
    "TesteLowerJawScan.stl": "arch/lower",
    "Jane_UpperJaw.stl": "arch/upper",
    "CASE123_Antag_UpperJaw.stl": "antagonist/upper",
    "S1_01_20260131120000_UpperJaw.stl": "arch/upper",
    "Raw Preparation scan.dcm": "preparation/-",
    "Raw Antagonist scan.dcm": "antagonist/-",
    "Raw Bite scan2.dcm": "bite/-/2",
    "MB Antagonist scan.dcm": "antagonist/-",
    "PrePreparationScan.stl": "preop/-",
    "GenericDoublePrepScan.dcm": "preop/-",
    "AbutmentAlignmentScan.stl": "scanbody/-",
    "Upper+PreparationScan.stl": "preparation/upper",
    "Scans/UNN08/PreparationScan.stl": "preparation/upper",
    "Scans/Lower/AntagonistScan.dcm": "antagonist/lower",
    "Scans/Misc/Raw Bite scan.dcm": "bite/-",
    "CAD/UpperJaw.dcm": "design/upper",
    # iTero
    "70000001_shell_occlusion_u.stl": "arch/upper",
    "70000001_shell_teethup_l.stl": "arch/lower",
    "70000001_shell_lockedocclusion_ul.ply": "arch/both",
    "upper_jaw_without_ditch_#300000005.ply": "arch/upper",
    "upper_jaw_pretreatment_#300000005.ply": "preop/upper",
    # Shining 3D, exocad, DS Core, Medit
    "case-TotalJaw0.stl": "bite/-/1",
    "case-TotalJaw1.stl": "bite/-/2",
    "2026-01-31_00001-001-upperjaw.ply": "arch/upper",
    "2026-09-10-00000-000-upperjaw-gingiva.ply": "gingiva/upper",
    "doe-lower first molar with preop-lowerjaw-situ.obj": "preop/lower",
    "doe-lower first molar with preop-lowerjaw.obj": "arch/lower",
    "doe-lower first molar with preop-upperjaw.obj": "arch/upper",
    "doe-lower first molar with preop-occlusionfirst.obj": "bite/-/1",
    "a-occlusionsecond.ply": "bite/-/2",
    "a-upperjaw-marker.ply": "scanbody/upper",
    "2026-09-09-Jane Roe-maxillary.obj": "arch/upper",
    "2026-09-09-Jane Roe-mandibular.obj": "arch/lower",
    # Primescan
    "UpperJaw/Data.obj": "arch/upper",
    "case.zip!LowerJaw/Data.obj": "arch/lower",
    "PreOpUpper.stl": "preop/upper",
    "ScanbodyUpper.stl": "scanbody/upper",
    # Carestream
    "Maxillary Anatomy.ply": "arch/upper",
    "Mandibular Anatomy_Mordida normal.stl": "arch/lower",
    "Mandibular Anatomy (2)(1).stl": "arch/lower",
    "Normal Bite (2).stl": "bite/-",
    "Extra Bite protrusive.ply": "bite/-",
    "Maxillary Pre Scan.ply": "preop/upper",
    # research, viewers, people
    "janeupper.stl": "arch/upper",
    "001_U.ply": "arch/upper",
    "case12_L.stl": "arch/lower",
    "ABCD1234_upper.obj": "arch/upper",
    "Upper001C_x.stl": "arch/upper",
    "Ref_Lower_Mesh_Tag=0.obj": "arch/lower",
    "upper-jaw.ply": "arch/upper",
    "max.stl": "arch/upper",
    "mand.stl": "arch/lower",
    "U.stl": "arch/upper",
    "bottom.stl": "arch/lower",
    "buccal_bite_left.stl": "bite/-",
    "prep_14.stl": "preparation/-",
    # no arches although the name says one
    "upper_only_tooth.stl": "other/upper",
    "Tooth_UpperJaw.stl": "other/upper",
    "1Maxillary.stl": "other/upper",
    "2Maxillary_with_attachments.stl": "other/upper",
    # other languages
    "Müller Oberkiefer.stl": "arch/upper",
    "Gegenkiefer UK.stl": "antagonist/lower",
    "Bissregistrat.stl": "bite/-",
    "machoire supérieure.stl": "arch/upper",
    "maxillaire inférieur.stl": "arch/lower",
    "mordu.stl": "bite/-",
    "superior.stl": "arch/upper",
    "maxilar inferior.stl": "arch/lower",
    "Mandíbula.stl": "arch/lower",
    "mordida.stl": "bite/-",
    "preparação superior.stl": "preparation/upper",
    "arcata inferiore.stl": "arch/lower",
    "felső_állcsont.stl": "arch/upper",
    "also_allcsont.stl": "arch/lower",
    "harapás.stl": "bite/-",
    "szczęka górna.stl": "arch/upper",
    "żuchwa.stl": "arch/lower",
    "zgryz.stl": "bite/-",
    "üst çene.stl": "arch/upper",
    "ALT ÇENE.stl": "arch/lower",
    "kapanış.stl": "bite/-",
    "bovenkaak.stl": "arch/upper",
    "onderkaak.stl": "arch/lower",
    "верхняя челюсть.stl": "arch/upper",
    "нижняя челюсть.stl": "arch/lower",
    "прикус.stl": "bite/-",
    "홍길동 상악.stl": "arch/upper",
    "홍길동_하악.stl": "arch/lower",
    "바이트.stl": "bite/-",
    "스캔바디 상악.stl": "scanbody/upper",
    "上颌.stl": "arch/upper",
    "王小明下颌扫描.stl": "arch/lower",
    "咬合.stl": "bite/-",
    "下顎.stl": "arch/lower",
    "علوي.stl": "arch/upper",
    # what decides is the last word
    "Smith lower-upperjaw.ply": "arch/upper",
    "bite smith upper.stl": "arch/upper",
}
SILENT = [
    "scan_039.stl",
    "Max Mustermann.stl",
    "flower.stl",
    "kossalsoca.stl",
    "occlusion.stl",
    "70000001_shell_occlusion.stl",
    "FDI_31(左下1).stl",
    "скан челюсти.stl",
    "Alsop.stl",
    "Lower molar crown/scan1.stl",
    "Jane lower jaw case/x.stl",
]


def told(path: str) -> str | None:
    """Role, arch and number in short."""
    guess = role_from_name(path)
    if guess is None:
        return None
    number = "" if guess.number is None else f"/{guess.number}"
    return f"{guess.role}/{guess.arch or '-'}{number}"


@pytest.mark.parametrize(("path", "expected"), SEEN.items())
def test_names_seen_in_the_wild(path: str, expected: str) -> None:
    """Every naming pattern of the collection is read right, also with decomposed accents."""
    assert told(path) == expected
    assert told(unicodedata.normalize("NFD", path)) == expected


@pytest.mark.parametrize("path", SILENT)
def test_names_that_say_nothing(path: str) -> None:
    """No word, a word inside another, or "occlusion" alone."""
    assert told(path) is None


def test_the_prefix_is_what_stands_before_the_role() -> None:
    """Case or patient, without role words, fillers and separators."""
    prefixes = {
        name: role_from_name(name) for name in ("Jane Doe - Raw Preparation scan.dcm", "doe-upperjaw-situ.obj", "U.stl")
    }
    assert [guess.prefix if guess else None for guess in prefixes.values()] == ["Jane Doe", "doe", ""]


def test_the_evidence_is_a_word_of_the_vocabulary() -> None:
    """What stands in a finding never quotes the name."""
    guess = role_from_name("UpperjawMariaMuster.stl")
    assert guess is not None
    assert guess.evidence == "upper jaw"
    assert "Maria" not in repr(guess)


def test_roles_in_the_case_name_do_not_count() -> None:
    """Where the caller knows what all names begin with."""
    name = "preop_upper.stl"
    plain, narrow = role_from_name(name), role_from_name(name, case_name="preop_")
    assert plain is not None
    assert narrow is not None
    assert (plain.role, narrow.role, narrow.arch) == ("preop", "arch", "upper")


@pytest.mark.parametrize(
    ("folder", "role"),
    [("Upper", "arch"), ("lower jaw scans", "arch"), ("LNN30", "arch"), ("upper.zip", "arch"), ("PreOp", "preop")],
)
def test_folders_of_role_words_count(folder: str, role: str) -> None:
    """Also with copy marks and fillers."""
    guess = role_from_folder(folder)
    assert guess is not None
    assert guess.role == role


@pytest.mark.parametrize("folder", ["Scans", "Jane upper", "2026-01-31", "Misc", ""])
def test_other_folders_do_not_count(folder: str) -> None:
    """They are named by people."""
    assert role_from_folder(folder) is None


@pytest.mark.parametrize(
    ("name", "teeth"),
    [
        ("Jane #26.stl", (26,)),
        ("Jane #11,21 Dr X.dxd", (11, 21)),
        ("#55/65", (55, 65)),
        ("gallery_#70000001.jpg", ()),
        ("Jane 26.stl", ()),
        ("#19", ()),
    ],
)
def test_marked_teeth_are_read(name: str, teeth: tuple[int, ...]) -> None:
    """Only behind a number sign, only FDI."""
    assert marked_teeth(name) == teeth


def test_every_meaning_is_a_role_or_an_arch() -> None:
    """The vocabulary speaks the model's words, and no word has two meanings."""
    assert set(ROLE_WORDS) <= set(ROLES) | set(ARCHES)
    pairs = {(word.strip(" \n~*$"), meaning) for meaning, text in ROLE_WORDS.items() for word in text.split(",")}
    assert len(pairs) == len({word for word, _ in pairs})
