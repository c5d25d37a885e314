"""What an ecosystem delivered and what a prescription file says, in one order. The delivered value always stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from casepan.model.case import Patient
from casepan.model.finding import Finding
from casepan.model.prescription import Implant, Prescription, WorkItem
from casepan.model.vocabulary import Provenance

if TYPE_CHECKING:
    from casepan.knowledge.rx import RxFile

_PATIENT = {"name": "name", "first": "first name", "last": "last name", "reference": "reference", "guid": "guid"}
_ORDER = (
    "reference",
    "due",
    "appointment",
    "remake_of",
    "practice",
    "doctor",
    "licence",
    "ship_to",
    "physical",
    "notes",
)
_ITEM = ("kind", "material", "shade", "stump_shade", "scan_body", "retention", "margin", "contacts", "pontic_design")
_RX: Provenance = "rx"
_IMPLANT = ("manufacturer", "system", "platform")
_FOLLOWING: Mapping[str, str] = {"material": "material_text", "shade": "shade_guide"}
"""Fields that only make sense with another: filled from the file when that one does not differ."""
_SHOWN = frozenset({"due", "appointment", "rush", "physical", *_ITEM, *_IMPLANT})
"""Fields whose values may stand in a finding; those of all others may be names."""
_HINT = "The scanner's order stays. Ask the practice which one is right and correct the other."


def merge_rx(
    prescription: Prescription, patient: Patient, rx: RxFile
) -> tuple[Prescription, Patient, tuple[Finding, ...]]:
    """Fill from the prescription file what the ecosystem did not deliver, with provenance ``"rx"``.

    Items are matched by their teeth: an item of the file speaks of every delivered item whose teeth are all among its
    own (of two on one tooth, an abutment and its crown, the one of its kind). Where both say something different the
    delivered value stays, and a finding ``rx.conflict`` (warning) says which field of which item differs. Names,
    numbers and addresses are never quoted in it.
    """
    merged_patient, patient_conflicts = _merge_patient(patient, rx.patient)
    order, order_conflicts = _merge_order(prescription, rx.prescription)
    items, item_conflicts = _merge_items(prescription.items, rx.prescription.items)
    from_rx: dict[str, Provenance] = {"items": _RX} if items and not prescription.items else {}
    order = evolve(order, items=items, provenance={**order.provenance, **from_rx})
    return order, merged_patient, (*patient_conflicts, *order_conflicts, *item_conflicts)


def _merge_patient(ours: Patient, theirs: Patient) -> tuple[Patient, list[Finding]]:
    taken, differing = _compare(ours, theirs, _PATIENT)
    found = [_conflict(f"the patient's {_PATIENT[name]}", ours, theirs, name) for name in differing]
    return evolve(ours, **taken, raw={**theirs.raw, **ours.raw}), found


def _merge_order(ours: Prescription, theirs: Prescription) -> tuple[Prescription, list[Finding]]:
    taken, differing = _compare(ours, theirs, _ORDER)
    if "rush" in theirs.provenance and theirs.rush != ours.rush:
        if ours.rush or "rush" in ours.provenance:
            differing.append("rush")
        else:
            taken["rush"] = theirs.rush
    found = [_conflict(_words(name), ours, theirs, name) for name in differing]
    provenance = _with_rx(ours.provenance, taken)
    return evolve(ours, **taken, raw={**theirs.raw, **ours.raw}, provenance=provenance), found


def _with_rx(provenance: Mapping[str, Provenance], taken: Iterable[str]) -> dict[str, Provenance]:
    return {**provenance, **dict.fromkeys(taken, _RX)}


def _compare(ours: Any, theirs: Any, names: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """The fields to take from the other side, and those where both say something different."""
    taken, differing = {}, []
    for name in names:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if _says_nothing(name, other) or _same(mine, other):
            continue
        if _says_nothing(name, mine):
            taken[name] = other
        else:
            differing.append(name)
    return taken, differing


def _says_nothing(name: str, value: Any) -> bool:
    return value in (None, (), "", "unknown") or (name == "kind" and value == "other")


def _same(mine: Any, other: Any) -> bool:
    if isinstance(mine, str) and isinstance(other, str):
        return mine.casefold().split() == other.casefold().split()
    return bool(mine == other)


def _merge_items(ours: Sequence[WorkItem], theirs: Sequence[WorkItem]) -> tuple[tuple[WorkItem, ...], list[Finding]]:
    if not ours:
        return tuple(theirs), []
    merged, found = list(ours), []
    labels = _bridge_labels(ours, theirs)
    for item in theirs:
        matches = _matches(ours, theirs, item)
        for index in matches:
            merged[index], conflicts = _merge_item(merged[index], item, labels)
            found += conflicts
        if not matches:
            found.append(_unmatched(item, {tooth for mine in ours for tooth in mine.teeth}))
    return tuple(merged), found + _bridge_conflicts(ours, theirs)


def _matches(ours: Sequence[WorkItem], theirs: Sequence[WorkItem], item: WorkItem) -> list[int]:
    """Positions of the delivered items that an item of the file speaks of.

    Without teeth on one side there is nothing to match by, unless there is one item on either side.
    """
    if len(ours) == len(theirs) == 1 and not (ours[0].teeth and item.teeth):
        return [0]
    fitting = [index for index, mine in enumerate(ours) if mine.teeth and set(mine.teeth) <= set(item.teeth)]
    return [index for index in fitting if ours[index].kind == item.kind] or fitting


def _merge_item(mine: WorkItem, item: WorkItem, labels: Mapping[str, str]) -> tuple[WorkItem, list[Finding]]:
    taken, differing = _compare(mine, item, _ITEM)
    for leader, follower in _FOLLOWING.items():
        if leader not in differing and getattr(mine, follower) is None and getattr(item, follower) is not None:
            taken[follower] = getattr(item, follower)
    if not mine.teeth and item.teeth:
        taken["teeth"] = item.teeth
    if item.bridge and not mine.bridge:
        taken["bridge"] = labels[item.bridge]
    implant, differing_implant = _compare(mine.implant or Implant(), item.implant or Implant(), _IMPLANT)
    if implant:
        taken["implant"] = evolve(mine.implant or Implant(), **implant)
    found = [_conflict(_words(name), mine, item, name) for name in differing]
    found += [_conflict(f"implant {name}", mine.implant, item.implant, name) for name in differing_implant]
    provenance = _with_rx(mine.provenance, taken)
    teeth = mine.teeth or item.teeth
    return (
        evolve(mine, **taken, raw={**item.raw, **mine.raw}, provenance=provenance),
        [evolve(one, teeth=teeth, message=f"{_tooth_words(teeth)}: {one.message}") for one in found],
    )


def _bridge_labels(ours: Sequence[WorkItem], theirs: Sequence[WorkItem]) -> dict[str, str]:
    """The file's bridge ids, renamed where a delivered bridge already has that id."""
    used = {item.bridge for item in ours}
    return {item.bridge: f"rx-{item.bridge}" if item.bridge in used else item.bridge for item in theirs if item.bridge}


