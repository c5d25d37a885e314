"""What each kind of tooth looks like: sizes, cusps, outlines.

Sizes are textbook means of permanent crowns in mm; a person scales them. Heights count towards the opposing jaw, 0 at
the occlusal plane.
"""

from __future__ import annotations

from attrs import evolve, frozen

UPPER, LOWER = "upper", "lower"


@frozen
class Crown:
    """One kind of crown.

    Attributes:
        width: mesiodistal size, mm.
        breadth: buccolingual size, mm.
        height: from the gum line to the occlusal plane on the buccal side, mm.
        table: which share of the cell's (mesiodistal, buccolingual) half is chewing surface; the rest is wall.
        edge: half size of the chewing surface as a share of the crown's half size.
        lean: shift of the chewing surface, as a share of the breadth, negative towards the cheek.
        taper: how much narrower the crown is on its lingual side.
        roundness: 0 a rectangle, 1 an ellipse, seen from above.
        fullness: how far the wall bulges right below the chewing surface, (buccal, lingual).
        cusps: (mesial, lingual, height mm), the first two as shares of the chewing surface's half size.
        slope: steepness of the cusps.
    """

    width: float
    breadth: float
    height: float
    table: tuple[float, float]
    edge: tuple[float, float]
    lean: float
    taper: float
    roundness: float
    fullness: tuple[float, float]
    cusps: tuple[tuple[float, float, float], ...]
    slope: float

    def scaled(self, size: float, height: float) -> Crown:
        """The same kind of crown, larger or smaller."""
        return evolve(self, width=self.width * size, breadth=self.breadth * size, height=self.height * height)


def _incisor(width: float, breadth: float, height: float, reach: float, taper: float) -> Crown:
    cusps = ((0.75, 0.0, reach), (0.0, 0.0, reach - 0.05), (-0.75, 0.0, reach - 0.15))
    return Crown(width, breadth, height, (0.62, 0.10), (0.93, 0.13), -0.14, taper, 0.78, (0.55, 0.1), cusps, 0.12)


def _canine(width: float, breadth: float, height: float, reach: float) -> Crown:
    return Crown(
        width, breadth, height, (0.50, 0.14), (0.74, 0.16), -0.10, 0.28, 0.8, (0.6, 0.1), ((0.1, 0.0, reach),), 0.55
    )


def _premolar(width: float, breadth: float, height: float, cusps: tuple[tuple[float, float, float], ...]) -> Crown:
    return Crown(width, breadth, height, (0.52, 0.48), (0.70, 0.66), 0.0, 0.1, 0.88, (0.95, 0.9), cusps, 0.62)


def _molar(width: float, breadth: float, height: float, cusps: tuple[tuple[float, float, float], ...]) -> Crown:
    return Crown(width, breadth, height, (0.60, 0.50), (0.78, 0.72), 0.0, 0.04, 0.74, (0.95, 0.95), cusps, 0.60)


_UPPER_MOLAR = ((0.55, -0.72, -0.1), (-0.50, -0.70, -0.3), (0.42, 0.66, 0.7), (-0.62, 0.70, -0.2), (0.0, 0.0, -1.0))
_LOWER_MOLAR = ((0.62, -0.68, 0.5), (-0.10, -0.74, 0.4), (-0.74, -0.55, 0.1), (0.52, 0.72, 0.0), (-0.52, 0.72, -0.2))
_UPPER_PREMOLAR = ((0.0, -0.72, 0.2), (0.1, 0.74, 0.0), (0.85, 0.0, -1.1), (-0.85, 0.0, -1.1))
_LOWER_PREMOLAR = ((0.0, -0.60, 0.6), (0.2, 0.74, -0.7), (-0.9, 0.2, -1.1), (0.9, 0.2, -1.1))

CROWNS: dict[str, tuple[Crown, ...]] = {
    UPPER: (
        _incisor(8.6, 7.2, 10.2, 1.3, 0.30),
        _incisor(6.7, 6.3, 9.2, 1.0, 0.32),
        _canine(7.7, 8.0, 10.2, 1.5),
        _premolar(7.0, 9.2, 8.2, _UPPER_PREMOLAR),
        _premolar(6.8, 9.1, 7.6, _UPPER_PREMOLAR),
        _molar(10.3, 11.2, 7.0, _UPPER_MOLAR),
        _molar(9.7, 11.0, 6.6, _UPPER_MOLAR),
        _molar(8.7, 10.2, 5.8, _UPPER_MOLAR),
    ),
    LOWER: (
        _incisor(5.3, 5.9, 8.6, 1.0, 0.24),
        _incisor(5.9, 6.2, 8.8, 1.0, 0.24),
        _canine(6.8, 7.6, 9.8, 1.4),
        _premolar(7.0, 7.7, 8.2, _LOWER_PREMOLAR),
        _premolar(7.1, 8.2, 7.6, _LOWER_PREMOLAR),
        _molar(11.1, 10.4, 7.0, _LOWER_MOLAR),
        _molar(10.5, 10.1, 6.6, _LOWER_MOLAR),
        _molar(10.2, 9.6, 6.0, _LOWER_MOLAR),
    ),
}


def position(fdi: int) -> int:
    """1 (central incisor) to 8 (third molar)."""
    return fdi % 10


def arch_of(fdi: int) -> str:
    """``"upper"`` or ``"lower"``."""
    return UPPER if fdi // 10 in (1, 2) else LOWER
