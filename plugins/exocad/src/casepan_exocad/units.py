"""The teeth of a project: what is ordered in exocad's words, and the neighbours and antagonist that a design needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from casepan.api import Arch, Case, Kind, Material, Role, WorkItem, arch_of, material_from_words
from casepan_exocad.document import FLAGS, mesial_of

HEALTHY, ANTAGONIST, NO_IMPLANT, IMPLANT = "HealthyTooth", "Antagonist", "None", "CustomAbutment"
_TYPES: Mapping[Kind, str] = {
    "crown": "AnatomicCrown",
    "implant-crown": "AnatomicCrown",
    "pontic": "AnatomicPontic",
    "inlay": "AnatomicInlay",
    "waxup": "AnatomicWaxup",
    "coping": "ThimbleCrown",
}
_PREPARATIONS = {"AnatomicCrown": "Crown", "ThimbleCrown": "Crown", HEALTHY: "Healthy", ANTAGONIST: "Antagonist"}
_OPPOSITE = {1: 4, 2: 3, 3: 2, 4: 1, 5: 8, 6: 7, 7: 6, 8: 5}
_LAST = {1: 7, 2: 7, 3: 7, 4: 7, 5: 5, 6: 5, 7: 5, 8: 5}
"""Wisdom teeth are no neighbours: most patients have none."""

Carried = Collection[tuple[Role, Arch]]


@frozen
class Unit:
    """One tooth of a project.

    Attributes:
        number: FDI; reconstruction, implant: exocad's words.
        joined: whether it hangs together with its mesial neighbour.
        material, material_text: what is ordered.
        colour: shade or ``---``.
        flags: exocad's words for the further scans that exist for it.
    """

    number: int
    reconstruction: str
    implant: str = NO_IMPLANT
    joined: bool = False
    material: Material = "unknown"
    material_text: str | None = None
    colour: str = "---"
    flags: frozenset[str] = frozenset()

    @property
    def is_work(self) -> bool:
        """Whether something is made for this tooth."""
        return self.reconstruction not in (HEALTHY, ANTAGONIST)

    @property
    def preparation(self) -> str | None:
        """exocad's word for the preparation, as far as one is known."""
        return None if self.implant != NO_IMPLANT else _PREPARATIONS.get(self.reconstruction)


def worded(items: Iterable[WorkItem]) -> tuple[WorkItem, ...]:
    """The items that a project has a known word for: one tooth each, no tooth twice."""
    taken: set[int] = set()
    found = []
    for item in items:
        if len(item.teeth) == 1 and item.kind in _TYPES and not taken & set(item.teeth):
            taken |= set(item.teeth)
            found.append(item)
    return tuple(found)


def units_of(case: Case, carried: Carried, *, neighbours: bool) -> tuple[Unit, ...]:
    """The teeth of a case's project, by number.

    Args:
        carried: role and jaw of the scans that go along; a flag or an antagonist without its scan would be looked for.
        neighbours: add healthy neighbours, and an antagonist when one jaw alone is worked on.
    """
    items = worded(case.prescription.items)
    bridges = {item.teeth[0]: item.bridge for item in items}
    units = [_unit(item, bridges, carried) for item in items]
    if neighbours:
        units += [*_healthy([*bridges]), *_antagonist([*bridges], carried)]
    return tuple(sorted(units, key=lambda unit: unit.number))


def crosses_midline(items: Iterable[WorkItem]) -> bool:
    """Whether a bridge joins both central incisors of a jaw: how exocad marks that was never seen."""
    bridges = {item.teeth[0]: item.bridge for item in items if item.bridge and item.teeth}
    return any(tooth % 10 == 1 and bridges.get(mesial_of(tooth)) == bridge for tooth, bridge in bridges.items())


def _unit(item: WorkItem, bridges: Mapping[int, str | None], carried: Carried) -> Unit:
    (number,) = item.teeth
    on_implant = item.kind == "implant-crown"
    flags = {
        flag
        for flag, role in FLAGS.items()
        if (role, arch_of(number)) in carried and (on_implant or role != "scanbody")
    }
    return Unit(
        number,
        _TYPES[item.kind],
        IMPLANT if on_implant else NO_IMPLANT,
        item.bridge is not None and bridges.get(mesial_of(number)) == item.bridge,
        item.material,
        _material_text(item),
        item.shade or "---",
        frozenset(flags),
    )


def _material_text(item: WorkItem) -> str | None:
    """The order's own words; a plain one when they do not say what the order means."""
    plain = None if item.material in ("unknown", "other") else item.material.replace("-", " ")
    says_it = material_from_words(item.material_text) == item.material
    return item.material_text if item.material_text and (says_it or plain is None) else plain


def _healthy(worked: Sequence[int]) -> Iterator[Unit]:
    beside = {near for tooth in worked for near in (mesial_of(tooth), tooth + 1) if near % 10 <= _LAST[near // 10]}
    return (Unit(tooth, HEALTHY) for tooth in sorted(beside - set(worked)))


def _antagonist(worked: Sequence[int], carried: Carried) -> Iterator[Unit]:
    if len({arch_of(tooth) for tooth in worked}) != 1:
        return
    opposite = _OPPOSITE[worked[0] // 10] * 10 + worked[0] % 10
    if ("arch", arch_of(opposite)) in carried:
        yield Unit(opposite, ANTAGONIST)
