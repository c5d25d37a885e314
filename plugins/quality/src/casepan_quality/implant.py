"""``quality.implant``: system, platform and scan body are known here, and the scan body is really in its scan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from attrs import frozen

from casepan.api import (
    Case,
    Context,
    Finding,
    Implant,
    ImplantSystem,
    ImplantTable,
    Scan,
    WorkItem,
    arch_of,
    implant_table,
    match_system,
    plain_words,
)
from casepan.mesh import Mesh
from casepan.mesh.area import face_areas
from casepan_quality.options import ImplantOptions
from casepan_quality.scans import Jaw, jaw_of, placed
from casepan_quality.shapes import SAMPLES, Points, spread
from casepan_quality.surfaces import surfaces

_BARE_ROLES = ("gingiva", "preparation", "arch")
_SAME_PLACE = 0.5  # share of the scan body scan that must lie on the arch, or the two stand in different frames
_APART_MM = 3.0  # points of one scan body are nearer to one another


class Implants:
    """Hold the order's implants against the laboratory's table, and scan body scans against the arch."""

    def __init__(self, options: ImplantOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``implant.*``. What the order does not state at all is asked by ``quality.completeness``.

        Raises:
            ConfigError: the laboratory's own table does not fit.
        """
        table = implant_table(ctx.rules.get("implants", {}))
        for named in _named(case.prescription.items):
            yield from _names(named, table)
        for scan, mesh in surfaces(case, ctx, "scanbody"):
            yield from self._captured(scan, mesh, case, ctx)

    def _captured(self, scan: Scan, mesh: Mesh, case: Case, ctx: Context) -> Iterator[Finding]:
        """Whether a scan body stands out where the arch without one does not."""
        bare = _bare(scan, case, ctx)
        if bare is None:
            return
        points, area = _all_points(mesh)
        off = _standing_off(points, _all_points(bare)[0], self.options.away)
        if off is None:
            return
        found = sum(len(group) * area / SAMPLES >= self.options.area for group in _groups(off))
        teeth = _implants(scan, case)
        wanted = max(len(teeth), 1)
        if found >= wanted:
            return
        several = f"the scan shows {found} of {wanted} scan bodies"
        yield Finding(
            "implant.scan-body",
            "warning",
            several if wanted > 1 else "no scan body stands out in the scan",
            scan=scan.id,
            where_mm=_place(mesh, jaw_of(scan, case), teeth),
            value=found,
            limit=wanted,
            unit="scan bodies",
            teeth=teeth,
            hint="Look at the scan; ask the office to seat the scan body and scan it up to its top.",
        )


@frozen
class _Named:
    """Equal words of the order, with the teeth they stand for."""

    implant: Implant
    scan_body: str | None
    teeth: tuple[int, ...]


def _named(items: Iterable[WorkItem]) -> Iterator[_Named]:
    groups: dict[tuple[Implant, str | None], list[int]] = {}
    for item in items:
        if item.implant is not None:
            groups.setdefault((item.implant, item.scan_body), []).extend(item.teeth)
    return (_Named(implant, body, tuple(sorted(teeth))) for (implant, body), teeth in groups.items())


def _names(named: _Named, table: ImplantTable) -> Iterator[Finding]:
    """What the words of the order lead to; notes where the laboratory has not said that its table is complete."""
    if not named.implant.system:
        return
    severity: Literal["info", "warning"] = "warning" if table.complete else "info"
    said = _short(" ".join(filter(None, (named.implant.manufacturer, named.implant.system))))
    match = match_system(named.implant, table)
    if match.system is None:
        words = f"{said} is not in the table of implants"
        yield Finding("implant.unknown", severity, words, teeth=named.teeth, hint=_ASK)
        return
    system = match.system
    if match.how == "similar":
        words = f"{said} is not in the table of implants; {system.title} is like it"
        yield Finding("implant.unknown", severity, words, teeth=named.teeth, hint=_ASK)
        return
    if match.how == "synonym":
        words = f"{said} probably means {system.title}; the order's words were left as they are"
        yield Finding("implant.unknown", "info", words, teeth=named.teeth)
    yield from _of_system(named, system, severity, library=table.complete)


