"""The matrices beside a project: from the coordinates of the scan files to exocad's scene.

``.matrix4`` holds one matrix for all scans, written for row vectors (translation in the last row). ``.scanInfo``, which exocad
writes once the case was opened, holds one per file in the inverse direction and outranks it, because ``.matrix4`` may be
stale. Either all scans get a matrix or none: with some only, scans of one case land centimetres apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from casepan.api import CaseError, Entry, ImportContext, Scan, Transform, read_xml
from casepan_exocad.arrival import Project
from casepan_exocad.layout import fold

Matrix = tuple[float, ...]
"""16 numbers, row-major, for column vectors: translation in the fourth column, mm."""

NAMES = ("matrix4", "scanInfo")
_RIGID = 1e-3
"""How far rows of the rotation may be from unit length and right angles; exocad writes about seven digits."""
_SAME = 1e-6
"""How far numbers of one matrix may be from those of another: a nanometre, and far less than a scan's size turns by."""


def matrices_of(project: Project, meshes: Sequence[str], ctx: ImportContext) -> tuple[Mapping[str, Transform], bool]:
    """A transform for every mesh, or for none.

    Args:
        meshes: paths of the scans of the project.

    Returns:
        Path to transform, not yet applied to the vertices; and whether something was there that could not be used.
    """
    info, matrix = project.beside("scaninfo"), project.beside("matrix4")
    if info is not None:
        found = _from_scan_info(_root(info, ctx), meshes)
        if found is not None:
            return found, False
    one = matrix_of(_root(matrix, ctx)) if matrix is not None else None
    if one is None:
        return {}, info is not None or matrix is not None
    return dict.fromkeys(meshes, Transform(NAMES[0], one, applied=False)), info is not None


def matrix_of(element: Element | None) -> Matrix | None:
    """The rigid matrix that an element holds in ``_00`` to ``_33``, turned for column vectors; None when it holds none."""
    if element is None:
        return None
    try:
        rows = [[float(element.findtext(f"_{row}{column}") or 0) for column in range(4)] for row in range(4)]
    except ValueError:
        return None
    turned = tuple(rows[column][row] for row in range(4) for column in range(4))
    return turned if _is_rigid(turned) else None


def shared_matrix(scans: Sequence[Scan]) -> tuple[Matrix | None, bool]:
    """The matrix from the coordinates of the files to exocad's scene that serves all scans.

    Returns:
        The matrix, None when there is none for all; and whether there are matrices that serve some scans only.
    """
    found = [_pending(scan) for scan in scans]
    first = found[0] if found else None
    if first is not None and all(matrix is not None and _is_same(matrix, first) for matrix in found):
        return first, False
    return None, any(_waits(transform) for scan in scans for transform in scan.transforms)


def _pending(scan: Scan) -> Matrix | None:
    """The one matrix that is not in the vertices yet, less what steps have done to them since it came.

    What came speaks of the coordinates of that time: a step that turned the scan took it away from them.
    """
    waiting, moves = set[Matrix](), list[Matrix]()
    for transform in scan.transforms:
        if _waits(transform):
            waiting.add(transform.matrix)
            moves = []
        elif transform.applied:
            moves.append(transform.matrix)
    if len(waiting) != 1 or not all(map(_is_rigid, (*waiting, *moves))):
        return None
    matrix = waiting.pop()
    for move in reversed(moves):
        matrix = product(matrix, inverse(move))
    return matrix


def _waits(transform: Transform) -> bool:
    return transform.name in NAMES and transform.applied is False


def _is_same(one: Matrix, other: Matrix) -> bool:
    return all(abs(a - b) < _SAME for a, b in zip(one, other, strict=True))


def matrix_file(matrix: Matrix) -> bytes:
    """A ``.matrix4`` document: for row vectors, the translation in the last row."""
    cells = (
        f"<_{row}{column}>{matrix[4 * column + row]!r}</_{row}{column}>" for row in range(4) for column in range(4)
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\r\n<Matrix4>{"".join(cells)}</Matrix4>\r\n'.encode()


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a rigid matrix: the rotation transposed, the translation turned back."""
    turn = [[matrix[4 * column + row] for column in range(3)] for row in range(3)]
    shift = [matrix[3], matrix[7], matrix[11]]
    rows = [[*turned, 0.0 - sum(a * b for a, b in zip(turned, shift, strict=True))] for turned in turn]
    return (*(number for row in rows for number in row), 0.0, 0.0, 0.0, 1.0)


def product(one: Matrix, other: Matrix) -> Matrix:
    """What does the second matrix and then the first."""
    return tuple(
        sum(one[4 * row + k] * other[4 * k + column] for k in range(4)) for row in range(4) for column in range(4)
    )


def _from_scan_info(root: Element | None, meshes: Sequence[str]) -> Mapping[str, Transform] | None:
    """Scene to file, per file, turned round; None unless every mesh is named with a rigid matrix."""
    named = {}
    for scan in root.iter("ScanFile") if root is not None else ():
        matrix = matrix_of(scan.find("TransformationMatrix"))
        name = (scan.findtext("FileName") or "").replace("\\", "/").rpartition("/")[2]
        if matrix is not None:
            named[fold(name)] = Transform(NAMES[1], inverse(matrix), applied=False)
    found = {path: named.get(fold(Entry(path, 0, 0.0).name)) for path in meshes}
    whole = {path: transform for path, transform in found.items() if transform is not None}
    return whole if meshes and len(whole) == len(found) else None


def _root(path: str, ctx: ImportContext) -> Element | None:
    try:
        return read_xml(ctx.read(ctx.file(path)), place=path)
    except CaseError:
        return None


def _is_rigid(matrix: Matrix) -> bool:
    if len(matrix) != 16 or not all(map(math.isfinite, matrix)) or matrix[12:] != (0.0, 0.0, 0.0, 1.0):
        return False
    x, y, z = (matrix[0:3], matrix[4:7], matrix[8:11])
    products = ((x, x, 1.0), (y, y, 1.0), (z, z, 1.0), (x, y, 0.0), (x, z, 0.0), (y, z, 0.0))
    square = all(abs(sum(a * b for a, b in zip(p, q, strict=True)) - wanted) < _RIGID for p, q, wanted in products)
    cross = (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0])
    return square and sum(a * b for a, b in zip(cross, z, strict=True)) > 0
