"""Signs of moisture in the colours of a scan: blown highlights and blood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from casepan.api import Finding
from casepan_quality.patches import face_patches

if TYPE_CHECKING:
    from casepan_quality.defects import Look

_WHITE = 250  # of 255 in all three channels: the camera's limit, not enamel
_DRY = "Ask the office to dry the field, stop the bleeding and scan this place again."


def moisture(look: Look) -> Iterator[Finding]:
    """``colour.moisture``: parts blown out to white, and patches as dark red as blood. Nothing without colours."""
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
    """One colour for each face, uint8 (m, 3), None without vertex or face colours."""
    surface = look.surface
    if surface.vertex_colours is not None:
        return surface.vertex_colours[surface.faces[:, 0]]
    return surface.face_colours


def _is_blood(colours: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Dark and far more red than green and blue; gums have at least half as much of these (project choice)."""
    red, green, blue = colours.T.astype(np.float32)
    return np.asarray((red > 60) & (red < 200) & (green < 0.32 * red) & (blue < 0.4 * red), bool)
