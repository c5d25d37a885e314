"""The pictures of a letter: for each point the place it is about, and the letter as files with its pictures beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from casepan.errors import CaseError
from casepan.knowledge.letters import Letter, LetterPoint, as_html, as_markdown
from casepan.model.case import Case, Scan

if TYPE_CHECKING:
    from casepan.mesh.pictures import Drawing, Frame, View
    from casepan.mesh.surface import FloatArray, Mesh

SIZE = (400, 300)
"""Pixels of a picture: broad enough for a telephone, five of them below half a megabyte."""
_AROUND_MM = 13.0  # what is shown round a place: a molar and its two neighbours
_RING_MM = 1.8
_UNIT = 9.0  # pixels: size of the number


def letter_pictures(letter: Letter, case: Case, open_scan: Callable[[Scan], Mesh]) -> tuple[bytes | None, ...]:
    """A PNG for each point: a numbered ring where its worst finding lies, the whole scan where no place is known, None where
    there is no scan to be seen.

    Args:
        letter: the letter.
        case: whose scans are shown. A picture shows a surface and nothing written but the number of the point.
        open_scan: gives the surface of a scan, such as ``ctx.mesh``.
    """
    scans = {scan.id: scan for scan in case.scans}
    return tuple(_picture(number, point, scans, open_scan) for number, point in enumerate(letter.points, 1))


def picture_name(number: int) -> str:
    """The file beside ``letter.md`` that shows a point, counted from 1."""
    return f"letter-{number}.png"


def letter_files(letter: Letter, pictures: Sequence[bytes | None] = (), language: str = "en") -> Mapping[str, bytes]:
    """The letter as files by name: ``letter.html`` with the pictures in it, ``letter.md`` with the pictures beside it
    (``letter-1.png`` …), and ``phone.txt``, the same in half a minute on the telephone.
    """
    names = [None if one is None else picture_name(number) for number, one in enumerate(pictures, 1)]
    beside = {name: one for name, one in zip(names, pictures, strict=True) if name is not None and one is not None}
    page = (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head><meta charset="utf-8">'
        f"<title>{escape(letter.subject)}</title></head>\n<body>\n{as_html(letter, pictures)}</body></html>\n"
    )
    return {
        "letter.html": page.encode("utf-8"),
        "letter.md": as_markdown(letter, names).encode("utf-8"),
        "phone.txt": "".join(f"{line}\n" for line in letter.phone).encode("utf-8"),
        **beside,
    }


def _picture(
    number: int, point: LetterPoint, scans: Mapping[str, Scan], open_scan: Callable[[Scan], Mesh]
) -> bytes | None:
    placed = [finding for finding in point.findings if finding.where_mm is not None]
    for finding in placed or point.findings:
        mesh = _surface(scans.get(finding.scan or ""), open_scan)
        if mesh is None:
            continue
        scan = scans[finding.scan or ""]
        if finding.where_mm is not None:
            return _drawn(mesh, scan, finding.where_mm, str(number))
        return _whole(mesh, scan, str(number))
    return None


def _surface(scan: Scan | None, open_scan: Callable[[Scan], Mesh]) -> Mesh | None:
    """The surface to draw; a point about a damaged file says so itself."""
    if scan is None or scan.role == "photo":
        return None
    try:
        mesh = open_scan(scan)
    except CaseError:
        return None
    return mesh if mesh.is_finite and len(mesh.faces) else None


def _whole(mesh: Mesh, scan: Scan, text: str) -> bytes:
    """The whole scan, so that the office sees which one is meant, with the number in a corner."""
    from casepan.mesh import draw
    from casepan.mesh.pictures.overlay import draw_marker

    drawing = draw([(mesh, None)], "occlusal", SIZE, frame=_frame(mesh, scan), scale_bar=False)
    return _written(drawing, lambda picture: draw_marker(picture, 2 * _UNIT, 2 * _UNIT, text, _UNIT))


def _frame(mesh: Mesh, scan: Scan) -> Frame:
    from casepan.mesh import guess_frame

    return guess_frame(mesh, scan.arch if scan.arch in ("upper", "lower") else None)


def _drawn(mesh: Mesh, scan: Scan, where: Sequence[float], text: str) -> bytes | None:
    """The surroundings of a place from the side that shows it best; None where nothing is near."""
    from casepan.mesh import draw

    part = _surroundings(mesh, where)
    if not len(part.faces):
        return None
    frame = _frame(mesh, scan)
    views = _views(part, where, frame)
    sketches = ((view, draw([(part, None)], view, (100, 75), frame=frame, scale_bar=False)) for view in views)
    view = next((view for view, sketch in sketches if sketch.place(where, 1.0)), views[0])
    return _ringed(draw([(part, None)], view, SIZE, frame=frame), where, text)


def _ringed(drawing: Drawing, where: Sequence[float], text: str) -> bytes:
    """The picture with a ring round the place, so that the place itself stays to be seen, and its number beside it."""
    import numpy as np

    from casepan.mesh.pictures.ink import draw_lines
    from casepan.mesh.pictures.overlay import MARKER, draw_marker

    x, y, _ = drawing.camera.project(np.array([where], np.float32))[:, 0].tolist()
    radius = _RING_MM * drawing.camera.scale
    turns = np.linspace(0, 2 * np.pi, 49)
    ring = [(x + radius * float(np.cos(turn)), y + radius * float(np.sin(turn))) for turn in turns]

    def mark(picture: FloatArray) -> None:
        draw_lines(picture, [ring], _UNIT / 3, MARKER)
        draw_marker(picture, x + 0.8 * radius + _UNIT, y - 0.8 * radius - _UNIT / 2, text, _UNIT)

    return _written(drawing, mark)


def _written(drawing: Drawing, mark: Callable[[FloatArray], None]) -> bytes:
    """The drawing as a PNG after somebody has marked it, float32 (height, width, 4) from 0 to 1."""
    import numpy as np

    from casepan.mesh.pictures.png import png

    picture = np.ones((*drawing.pixels.shape[:2], 4), np.float32)
    picture[..., :3] = drawing.pixels[..., :3] / np.float32(255)
    mark(picture)
    return png((picture[..., :3].clip(0, 1) * 255 + 0.5).astype(np.uint8))


def _surroundings(mesh: Mesh, where: Sequence[float]) -> Mesh:
    """The faces with a corner near a place."""
    import numpy as np
    from attrs import evolve

    near = ((mesh.vertices - np.asarray(where, np.float32)) ** 2).sum(axis=1) < _AROUND_MM**2
    kept = near[mesh.faces].any(axis=1)
    colours = None if mesh.face_colours is None else mesh.face_colours[kept]
    return evolve(mesh, faces=mesh.faces[kept], face_colours=colours)


def _views(part: Mesh, where: Sequence[float], frame: Frame) -> list[View]:
    """The sides to look from, the one that faces the place first."""
    import numpy as np

    from casepan.mesh import mean_normal

    sides: dict[View, np.ndarray[tuple[int], np.dtype[np.float64]]] = {
        "occlusal": frame.occlusal,
        "front": frame.front,
        "right": frame.right,
        "left": -frame.right,
        "back": -frame.front,
    }
    near = _nearest(part, where)
    towards = mean_normal(near) + 0.2 * frame.occlusal
    return sorted(sides, key=lambda name: -float(towards @ sides[name]))


def _nearest(part: Mesh, where: Sequence[float]) -> Mesh:
    """The fifty faces nearest to a place."""
    import numpy as np
    from attrs import evolve

    middles = part.vertices[part.faces].mean(axis=1)
    order = np.argsort(((middles - np.asarray(where, np.float32)) ** 2).sum(axis=1), kind="stable")[:50]
    return evolve(part, faces=part.faces[order], face_colours=None)
