"""Kinds of work from the words of orders and from the type names of dental programs."""

from __future__ import annotations

from typing import cast

from casepan.knowledge.phrases import NEGATION, compiled, meanings, plain_words, split_camel
from casepan.model.vocabulary import Kind

# Ordered: what decides stands first and takes its words away. Type names of programs (teCrownPontic, AnatomicCrown)
# come split into words.
_TABLE = compiled(
    (
        (r"surgical guides?|drill(?:ing)? guides?|(?:bohr|op|chirurgische) ?schablone\w*", "surgical-guide"),
        (r"(?:te )?crown pontics?|(?:anatomic )?pontics?|pontique", "pontic"),
        (r"zwischenglied\w*|bruckenglied\w*", "pontic"),
        (r"(?:provisional|temporary|interim|provisorisch\w*) (?:crowns?|bridges?|kronen?|brucken?)", "temporary"),
        (r"(?:crown|bridge|krone|brucke) (?:provisional|temporary|provisorisch)", "temporary"),
        (
            r"temporar(?:y|ies)|temp|provisionals?|(?:langzeit)?provisori(?:um|en)|provisoires?|provvisori[oa]",
            "temporary",
        ),
        (r"crowns? on implants?|kronen? auf implantat\w*", "implant-crown"),
        (r"implant(?: supported| retained| borne)? ?(?:screw retained )?crowns?", "implant-crown"),
        (r"screw retained (?:implant )?crowns?|implantatkronen?|implantatgetragene[nr]? kronen?", "implant-crown"),
        (r"(?:te |custom |hybrid |individual |individuelle[sr]? )?abutments?", "abutment"),
        (r"post (?:and )?cores?|stiftaufbau\w*|inlay core", "post-core"),
        (r"(?:anatomic )?crown cutback", "crown"),
        (r"(?:te )?copings?|thimble crowns?|(?:gerust)?kappchen|gerustkappe\w*", "coping"),
        (r"(?:te |full |anatomic |anatomical |single |monolithic )*crowns?", "crown"),
        (r"(?:voll|einzel)?kronen?|couronnes?|coronas?", "crown"),
        (r"(?:te |anatomic )?inlays?", "inlay"),
        (r"(?:te )?(?:on|over)lays?|teilkronen?", "onlay"),
        (r"(?:te )?veneers?|verblendschalen?|facettes?|laminates?", "veneer"),
        (r"(?:anatomic )?wax ?ups?|mock ?ups?", "waxup"),
        (r"(?:removable |cast )?partial (?:dentures?|frameworks?)|cast partial|rpd", "partial-denture"),
        (r"modellguss\w*|klammerprothesen?|teilprothesen?", "partial-denture"),
        (r"(?:full|complete) dentures?|totalprothesen?|vollprothesen?", "full-denture"),
        (r"aligners?|aligner ?schienen?", "aligner"),
        (r"(?:lingual |essix )?retainers?|retentionsschienen?", "retainer"),
        (r"(?:te )?splints?|(?:night|bite|occlusal) ?guards?", "splint"),
        (r"(?:aufbiss|knirscher|michigan|bruxismus)? ?schienen?", "splint"),
        (r"bars?|steg\w*", "bar"),
        (r"(?:custom |impression |individual )?trays?|(?:individueller |abform)?loffel", "tray"),
        (r"(?:dental |study |working )?models?|modelle?", "model"),
    )
)


def kind_from_words(text: str | None) -> Kind:
    """The kind of work that an order's words or a program's type name mean, in English and German.

    ``"teCrownPontic"`` is a pontic, ``"Implant crown"`` an implant crown, ``"Provisorium"`` a temporary. Words that
    name two kinds or none give ``"other"``; so does ``"bridge"``, because a bridge is its units.
    """
    words = plain_words(split_camel(text or ""))
    if NEGATION.search(words):
        return "other"
    found = meanings(words, _TABLE)
    return cast("Kind", found.pop()) if len(found) == 1 else "other"
