"""Who is named in a case: names, numbers and addresses, each with its pseudonym and the parts it may be written in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Any

from attrs import field, frozen

from casepan.api import Case
from casepan_prepare.hiding.days import dates_of
from casepan_prepare.hiding.options import PseudonymiseOptions
from casepan_prepare.hiding.pseudonyms import Pseudonyms, plain, words_of

SHORTEST_NUMBER = 4
"""Characters of the shortest number that is looked for: ``12`` would be found everywhere."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES = _words(
    "dr med dent dipl prof professor doctor doktor mr mrs ms miss frau herr fr hr sr sra dott dottssa dds dmd bds msc phd ing "
    "von van vom zu zum zur de der den del des di da do dos das du la le el al bin ibn of and und et y the mit"
)
_PRACTICE = _words(
    "clinic clinica dental dentist dentistry dentista praxis zahnarzt zahnarztpraxis zahnaerzte practice office orthodontics "
    "kieferorthopaedie laboratory labor lab smile smiles center centre zentrum group surgery street strasse avenue road town "
    "city"
)
_TRADE = _words(
    "scan upper lower jaw arch bite preparation antagonist preop scanbody gingiva edentulous denture waxup palate design photo "
    "other crown pontic inlay onlay veneer coping abutment implant splint aligner retainer temporary bar tray model bridge "
    "ply format ascii binary little big endian element vertex vertices face faces property list char float double int comment "
    "header end solid facet normal outer loop object group material texture stl obj glb hps dcm xml html json file files"
)
"""Words that stand in every case: somebody called Lower is found beside the first name only."""

_FLAGS = _words("true false null none female male unknown")
_LAYOUT = _TRADE | _words(
    "scans scanned jaws arches occlusion raw maxillary mandibular dxd zip pdf data export exports exported itero orthocad trios "
    "medit primescan cerec carestream dscore connect exocad core order orders case cases patient patients download downloads "
    "inbox folder web today yesterday monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december new old final copy test models designs crowns bridges implants "
    "zirconia shade stat rush remake lab tooth teeth molar premolar incisor canine first second left right front retainers for "
    "from csc restorative ortho gallery save saves upperjaw lowerjaw "
    "shell lprofile teethup anatomy ditch without pretreatment oberkiefer unterkiefer occlusionfirst total"
)


@frozen
class Known:
    """One thing that tells who somebody is.

    Attributes:
        text: as it is written somewhere; pseudonym: what stands there afterwards.
        sort: ``"person"`` (each part may stand alone), ``"words"`` (only as a whole), ``"number"`` (only as a whole, between
            characters that are neither letters nor digits), ``"guess"`` (parts of a folder's name that may be a person).
    """

    text: str = field(repr=False)
    pseudonym: str
    sort: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The names in it, in the order of the text, without titles and single letters."""
        if self.sort not in ("person", "guess"):
            return ()
        common = _TITLES if self.sort == "person" else _TITLES | _LAYOUT
        least = 2 if self.sort == "person" else 3
        # Accents that are characters of their own are no letters until they are composed.
        words = words_of(unicodedata.normalize("NFC", self.text))
        return tuple(dict.fromkeys(word for word in words if len(word) >= least and plain(word) not in common))

    @property
    def alone(self) -> tuple[str, ...]:
        """Those of them that are looked for wherever they stand."""
        return tuple(part for part in self.parts if plain(part) not in _TRADE)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Parts that may be glued together."""
        return tuple(permutations(self.parts, 2)) if self.sort == "person" and len(self.parts) < 6 else ()


def known_in(case: Case, make: Pseudonyms, options: PseudonymiseOptions) -> tuple[Known, ...]:
    """Everybody and every number that the case's own fields name, without what is too short to be looked for."""
    found = [*_patient(case, make), *_order(case, make)]
    if options.staff == "replace":
        found += _staff(case, make)
    useful = [item for item in found if item.parts or _is_useful(item)]
    return tuple(dict.fromkeys(useful))


