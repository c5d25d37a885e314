"""What the colours of a scan tell: blown highlights and blood are signs of moisture, plain black is no colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from casepan.api import AdapterError, CaseError, Finding
from casepan_quality.patches import face_patches

if TYPE_CHECKING:
    from casepan.mesh import Mesh
    from casepan_quality.defects import Look

_MIDDLE = np.full((1, 3), 1 / 3, np.float32)
_GREY = 128.0
_WHITE = 250  # of 255 in all three channels: the camera's limit, not enamel
_DRY = "Ask the office to dry the field, stop the bleeding and scan this place again."


def lost(look: Look) -> Iterator[Finding]:
    """``colour.lost``: a note where most of a coloured surface is plain black, as what was no number is read."""
    colours = _face_colours(look)
    if colours is None or not len(colours):
        return
    share = 100 * float((colours == 0).all(axis=1).mean())
    limit = look.options.black_percent
    if share > limit:
        yield Finding(
            "colour.lost",
            "info",
            f"{share:.0f} % of the surface are plain black: its colours were lost or are no numbers",
            scan=look.scan.id,
            value=round(share, 1),
            limit=limit,
            unit="%",
            hint="Judge the shape alone, or ask for an export with colours.",
        )


def moisture(look: Look) -> Iterator[Finding]:
    """``colour.moisture``: parts blown out to white, and patches as dark red as blood."""
    colours = _face_colours(look)
    if colours is None:
        return
    yield from _highlights(look, colours)
    for patch in face_patches(look.surface, np.flatnonzero(_is_blood(colours))):
        if patch.area_mm2 >= look.options.blood_mm2:
            words = f"{patch.area_mm2:.0f} mm² look like blood"
            limit = look.options.blood_mm2
            yield look.finding("colour.moisture", words, patch.centre, patch.area_mm2, limit, "mm²", _DRY)


def _highlights(look: Look, colours: NDArray[np.uint8]) -> Iterator[Finding]:
    white = np.flatnonzero((colours >= _WHITE).all(axis=1))
    share = 100 * len(white) / len(colours)
    if share > look.options.highlight_percent:
        place = face_patches(look.surface, white)[0].centre
        words = f"{share:.0f} % of the surface are blown out to white"
        limit = look.options.highlight_percent
        yield look.finding("colour.moisture", words, place, share, limit, "%", _DRY)


def _face_colours(look: Look) -> NDArray[np.uint8] | None:
    """One colour for each face, uint8 (m, 3): its texture's, else its first corner's, else its own; None without any."""
    surface = look.surface
    if surface.texture is not None:
        painted = _painted(surface)
        if painted is not None:
            return painted
    if surface.vertex_colours is not None:
        return surface.vertex_colours[surface.faces[:, 0]]
    return surface.face_colours


def _painted(surface: Mesh) -> NDArray[np.uint8] | None:
    """The texture in the middle of each face, grey where it has none; None where its picture cannot be used."""
    from casepan.mesh.colouring.image import decode
    from casepan.mesh.colouring.sampling import Colours

    if surface.texture is None or surface.texture.image is None:
        return None
    try:
        colours = Colours(surface, decode(surface.texture.image))
    except (CaseError, AdapterError):  # a damaged picture, or nothing installed that reads pictures
        return None
    middles = colours.at(np.arange(len(surface.faces)), _MIDDLE)[:, 0]
    return np.asarray(np.nan_to_num(middles, nan=_GREY).round(), np.uint8)


def _is_blood(colours: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Dark and far more red than green and blue; gums have at least half as much of these (project choice)."""
    red, green, blue = colours.T.astype(np.float32)
    return np.asarray((red > 60) & (red < 200) & (green < 0.32 * red) & (blue < 0.4 * red), bool)
