"""The ragged open border: which part of the sheet a scan caught, and its faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from casepan.testing.anatomy.cells import PAD, PAD_LENGTH
from casepan.testing.anatomy.crowns import UPPER
from casepan.testing.anatomy.noise import Floats, along, over, smoothstep
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import Sheet

FULL, LEFT, RIGHT, ANTERIOR = "full", "quadrant-left", "quadrant-right", "anterior"
COVERAGES = (FULL, LEFT, RIGHT, ANTERIOR)
Faces = NDArray[np.int64]


def caught(person: Person, arch: str, sheet: Sheet, coverage: str) -> NDArray[np.bool_]:
    """Which vertices (u, v) of the sheet the scan holds."""
    s = lengths(sheet)
    rng = person.random(22 if arch == UPPER else 23)
    ragged = person.gums[arch].raggedness
    ends = _ends(person, arch, sheet, s, coverage)[:, None]
    torn = ends + 1.2 * over(rng, sheet.points, longest=14.0, shortest=4.0, terms=5)
    field = np.minimum(_sides(person, arch, sheet, s), torn)
    field += ragged * 0.45 * over(rng, sheet.points, longest=3.5, shortest=0.8)
    inside = np.zeros_like(field, dtype=bool)
    inside[:, sheet.crown_rows] = True
    return _without_specks((field > 0) | (inside & (ends > 3.0)), arch)


def _without_specks(kept: NDArray[np.bool_], arch: str) -> NDArray[np.bool_]:
    """Fill what is missing without a way to the rim: the only holes of a scan are those that were asked for."""
    labels = label(~kept)[0]
    rims = [labels[0], labels[-1], labels[:, 0], *([] if arch == UPPER else [labels[:, -1]])]
    outside = np.isin(labels, np.unique(np.concatenate(rims)))
    return np.asarray(kept | ~outside, dtype=bool)


def lengths(sheet: Sheet) -> Floats:
    """Length along the arch of every column (u,), mm, negative on the patient's left."""
    starts = np.array([c.start for c in sheet.cells])[sheet.grid.owner]
    ends = np.array([c.end for c in sheet.cells])[sheet.grid.owner]
    return np.asarray(starts + (sheet.grid.columns + 1) / 2 * (ends - starts), dtype=np.float64)


def _sides(person: Person, arch: str, sheet: Sheet, s: Floats) -> Floats:
    """How far inside the cheek and tongue borders each vertex lies, mm."""
    gum = person.gums[arch]
    rng = person.random(20 if arch == UPPER else 21)
    first = sheet.crown_rows.start
    wander = gum.raggedness * along(rng, s, longest=40.0, shortest=2.5)
    flap = gum.flap * sum(np.exp(-(((s - at) / 3.0) ** 2)) for at in rng.uniform(30, 52, 2) * np.array([-1, 1]))
    buccal = gum.buccal + 1.1 * wander + flap
    wander = gum.raggedness * along(rng, s, longest=40.0, shortest=2.5)
    lingual = _palate_reach(person, s) + 1.6 * wander if arch == UPPER else gum.lingual + 1.1 * wander
    field = np.full(sheet.depth.shape, 50.0)
    field[:, :first] = buccal[:, None] - sheet.depth[:, :first]
    last = sheet.crown_rows.stop
    field[:, last:] = lingual[:, None] - sheet.depth[:, last:]
    return field


def _palate_reach(person: Person, s: Floats) -> Floats:
    """How far the palate was caught from the gum line, mm: the whole front, less and less of the back."""
    back = smoothstep(np.abs(s), 22.0 + 26.0 * person.palate_reach, 42.0 + 22.0 * person.palate_reach)
    return np.asarray(40.0 - (40.0 - 7.0 - 8.0 * person.palate_reach) * back, dtype=np.float64)


def _ends(person: Person, arch: str, sheet: Sheet, s: Floats, coverage: str) -> Floats:
    """How far inside the distal (or a partial scan's) borders each column lies, mm."""
    distal = person.gums[arch].distal
    left, right = s[0] + PAD_LENGTH - distal, s[-1] - PAD_LENGTH + distal
    canine = max(abs(c.centre) for c in sheet.cells if c.fdi % 10 == 3 and c.kind != PAD) + 4.0
    left, right = {
        FULL: (left, right),
        LEFT: (left, canine),
        RIGHT: (-canine, right),
        ANTERIOR: (-canine - 6.0, canine + 6.0),
    }[coverage]
    return np.asarray(np.minimum(s - left, right - s), dtype=np.float64)


def faces_of(sheet: Sheet, kept: NDArray[np.bool_], arch: str) -> Faces:
    """Faces (m, 3) into the flattened sheet, outward side up, each square cut along its shorter diagonal."""
    index = np.arange(kept.size).reshape(kept.shape)
    if arch == UPPER:
        index[:, -1] = np.minimum(index[:, -1], index[::-1, -1])
        kept = kept.copy()
        kept[:, -1] &= kept[::-1, -1]
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    points = sheet.points.reshape(-1, 3)
    short = _distance(points, a, d) < _distance(points, b, c)
    one = np.where(short[..., None], np.stack([a, b, d], -1), np.stack([a, b, c], -1))
    two = np.where(short[..., None], np.stack([a, d, c], -1), np.stack([b, d, c], -1))
    flat = np.stack([one, two], axis=2).reshape(-1, 3)
    flat = flat[kept.ravel()[flat].all(axis=1)]
    whole = (flat[:, 0] != flat[:, 1]) & (flat[:, 1] != flat[:, 2]) & (flat[:, 0] != flat[:, 2])
    flat = flat[whole]
    return np.asarray(flat[:, ::-1] if arch == UPPER else flat)


def _distance(points: Floats, a: Faces, b: Faces) -> Floats:
    return np.asarray(((points[a] - points[b]) ** 2).sum(axis=-1), dtype=np.float64)
