"""Materials and kinds out of the words of orders."""

from __future__ import annotations

import pytest

from casepan.knowledge.kinds import kind_from_words
from casepan.knowledge.materials import material_from_words
from casepan.knowledge.phrases import plain_words, split_camel
from casepan.model.vocabulary import KINDS, MATERIALS


@pytest.mark.parametrize(
    ("words", "material"),
    [
        ("Ceramic: Zirconia", "zirconia"),
        ("ZrO2", "zirconia"),
        ("ZrO₂", "zirconia"),
        ("ZI", "zirconia"),
        ("Vollzirkon", "zirconia"),
        ("Zirkonoxid", "zirconia"),
        ("Zircone", "zirconia"),
        ("Circonio", "zirconia"),
        ("IPS e.max ZirCAD", "zirconia"),
        ("e.max", "lithium-disilicate"),
        ("IPS e.max CAD", "lithium-disilicate"),
        ("Lithiumdisilikat", "lithium-disilicate"),
        ("Lithium Disilicate", "lithium-disilicate"),
        ("Feldspathic", "feldspathic"),
        ("VITABLOCS Mark II", "feldspathic"),
        ("Composite resin", "composite"),
        ("Komposit", "composite"),
        ("Lava Ultimate", "composite"),
        ("PMMA", "pmma"),
        ("Telio CAD", "pmma"),
        ("CoCr", "cobalt-chrome"),
        ("Co-Cr", "cobalt-chrome"),
        ("Cobalt-Chrome", "cobalt-chrome"),
        ("Kobalt-Chrom", "cobalt-chrome"),
        ("Hochgoldhaltig", "gold"),
        ("Ti", "titanium"),
        ("Couronne au zircone", "zirconia"),
        ("Ti Grade 5", "titanium"),
        ("Titan Grade 5", "titanium"),
        ("PEEK", "peek"),
        ("Wachs", "wax"),
        ("Resin", "resin"),
        ("PEKK", "other"),
        ("VITA Suprinity", "other"),
        ("zirconia-reinforced lithium silicate", "other"),
        ("IPS Empress CAD", "other"),
    ],
)
def test_materials_are_known_by_name_and_product(words: str, material: str) -> None:
    """Plain words in two languages and well-known products name their material."""
    assert material_from_words(words) == material


@pytest.mark.parametrize(
    "words",
    [
        None,
        "",
        "---",
        "Ceramic",
        "Metal",
        "NEM",
        "PFM",
        "Acrylic resin",
        "zirconia or e.max",
        "not zirconia",
        "kein Gold",
        "IPS e.max Ceram",
        "Timothy",
        "Goldmann",
        "Ultra",
    ],
)
def test_material_is_unknown_when_it_is_not_certain(words: str | None) -> None:
    """A class of materials, two materials, a denial and any other word are no material."""
    assert material_from_words(words) == "unknown"


@pytest.mark.parametrize("material", [name for name in MATERIALS if name not in ("other", "unknown")])
def test_every_material_is_known_by_its_own_name(material: str) -> None:
    """The model's own words are understood."""
    assert material_from_words(material) == material


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("teCrown", "crown"),
        ("AnatomicCrown", "crown"),
        ("FullAnatomicCrown", "crown"),
        ("AnatomicCrownCutback", "crown"),
        ("Einzelkrone", "crown"),
        ("teCrownPontic", "pontic"),
        ("AnatomicPontic", "pontic"),
        ("Brückenglied", "pontic"),
        ("AnatomicInlay", "inlay"),
        ("teOnlay", "onlay"),
        ("Teilkrone", "onlay"),
        ("Veneer 9", "veneer"),
        ("ThimbleCrown", "coping"),
        ("teCoping", "coping"),
        ("teAbutment", "abutment"),
        ("Custom abutment", "abutment"),
        ("Implant crown", "implant-crown"),
        ("Crown on implant", "implant-crown"),
        ("Implantatkrone", "implant-crown"),
        ("Screw-retained crown", "implant-crown"),
        ("Modellguss", "partial-denture"),
        ("Totalprothese", "full-denture"),
        ("teSplint", "splint"),
        ("Night guard", "splint"),
        ("Aufbissschiene", "splint"),
        ("Aligner", "aligner"),
        ("Essix retainer", "retainer"),
        ("Provisorium", "temporary"),
        ("Temporary crown", "temporary"),
        ("Post and core", "post-core"),
        ("Steg", "bar"),
        ("Bohrschablone", "surgical-guide"),
        ("AnatomicWaxup", "waxup"),
        ("Individueller Löffel", "tray"),
        ("Study model", "model"),
    ],
)
def test_kinds_are_known_by_words_and_type_names(words: str, kind: str) -> None:
    """Orders' words in two languages and dental programs' type names name their kind."""
    assert kind_from_words(words) == kind


@pytest.mark.parametrize("words", [None, "", "bridge", "Crown and inlay", "no crown", "HealthyTooth", "Antagonist"])
def test_kind_is_other_when_it_is_not_certain(words: str | None) -> None:
    """Nothing, two kinds, a denial, and a bridge (which is its units) are no kind."""
    assert kind_from_words(words) == "other"


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "other"])
def test_every_kind_is_known_by_its_own_name(kind: str) -> None:
    """The model's own words are understood."""
    assert kind_from_words(kind) == kind


def test_plain_words_fold_accents_and_signs() -> None:
    """Words compare without case, accents, signs and typographic digits."""
    assert plain_words("  Brücke(n) – ZrO₂ ") == "brucke n zro2"
    assert split_camel("teCrownPontic PMMA") == "te Crown Pontic PMMA"
