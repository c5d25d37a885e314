"""Faults that are told as notes: a second bite position, and teeth under a bridge that no common path leads over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import evolve
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from specimens import Fault, Mouth, Plant, Rng, Specimen, arch_of, surfaces

from casepan.mesh import Mesh
from casepan.testing import ToothTruth, jaw_pair

Floats = NDArray[np.float64]
Change = Callable[[Mesh, ToothTruth, Floats, float], Mesh]

_BRIDGES = ((14, 16), (24, 26), (34, 36), (44, 46))
_WAY = np.array([0.35, 0.35, -0.87])  # down and aside, as jaws go


def second_bite(mouth: Mouth, size: float, _rng: Rng) -> Specimen:
    """A further bite scan in which the lower arch is so many mm from where it stands."""
    found = surfaces(mouth.whole)
    bite = found["bite-left"]
    gaps = {name: cKDTree(found[name].vertices).query(bite.vertices)[0] for name in ("upper", "lower")}
    low = gaps["lower"] < gaps["upper"]
    points = bite.vertices + low[:, None] * size * _WAY / np.linalg.norm(_WAY)
    kept = low[bite.faces].all(axis=1) | ~low[bite.faces].any(axis=1)
    found["bite-second"] = evolve(bite, vertices=points.astype(np.float32), faces=bite.faces[kept])
    return Specimen(found, (), ("bite.alternative",), notes=True)


def under_a_bridge(code: str, change: Change) -> Plant:
    """A bridge over one missing tooth; the stump before the gap is changed."""

    def plant(mouth: Mouth, size: float, rng: Rng) -> Specimen:
        teeth = _BRIDGES[int(rng.integers(len(_BRIDGES)))]
        jaws = jaw_pair(mouth.seed, triangles=mouth.triangles, preparations=teeth, missing=(teeth[0] + 1,))
        name, mesh = arch_of(jaws, teeth[0])
        stump = jaws.truth.teeth[teeth[0]]
        gap = np.subtract(jaws.truth.teeth[teeth[1]].centre, stump.centre)
        changed = change(mesh, stump, gap, size)
        return Specimen({name: changed}, teeth, (code,), stump.centre, bridge=True, notes=True)

    return plant


def slanted(mesh: Mesh, stump: ToothTruth, gap: Floats, degrees: float) -> Mesh:
    """The stump leans to cheek or tongue, turned about the way to the gap at its finish line."""
    arms, share, _ = _over_finish(mesh, stump)
    axis = gap / np.linalg.norm(gap)
    angle = (np.radians(degrees) * share)[:, None]
    along = axis * (arms @ axis)[:, None]
    turned = along + (arms - along) * np.cos(angle) + np.cross(axis, arms) * np.sin(angle)
    return evolve(mesh, vertices=(mesh.vertices + turned - arms).astype(np.float32))


def waisted(mesh: Mesh, stump: ToothTruth, _gap: Floats, depth: float) -> Mesh:
    """The stump is drawn in all round between its finish line and its top; its taper takes some of the depth back."""
    upwards = _upwards(stump)
    arms, share, height = _over_finish(mesh, stump)
    top = float((np.array(stump.centre) - np.array(stump.finish_line).mean(axis=0)) @ upwards)
    aside = arms - np.outer(arms @ upwards, upwards)
    length = np.maximum(np.linalg.norm(aside, axis=1), 1e-6)
    drawn = share * np.minimum(depth, length / 2) * np.sin(np.pi * np.clip(height / top, 0, 1)) ** 2
    return evolve(mesh, vertices=(mesh.vertices - aside * (drawn / length)[:, None]).astype(np.float32))


def _upwards(stump: ToothTruth) -> Floats:
    """The way from its gums to its top, along the axis that is upright in a mouth."""
    return np.array([0.0, 0.0, np.sign(stump.centre[2] - np.mean(stump.finish_line, axis=0)[2])])


def _over_finish(mesh: Mesh, stump: ToothTruth) -> tuple[Floats, Floats, Floats]:
    """From the middle of the finish line to each vertex, how surely that belongs to the stump, and its height."""
    upwards, middle = _upwards(stump), np.array(stump.finish_line).mean(axis=0)
    arms = mesh.vertices - middle
    height = arms @ upwards
    beside = np.linalg.norm(arms - np.outer(height, upwards), axis=1) < 0.62 * max(stump.width, stump.breadth)
    return arms, np.where(beside, np.clip(height + 0.3, 0, 1), 0.0), height


NOTES = (
    Fault("second bite position, mm", (0.3, 1.0, 2.0, 4.0), 0.9, ("quality.bite",), second_bite, targeted=False),
    Fault(
        "stump under a bridge with a waist, mm",
        (0.1, 1.0, 1.5),
        0.8,
        ("quality.insertion",),
        under_a_bridge("insertion.undercut", waisted),
        targeted=False,
    ),
    Fault(
        "stump under a bridge slanted, degrees",
        (5.0, 35.0, 45.0),
        30.0,
        ("quality.insertion",),
        under_a_bridge("insertion.parallel", slanted),
        targeted=False,
    ),
)