def pseudonym_of_patient(case: Case, make: Pseudonyms) -> str:
    """The patient's pseudonym: from the name, else from the vendor's identity of the case, which often is the name."""
    patient = case.patient
    name = patient.name or " ".join(part for part in (patient.first, patient.last) if part)
    if name.strip():
        return make.of_person("P", name)
    guess = Known(case.key.vendor_id, "", "guess").parts
    if guess:
        return make.of_person("P", " ".join(guess))
    return make.of_text("P", patient.guid or patient.reference or case.key.vendor_id)


def is_short(part: str) -> bool:
    """True for a part that is looked for beside another part in every way of joining them, since alone it means little."""
    return len(part) <= 2 or plain(part) in _TRADE


def _is_useful(item: Known) -> bool:
    """False for what is too short, or stands everywhere: years, flags, words of the trade."""
    if item.sort not in ("words", "number"):
        return False
    written = re.sub(r"[\W_]+", "", plain(item.text))
    common = written in _FLAGS or plain(item.text) in _LAYOUT or re.fullmatch(r"(?:19|20)\d\d", written)
    return len(written) >= SHORTEST_NUMBER and not common


def _patient(case: Case, make: Pseudonyms) -> Iterator[Known]:
    patient, name = case.patient, pseudonym_of_patient(case, make)
    for text in (patient.name, patient.first, patient.last):
        if text and text.strip():
            yield Known(text, name, "person")
    both = " ".join(part for part in (patient.first, patient.last) if part)
    if both.strip():
        yield Known(both, name, "person")
    for text, kind in ((patient.reference, "N"), (patient.guid, "G")):
        if text and text.strip():
            yield Known(text, make.of_text(kind, text), "number")
    for key, text in strings_in(patient.raw):
        for day in dates_of(text):
            yield Known(day, make.of_text("X", text), "number")
        person = re.search(r"name|patient$", key, re.IGNORECASE) and words_of(text)
        yield Known(text, name if person else make.of_text("X", text), "person" if person else "number")


def _order(case: Case, make: Pseudonyms) -> Iterator[Known]:
    order, name = case.prescription, pseudonym_of_patient(case, make)
    for text in (order.reference, order.remake_of):
        if text and text.strip():
            yield Known(text, make.of_text("R", text), "number")
    yield Known(case.key.vendor_id, make.of_text("V", case.key.vendor_id), "number")
    for text in (case.key.vendor_id, order.reference or "", _stem(case.origin.arrival or ""), _shared_words(case)):
        yield Known(text, name, "guess")


def _shared_words(case: Case) -> str:
    """The words that stand in the name of every scan: often the patient's name, in front of what each scan shows."""
    named = [dict.fromkeys(words_of(_stem(scan.file.name))) for scan in case.scans]
    return " ".join(word for word in named[0] if all(word in words for words in named)) if len(named) > 1 else ""


def _staff(case: Case, make: Pseudonyms) -> Iterator[Known]:
    order, client = case.prescription, case.client
    if order.doctor:
        yield Known(order.doctor, make.of_person("D", order.doctor), "person")
    practices = [order.practice, *((client.name, *client.aliases) if client else ())]
    for text in practices:
        if text and text.strip():
            yield from _practice(text, make)
    if order.licence:
        yield Known(order.licence, make.of_text("L", order.licence), "number")
    contact = (client.phone, client.email) if client else ()
    for text in (order.ship_to, *contact):
        if text and text.strip():
            yield Known(text, make.of_text("A", text), "words")
    if order.ship_to:
        parts = (part.strip() for part in re.split(r"[,;\n]", order.ship_to))
        yield from (Known(part, make.of_text("A", part), "words") for part in parts if len(part) >= 6)


def _practice(text: str, make: Pseudonyms) -> Iterator[Known]:
    """A practice as a whole, and the words of its name that are not the trade's."""
    pseudonym = make.of_person("S", text)
    yield Known(text, pseudonym, "words")
    for word in words_of(unicodedata.normalize("NFC", text)):
        if len(word) >= SHORTEST_NUMBER and plain(word) not in _PRACTICE | _TITLES | _LAYOUT:
            yield Known(word, pseudonym, "person")


def strings_in(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Key and text of every string inside dicts and lists."""
    if isinstance(value, str) and value.strip():
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from strings_in(inner, str(name))
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for inner in value:
            yield from strings_in(inner, key)


def _stem(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return stem if stem and len(suffix) <= 4 else name
