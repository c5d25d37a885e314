"""The 3D viewer of a case report: all scans of a case in one inline WebGL scene that needs no network.

:func:`viewer_part` gives the pieces; the page that includes them hashes the scripts and styles for its
Content-Security-Policy. They use no eval, worker, wasm, inline style or inline handler, and fetch nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casepan.mesh import Frame, Mesh
    from casepan.mesh.surface import FloatArray

BUDGET_BYTES = 4_600_000
"""What the scans' data may take in the page: with the scripts (0.6 MB) it leaves 3 of 8 MB for pictures."""


@define(frozen=True, eq=False)
class ViewerScan:
    """One scan to show.

    Attributes:
        id: unique in the case, as ``Scan.id``.
        role: as ``Scan.role``; the viewer switches roles on and off.
        arch: as ``Scan.arch``, or None.
        title: what a person reads, such as ``"Upper preparation"``.
        mesh: in the case's common frame, millimetres.
        heat: float (n,), one value in mm per vertex of the mesh, NaN where there is none; or None.
        heat_range: the values of the first and the last colour in mm; the values' own range when None.
        heat_title: what the heat map shows, such as ``"Distance to the antagonist"``.
        shown: whether the scan is visible at first.
    """

    id: str
    role: str
    arch: str | None
    title: str
    mesh: Mesh
    heat: FloatArray | None = None
    heat_range: tuple[float, float] | None = None
    heat_title: str = ""
    shown: bool = True


@define(frozen=True)
class Pin:
    """A numbered place.

    Attributes:
        number: as printed beside the finding; elements with ``data-pin="N"`` and the address ``#finding-N`` fly here.
        scan: the id of the scan it lies on (shown when somebody flies there), or None.
        where_mm: in the common frame.
        title: what a person reads.
    """

    number: int
    scan: str | None
    where_mm: tuple[float, float, float]
    title: str


@define(frozen=True)
class ViewerPart:
    """The viewer as parts of a page.

    Attributes:
        html: one ``<section class="casepan-viewer">`` with its inert data blocks.
        styles: texts of ``<style>`` elements for the head.
        scripts: texts of classic ``<script>`` elements, in this order, to stand after the html.
    """

    html: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


def viewer_part(
    scans: Sequence[ViewerScan],
    pins: Sequence[Pin] = (),
    *,
    frame: Frame | None = None,
    budget_bytes: int = BUDGET_BYTES,
) -> ViewerPart:
    """The viewer of some scans.

    The scans are simplified to the smallest tolerance with which their data fit the budget; the tolerance is stated in
    the viewer.

    Args:
        scans: in their common frame; without any the viewer says that there is nothing to show.
        pins: places of findings, in the same frame.
        frame: the directions of the mouth for the named views; guessed from the largest arch when not given.
        budget_bytes: what the data blocks may take in the page, as base64.

    Raises:
        CorruptFile: a coordinate is not finite.
        ValueError: two scans have one id, or a heat map does not fit its scan.
    """
    from casepan_report.viewer.page import assemble

    return assemble(scans, pins, frame, budget_bytes)