_ASK = "Ask for maker, system and platform as they stand on the implant's label, or add it to rules/implants.toml."


def _of_system(
    named: _Named, system: ImplantSystem, severity: Literal["info", "warning"], *, library: bool
) -> Iterator[Finding]:
    platform = named.implant.platform
    if platform and system.platforms and not _is_among(platform, system.platforms):
        known = ", ".join(system.platforms)
        words = f"{system.title} has no platform {_short(platform)}; it has {known}"
        yield Finding("implant.unknown", severity, words, teeth=named.teeth, hint=_ASK)
    if library and not system.library:
        words = f"there is no CAD library for {system.title} in the table"
        hint = "Install the library and name it in rules/implants.toml."
        yield Finding("implant.library", "warning", words, teeth=named.teeth, hint=hint)
    if named.scan_body and system.scan_bodies and not _is_among(named.scan_body, system.scan_bodies):
        words = f"the scan body {_short(named.scan_body)} is none that the library of {system.title} knows"
        hint = "A wrong scan body gives a misfit that nobody sees before the mouth: ask which one was scanned."
        yield Finding("implant.scan-body", "warning", words, teeth=named.teeth, hint=hint)


def _is_among(said: str, names: Iterable[str]) -> bool:
    """Whether one of the names is what was said, or one whole word of it (``RC`` in ``RC 4.1 mm``)."""
    words = {plain_words(word) for word in (said, *re.split(r"[\s,;/()]+", said))}
    return any(plain_words(name) in words for name in names)


def _short(text: str) -> str:
    """The order's words for a message, cut where they are longer than any name."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def _implants(scan: Scan, case: Case) -> tuple[int, ...]:
    """The teeth whose scan bodies a scan must show."""
    if scan.teeth:
        return scan.teeth
    items = (item for item in case.prescription.items if item.implant or item.scan_body or item.kind == "implant-crown")
    teeth = {tooth for item in items for tooth in item.teeth}
    return tuple(sorted(tooth for tooth in teeth if scan.arch in (None, "both", arch_of(tooth))))


def _bare(scan: Scan, case: Case, ctx: Context) -> Mesh | None:
    """The arch without scan bodies, of the same arch as the scan."""
    for role in _BARE_ROLES:
        for other, mesh in surfaces(case, ctx, role):
            if other.arch == scan.arch or None in (other.arch, scan.arch):
                return mesh
    return None


def _all_points(mesh: Mesh) -> tuple[Points, float]:
    """Points spread over all parts, since scan bodies may float beside the gums, and the area of them all, mm²."""
    surface = mesh.welded()
    return spread(surface, np.arange(len(surface.faces)), SAMPLES), float(
        face_areas(surface.vertices, surface.faces).sum()
    )


def _place(mesh: Mesh, jaw: Jaw | None, teeth: tuple[int, ...]) -> tuple[float, float, float] | None:
    """Where the only scan body should be, in a whole arch; None where nobody can tell."""
    found = placed(mesh, jaw) if jaw and len(teeth) == 1 else None
    if found is None or not found.is_full or teeth[0] not in found.arch.teeth:
        return None
    x, y, z = found.middle(teeth[0]).tolist()
    return x, y, z


def _standing_off(points: Points, bare: Points, away: float) -> Points | None:
    """The points farther than this from the bare arch but over it, or None when the two do not lie on each other."""
    from scipy.spatial import cKDTree

    if not len(points) or not len(bare):
        return None
    distances, _ = cKDTree(bare).query(points)
    if float((distances < away).mean()) < _SAME_PLACE:
        return None
    return np.asarray(points[distances >= away])


def _groups(points: Points) -> Iterator[np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """The points in groups that keep apart from each other."""
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(points):
        return
    tree = cKDTree(points)
    links = tree.sparse_distance_matrix(tree, _APART_MM / 2, output_type="coo_matrix")
    count, labels = connected_components(links, directed=False)
    for label in range(count):
        yield np.flatnonzero(labels == label)
