"""Write a ``.dentalProject``, small as scanners write it or cloned from one of the laboratory's own.

Element names and values are those of real files (``quality.toml``); for what has no known word nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from casepan.api import DeliveryRefused, material_from_words
from casepan_exocad.document import CONFIGURATION, FLAGS, text_of
from casepan_exocad.naming import NO_NUMBER, Names, unique_letters, writable
from casepan_exocad.units import NO_IMPLANT, Unit

_BOM = b"\xef\xbb\xbf"
_PEOPLE = ("Patient/PatientName", "Patient/PatientFirstName", "Practice/PracticeName", "Notes", "TrayNo")
_TECHNICAL = {
    *CONFIGURATION,
    *("ReconstructionType", "PreparationType", "ImplantType", "AntagonistType"),
    *("Material", "MaterialName", "MaterialAbutment", "Color", "ToothColor"),
}
"""Elements whose words are exocad's own; a template's patient may well be called "crown zirconia"."""

_CODES = ("Material", "MaterialName", "MaterialAbutment")


def scanner_style(names: Names, units: Sequence[Unit]) -> Element:
    """The small document: order and names without a laboratory's configuration, which DentalDB then takes from itself."""
    treatment = Element("Treatment", {"UseRecipientMaterialConfiguration": "true"})
    _name(treatment, names)
    teeth = SubElement(treatment, "Teeth")
    for unit in units:
        teeth.append(_fitted(Element("Tooth"), unit))
    return treatment


def cloned(template: Element, names: Names, units: Sequence[Unit]) -> tuple[Element, int]:
    """A copy of a laboratory's own project with another order and other names.

    Returns:
        The document, and for how many teeth the template held no tooth of that kind and material.

    Raises:
        DeliveryRefused: the template is no project, or names its patient where this program does not know it.
    """
    people = set(_people(template))
    treatment = deepcopy(template)
    teeth = treatment.find("Teeth")
    if treatment.tag != "Treatment" or teeth is None:
        raise DeliveryRefused("the template is no .dentalProject", hint="Take one that your own exocad wrote.")
    patterns = teeth.findall("Tooth")
    for tooth in patterns:
        teeth.remove(tooth)
    found = [_pattern(patterns, unit) for unit in units]
    for unit, pattern in zip(units, found, strict=True):
        teeth.append(_fitted(Element("Tooth") if pattern is None else deepcopy(pattern), unit))
    _name(treatment, names)
    if treatment.find("ProjectUniqueId") is not None:
        _put(treatment, "ProjectUniqueId", unique_letters(names.guid))
    _refuse_people(treatment, people - set(_people(treatment)))
    fitting = (p is not None and _holds(p, unit) for p, unit in zip(found, units, strict=True) if unit.is_work)
    return treatment, sum(not fits for fits in fitting)


def as_bytes(treatment: Element) -> bytes:
    """The document as exocad writes it: UTF-8 with a byte order mark, lines ending with CR and LF."""
    indent(treatment)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(treatment, encoding="unicode")}\n'
    return _BOM + text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8")


def _name(treatment: Element, names: Names) -> None:
    _put(treatment, "DateTime", names.when.isoformat())
    _put(treatment, "TrayNo", names.tray)
    _fill(treatment, "Notes", names.notes)
    _put(treatment, "ProjectGUID", str(names.guid))
    _fill(treatment, "Practice/PracticeName", names.practice)
    if names.practice_id != NO_NUMBER or treatment.find("Practice") is not None:
        _put(treatment, "Practice/PracticeId", names.practice_id)
    _put(treatment, "Patient/PatientId", str(names.number))
    _put(treatment, "Patient/PatientName", names.patient)
    _fill(treatment, "Patient/PatientFirstName", names.first)
    _put(treatment, "ToothColor", names.colour)
    _put(treatment, "AntagonistType", "DigitalImpressionScan")


def _fitted(tooth: Element, unit: Unit) -> Element:
    """The tooth with what the unit says; material codes of a pattern stay only when they mean the ordered material."""
    keeps = _holds(tooth, unit)
    _put(tooth, "Number", str(unit.number))
    _put(tooth, "ReconstructionType", unit.reconstruction)
    if unit.preparation and tooth.find("PreparationType") is None:
        _put(tooth, "PreparationType", unit.preparation)
    if not unit.is_work:
        return tooth
    if not keeps:
        for child in [child for child in tooth if child.tag in _CODES]:
            tooth.remove(child)
        if unit.material_text:
            _put(tooth, "MaterialName", unit.material_text)
    _put(tooth, "ImplantType", unit.implant)
    _put(tooth, "MesialConnector", _yes(unit.joined))
    for flag in FLAGS:
        _put(tooth, flag, _yes(flag in unit.flags))
    _put(tooth, "Color", unit.colour)
    return tooth


def _pattern(patterns: Iterable[Element], unit: Unit) -> Element | None:
    """The template's tooth of the same kind, best of the same material."""
    same = [
        tooth
        for tooth in patterns
        if text_of(tooth, "ReconstructionType") == unit.reconstruction
        and (text_of(tooth, "ImplantType") or NO_IMPLANT) == unit.implant
    ]
    return next((tooth for tooth in same if _holds(tooth, unit)), same[0] if same else None)


def _holds(tooth: Element, unit: Unit) -> bool:
    """Whether a tooth already carries the ordered material."""
    words = text_of(tooth, "MaterialName") or text_of(tooth, "Material")
    return unit.material not in ("unknown", "other") and material_from_words(words) == unit.material


def _people(treatment: Element) -> Iterable[str]:
    """What a project says about people, as texts and as single words."""
    for path in _PEOPLE:
        text = text_of(treatment, path)
        if text:
            yield text
            yield from (word for word in re.split(r"[\s,.;]+", text) if path.startswith("Patient") and len(word) > 2)


def _refuse_people(treatment: Element, people: Iterable[str]) -> None:
    told = [text for e in treatment.iter() if e.tag not in _TECHNICAL for text in (e.text, *e.attrib.values()) if text]
    words = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in people if len(word) > 2]
    if any(word.search(text) for word in words for text in told):
        raise DeliveryRefused(
            "the template names its own patient or practice in a place that is not known",
            hint="Make a project without a real patient in exocad, and name that one as the template.",
        )


def _fill(treatment: Element, path: str, text: str) -> None:
    """Set a text that may be empty: then only what a template says there is taken out."""
    if text or treatment.find(path) is not None:
        _put(treatment, path, text)


def _put(element: Element, path: str, text: str) -> None:
    """Set the text at a path, making what is missing."""
    for tag in path.split("/"):
        child = element.find(tag)
        element = SubElement(element, tag) if child is None else child
    element.text = writable(text)


def _yes(value: bool) -> str:
    return "true" if value else "false"