def _bridge_conflicts(ours: Sequence[WorkItem], theirs: Sequence[WorkItem]) -> list[Finding]:
    """Ids of bridges mean nothing across files: what is compared is which teeth hang together."""
    delivered = _bridges(ours)
    differing = [teeth for teeth in _bridges(theirs) if any(teeth & bridge and teeth != bridge for bridge in delivered)]
    return [_bridge_conflict(tuple(sorted(teeth))) for teeth in differing]


def _bridge_conflict(teeth: tuple[int, ...]) -> Finding:
    message = f"{_tooth_words(teeth)}: the units of the bridge differ between the order and the prescription file"
    return Finding("rx.conflict", "warning", message, teeth=teeth, hint=_HINT)


def _bridges(items: Sequence[WorkItem]) -> list[frozenset[int]]:
    ids = {item.bridge for item in items if item.bridge}
    return [frozenset(tooth for item in items if item.bridge == name for tooth in item.teeth) for name in sorted(ids)]


def _unmatched(item: WorkItem, ordered: set[int]) -> Finding:
    if not item.teeth:
        message = "an item of the prescription file names no teeth and fits no item of the order"
    elif ordered.isdisjoint(item.teeth):
        message = f"{_tooth_words(item.teeth)}: in the prescription file, but not in the order"
    else:
        message = f"{_tooth_words(item.teeth)}: the order groups these teeth differently than the prescription file"
    return Finding("rx.conflict", "warning", message, teeth=item.teeth, hint=_HINT)


def _conflict(what: str, ours: Any, theirs: Any, name: str) -> Finding:
    message = f"{what} differs between the order and the prescription file"
    if name in _SHOWN:
        message += f": {_value(getattr(ours, name))} and {_value(getattr(theirs, name))}"
    return Finding("rx.conflict", "warning", message, hint=_HINT)


def _value(value: Any) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _tooth_words(teeth: tuple[int, ...]) -> str:
    if not teeth:
        return "item"
    return f"{'tooth' if len(teeth) == 1 else 'teeth'} {', '.join(map(str, teeth))}"
