"""What a new revision changed: which scans, by how many millimetres, and which fields of the order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, fields

from casepan.errors import CaseError
from casepan.model.case import Case, Scan
from casepan.model.decided import Change
from casepan.model.documents import to_plain
from casepan.model.finding import Finding
from casepan.model.prescription import Prescription, WorkItem

if TYPE_CHECKING:
    from casepan.mesh.surface import Mesh

STEPS_MM = (1.0, 10.0, 100.0)
"""How far to look for the other surface, nearest first: most of a rescan lies within a fraction of a millimetre."""
_QUIET = frozenset({"id", "raw", "provenance", "items"})
_SCAN_FIELDS = ("role", "arch", "teeth", "number", "preferred")
MeshOf = Callable[[Scan], "Mesh"]


def differences(old: Case, new: Case) -> tuple[Change, ...]:
    """What differs between two revisions, without any geometry: scans by role, arch, number and content; fields by value."""
    return (*_scan_changes(old, new), *_field_changes(_flat(old.prescription), _flat(new.prescription)))


def measured(
    changes: tuple[Change, ...], old: Case, new: Case, old_mesh: MeshOf, new_mesh: MeshOf
) -> tuple[Change, ...]:
    """The same changes, with the largest distance between the two surfaces of each scan that changed."""
    twins = dict(_pairs(old, new))

    def distance_of(change: Change) -> float | None:
        then = twins.get(change.name) if change.what == "scan" else None
        if then is None or then.file.sha256 == new.scan(change.name).file.sha256:
            return None
        return _distance(then, new.scan(change.name), old_mesh, new_mesh)

    return tuple(evolve(change, distance_mm=distance_of(change)) for change in changes)


def finding_of(changes: tuple[Change, ...]) -> Finding:
    """``case.revised``: what changed, in one sentence, with the largest distance."""
    far = max((change.distance_mm for change in changes if change.distance_mm is not None), default=None)
    message = f"new content for a case that was handed on: {describe(changes)}"
    hint = "Compare it with what is in work. Accepted, it goes to a place of its own beside the old one."
    unit = "mm" if far is not None else None
    return Finding("case.revised", "warning", message, value=far, unit=unit, hint=hint, stage="core.pipeline")


def describe(changes: tuple[Change, ...]) -> str:
    """The changes in words that hold no private text: ``upper-arch changed (0.84 mm), bite-1 added, rx.due changed``."""
    return ", ".join(map(_worded, changes)) or "nothing that counts: its files only have other names"


def _worded(change: Change) -> str:
    far = f" ({change.distance_mm:.2f} mm)" if change.distance_mm is not None else ""
    return f"{change.name} {change.how}{far}"


def _pairs(old: Case, new: Case) -> Iterator[tuple[str, Scan | None]]:
    """Each scan of the new revision with the same scan of the old one: equal content first, then equal id."""
    contents = {scan.file.sha256: scan for scan in old.scans}
    ids = {scan.id: scan for scan in old.scans}
    for scan in new.scans:
        yield scan.id, contents.get(scan.file.sha256) or ids.get(scan.id)


def _scan_changes(old: Case, new: Case) -> Iterator[Change]:
    twins = dict(_pairs(old, new))
    for scan in new.scans:
        then = twins[scan.id]
        if then is None:
            yield Change("scan", scan.id, "added", after=_shown(scan))
        elif then.file.sha256 != scan.file.sha256 or _shown(then) != _shown(scan):
            yield Change("scan", scan.id, "changed", _shown(then), _shown(scan))
    kept = {scan.id for scan in twins.values() if scan}
    for scan in old.scans:
        if scan.id not in kept:
            yield Change("scan", scan.id, "removed", before=_shown(scan))


def _shown(scan: Scan) -> str:
    return " ".join(f"{name}={getattr(scan, name)}" for name in _SCAN_FIELDS if getattr(scan, name) not in (None, ()))


def _field_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before != after:
            how: Any = "added" if before is None else "removed" if after is None else "changed"
            yield Change("field", name, how, before, after)


def _flat(order: Prescription) -> dict[str, str]:
    """Every field that the order states, by the name with which `cases set` sets it."""
    flat = {f"rx.{name}": value for name, value in _stated(order)}
    for item in order.items:
        flat |= {f"item.{item.id}.{name}": value for name, value in _stated(item)}
    return flat


def _stated(value: Prescription | WorkItem) -> Iterator[tuple[str, str]]:
    for attribute in fields(type(value)):
        found = to_plain(getattr(value, attribute.name))
        if attribute.name not in _QUIET and found not in (None, [], "", "unknown", False):
            yield attribute.name, str(found)


def _distance(old: Scan, new: Scan, old_mesh: MeshOf, new_mesh: MeshOf) -> float | None:
    """The largest distance from either surface to the other; None when one of them cannot be read."""
    if not (old.readable and new.readable):
        return None
    try:
        one, other = old_mesh(old), new_mesh(new)
        return round(max(_reach(one, other), _reach(other, one)), 3)
    except CaseError:
        return None


def _reach(mesh: Mesh, other: Mesh) -> float:
    """The largest distance from a vertex to the other surface; the last step where it is farther still."""
    from casepan.mesh import distance

    used = len(set(mesh.welded().faces.ravel().tolist()))
    for limit in STEPS_MM:
        gap = distance(mesh, other, limit)
        if len(gap.distance_mm) >= used:
            return float(gap.distance_mm.max(initial=0.0))
    return STEPS_MM[-1]
