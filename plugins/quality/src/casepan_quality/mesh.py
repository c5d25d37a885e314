"""``quality.mesh``: the surface of every scan is sound where it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from casepan.api import Case, Context, Finding, Scan
from casepan.mesh import Mesh
from casepan_quality.colours import lost, moisture
from casepan_quality.defects import (
    Look,
    coarse,
    coarse_preparations,
    doubled,
    flipped,
    holes,
    islands,
    noise,
    non_manifold,
    self_intersecting,
    spikes,
)
from casepan_quality.geometry_options import MeshOptions
from casepan_quality.scans import jaw_of, opened, placed
from casepan_quality.shapes import shape_of

Check = Callable[[Look], Iterable[Finding]]

_ALWAYS: tuple[Check, ...] = (spikes, noise, self_intersecting, non_manifold, flipped, coarse, lost)
_CHECKS: Mapping[str, tuple[Check, ...]] = {
    "full-arch": (holes, islands, doubled, *_ALWAYS, coarse_preparations, moisture),
    "quadrant": (holes, islands, doubled, *_ALWAYS, coarse_preparations, moisture),
    "scan-body": (holes, islands, doubled, *_ALWAYS),
    "bite": (doubled, *_ALWAYS),
    "model-scan": (holes, doubled, *_ALWAYS, coarse_preparations),
}
_ROLES = {"bite": "bite", "scanbody": "scan-body"}
_SKIPPED = frozenset(("design", "waxup"))  # made, not scanned


class MeshQuality:
    """Look for the faults that a scanner or an export leaves in a surface."""

    def __init__(self, options: MeshOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``mesh.*`` and ``colour.*`` for every readable scan, with place, value and limit."""
        for scan, mesh in opened(case, ctx):
            if isinstance(mesh, Finding):
                yield mesh
            elif scan.role not in _SKIPPED:
                yield from self._check(scan, mesh, case)

    def _check(self, scan: Scan, mesh: Mesh, case: Case) -> Iterator[Finding]:
        jaw = jaw_of(scan, case)
        arch = None if jaw is None or scan.role == "bite" else placed(mesh, jaw)
        look = Look(scan, mesh.welded(), self.options, arch, case.prescription.items)
        name = self.options.profile if self.options.profile != "auto" else profile_of(look)
        for check in _CHECKS[name]:
            yield from worst(check(look), self.options.most)


def profile_of(look: Look) -> str:
    """The profile for a scan: by its role, else by its shape."""
    if look.scan.role in _ROLES:
        return _ROLES[look.scan.role]
    if look.topology.is_closed or shape_of(look.surface).occlusal is None:
        return "model-scan"
    return "full-arch" if look.placement is None or look.placement.is_full else "quadrant"


def worst(findings: Iterable[Finding], most: int) -> Iterator[Finding]:
    """The first findings of a list, largest value first, and how many more there are in the last one's words."""
    from attrs import evolve

    ranked = sorted(findings, key=lambda finding: -(finding.value or 0.0))
    rest = len(ranked) - most
    if rest > 0:
        ranked = ranked[:most]
        ranked[-1] = evolve(
            ranked[-1], message=f"{ranked[-1].message}; {rest} smaller ones of this kind are not listed"
        )
    yield from ranked
