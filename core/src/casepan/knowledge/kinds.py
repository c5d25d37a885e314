"""Kinds of work from the words of orders and from the type names of dental programs."""

from __future__ import annotations

from typing import cast

from casepan.knowledge.phrases import NEGATION, compiled, meanings, plain_words, split_camel
from casepan.model.vocabulary import Kind

# Ordered: what decides stands first and takes its words away. Type names of programs (teCrownPontic, AnatomicCrown) come
# split into words.
_TABLE = compiled(
    (
        (
            r"surgical guides?|drill(?:ing)? guides?|(?:bohr|op|chirurgische) ?schablone\w*|bohrschablone\w*",
            "surgical-guide",
        ),
        (
            r"(?:te )?crown pontics?|anatomic pontics?|pontics?|zwischenglied\w*|bruckenglied\w*|pontique|intermedio",
            "pontic",
        ),
        (
            r"(?:provisional|temporary|interim|provisorische?[rs]?) (?:crowns?|bridges?|kronen?|brucken?|restorations?)",
            "temporary",
        ),
        (r"(?:crown|bridge|krone|brucke) (?:provisional|temporary|provisorisch)", "temporary"),
        (
            r"temporar(?:y|ies)|provisionals?|provisori(?:um|en)|langzeitprovisori(?:um|en)|temp|provisoire|provvisori[oa]",
            "temporary",
        ),
        (
            r"crowns? on implants?|implant(?:ate?)?(?: supported| retained| borne)? ?(?:screw retained )?(?:crowns?|kronen?)",
            "implant-crown",
        ),
        (r"implantatkronen?|screw retained (?:implant )?crowns?|implantatgetragene[nr]? kronen?", "implant-crown"),
        (r"(?:te |custom |hybrid |individual )?abutments?|custom abutments?|individuelle[sr]? abutments?", "abutment"),
        (r"post (?:and )?cores?|stiftaufbau\w*|inlay core", "post-core"),
        (r"crown cutback|anatomic crown cutback", "crown"),
        (r"(?:te )?copings?|thimble crowns?|kappchen|kappe|gerustkappe\w*", "coping"),
        (
            r"(?:te |full |anatomic |anatomical |single |monolithic )*crowns?|(?:voll|einzel)?kronen?|couronnes?|coronas?",
            "crown",
        ),
        (r"(?:te |anatomic )?inlays?", "inlay"),
        (r"(?:te )?(?:on|over)lays?|teilkronen?", "onlay"),
        (r"(?:te )?veneers?|verblendschalen?|facettes?|laminates?", "veneer"),
        (r"waxups?|wax ups?|anatomic waxup|mock ?ups?", "waxup"),
        (
            r"(?:removable )?partial (?:dentures?|frameworks?)|rpd|modellguss\w*|klammerprothesen?|teilprothesen?|cast partial",
            "partial-denture",
        ),
        (r"(?:full|complete) dentures?|totalprothesen?|vollprothesen?|totale", "full-denture"),
        (r"aligners?|aligner ?schienen?", "aligner"),
        (
            r"(?:te )?splints?|night ?guards?|bite ?guards?|occlusal guards?|(?:aufbiss|knirscher|michigan|ok|bruxismus) ?schienen?|schienen?",
            "splint",
        ),
        (r"(?:lingual )?retainers?|(?:essix )?retentionsschienen?", "retainer"),
        (r"bars?|steg\w*", "bar"),
        (r"(?:custom |impression |individual )?trays?|(?:individueller )?loffel|abformloffel", "tray"),
        (r"(?:dental |study |working )?models?|modelle?", "model"),
    )
)


def kind_from_words(text: str | None) -> Kind:
    """The kind of work that an order's words or a program's type name mean, in English and German.

    ``"teCrownPontic"`` is a pontic, ``"Implant crown"`` an implant crown, ``"Provisorium"`` a temporary. Words that name two
    kinds or none give ``"other"``; so does ``"bridge"``, because a bridge is its units.
    """
    words = plain_words(split_camel(text or ""))
    if NEGATION.search(words):
        return "other"
    found = meanings(words, _TABLE)
    return cast("Kind", found.pop()) if len(found) == 1 else "other"
