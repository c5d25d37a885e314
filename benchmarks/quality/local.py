"""Faults in one place of a surface: holes, islands, spikes, doubled, flipped and noisy surface, cuts, margins, stumps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import evolve
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from specimens import Fault, Mouth, Plant, Point, Rng, Specimen, arch_of, point

from casepan.errors import UsageError
from casepan.mesh import Mesh, edge_percentiles_mm
from casepan.testing import ToothTruth, faults, jaw_pair

Floats = NDArray[np.float64]
Change = Callable[[Mesh, Point, float], Mesh]
StumpChange = Callable[[Mesh, ToothTruth, Floats, float], Mesh]

_MESH, _COVERAGE, _MARGIN = ("quality.mesh",), ("quality.coverage",), ("quality.margin",)
_PATH = ("quality.insertion",)
_BRIDGES = ((14, 16), (24, 26), (34, 36), (44, 46))
_OFF_TEETH_MM, _OFF_BORDER_MM = 8.0, 4.0
_TRIES = 2000


def on_tooth(code: str, change: Change) -> Plant:
    """A fault of the surface in the middle of any tooth."""

    def plant(mouth: Mouth, size: float, rng: Rng) -> Specimen:
        tooth = _any_tooth(mouth, rng)
        name, mesh = arch_of(mouth.whole, tooth)
        place = mouth.whole.truth.teeth[tooth].centre
        return Specimen({name: change(mesh, place, size)}, (), (code,), place)

    return plant


def _any_tooth(mouth: Mouth, rng: Rng) -> int:
    return int(rng.choice([fdi for fdi, tooth in mouth.whole.truth.teeth.items() if tooth.kind == "tooth"]))


def in_gums(mouth: Mouth, size: float, rng: Rng) -> Specimen:
    """A hole in the palate or the gums, far from every tooth and from the border."""
    name = ("upper", "upper", "lower")[int(rng.integers(3))]
    mesh = mouth.whole.upper if name == "upper" else mouth.whole.lower
    teeth = np.array([tooth.centre for tooth in mouth.whole.truth.of(name)])
    place = inside(mesh, rng, _OFF_BORDER_MM, teeth)
    return Specimen({name: faults.hole(mesh, place, size)}, (), ("mesh.hole",), place)


def inside(mesh: Mesh, rng: Rng, off_border: float, teeth: NDArray[np.float64] | None = None) -> Point:
    """A place on the surface so far from any border, and from these teeth."""
    border = mesh.vertices[np.unique(mesh.edges.boundary)]
    for face in rng.integers(len(mesh.faces), size=_TRIES):
        place = mesh.vertices[mesh.faces[face]].mean(axis=0)
        if _away(border, place) > off_border and (teeth is None or _away(teeth, place) > _OFF_TEETH_MM):
            return point(place)
    raise UsageError("no place on this surface is far enough from its border", hint="Choose another fault.")


def _away(others: NDArray[np.floating], place: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(others - place, axis=1).min()) if len(others) else np.inf


def spike(mesh: Mesh, place: Point, times: float) -> Mesh:
    """A spike some times as high as the limit: half a millimetre, at least two median edges."""
    return faults.spike(mesh, place, times * max(0.5, 2 * edge_percentiles_mm(mesh, (50,))[0]))


def double_layer(mesh: Mesh, place: Point, size: float) -> Mesh:
    """A second sheet 0.15 mm above the first."""
    return faults.double_layer(mesh, place, size)


def crossing(mesh: Mesh, place: Point, size: float) -> Mesh:
    """A second sheet so broad, tilted by 20 degrees about its middle, so that it runs through the first one."""
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    there = np.linalg.norm(mesh.vertices[mesh.faces].mean(axis=1) - place, axis=1) < size / 2
    if not there.any():
        raise UsageError("no face lies where the fault was to be planted", hint="Choose a place on the surface.")
    used, faces = np.unique(mesh.faces[there], return_inverse=True)
    across = np.cross(np.cross(b - a, c - a)[there].sum(axis=0), (0.3, 1.0, 0.2))
    turn = Rotation.from_rotvec(np.radians(20) * across / np.linalg.norm(across))
    colours = mesh.vertex_colours
    tilted = turn.apply(mesh.vertices[used] - place) + place
    return evolve(
        mesh,
        vertices=np.concatenate([mesh.vertices, tilted]).astype(np.float32),
        faces=np.concatenate([mesh.faces, faces.reshape(-1, 3) + len(mesh.vertices)]).astype(np.int32),
        vertex_colours=None if colours is None else np.concatenate([colours, colours[used]]),
    )


def crumpled(mesh: Mesh, place: Point, size: float) -> Mesh:
    """A patch so broad that lies in deep folds: points scattered by an edge, at least 0.3 mm, a lost place sewn up."""
    spread = max(0.3, edge_percentiles_mm(mesh, (50,))[0])
    there = np.linalg.norm(mesh.vertices - place, axis=1) < size / 2
    wild = np.random.default_rng(len(mesh.faces)).normal(0, spread, (int(there.sum()), 3))
    vertices = mesh.vertices.copy()
    vertices[there] += wild.astype(np.float32)
    return evolve(mesh, vertices=vertices)


def islanded(mouth: Mouth, percent: float, rng: Rng) -> Specimen:
    """A loose cap of some percent of the area, a centimetre off a tooth on the biting side."""
    tooth = _any_tooth(mouth, rng)
    name, mesh = arch_of(mouth.whole, tooth)
    x, y, z = mouth.whole.truth.teeth[tooth].centre
    place = (x, y, z - 10 if name == "upper" else z + 10)
    floating = faults.island(mesh, place, 2 * float(np.sqrt(percent / 100 * _area(mesh) / np.pi)))
    return Specimen({name: floating}, (), ("mesh.island",), place)


def _area(mesh: Mesh) -> float:
    corners = mesh.vertices[mesh.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(cross, axis=1).sum()) / 2


def noisy(mouth: Mouth, size: float, rng: Rng) -> Specimen:
    """Noise of so many times the limit over a whole arch: 0.05 mm, at least 8 % of the median edge."""
    name, mesh = arch_of(mouth.whole, int(rng.choice([16, 46])))
    limit = max(0.05, 0.08 * edge_percentiles_mm(mesh, (50,))[0])
    wild = rng.normal(0, size * limit, mesh.vertices.shape)
    return Specimen({name: evolve(mesh, vertices=(mesh.vertices + wild).astype(np.float32))}, (), ("mesh.noise",))


def outside(mouth: Mouth, millimetres: float, rng: Rng) -> Specimen:
    """A full arch cut off so far before the ordered molar, seen along the row of teeth."""
    tooth = int(rng.choice([16, 26, 36, 46]))
    name, mesh = arch_of(mouth.whole, tooth)
    teeth = mouth.whole.truth.teeth
    molar, before = (np.array(teeth[fdi].centre) for fdi in (tooth, tooth - 2))
    back = (molar - before) / np.linalg.norm(molar - before)
    middles = mesh.vertices[mesh.faces].mean(axis=1) - molar
    edge = -teeth[tooth].width / 2 - millimetres
    gone = (middles @ back > edge) & (np.abs(middles[:, 0]) < 30)
    cut = evolve(mesh, faces=mesh.faces[~gone])
    return Specimen({name: cut}, (tooth,), ("coverage.tooth-outside",), point(molar + back * edge))


def other_side(mouth: Mouth, _size: float, rng: Rng) -> Specimen:
    """A quadrant of one side with an order for a back tooth of the other."""
    left = bool(rng.integers(2))
    coverage = "quadrant-left" if left else "quadrant-right"
    jaws = jaw_pair(mouth.seed, triangles=mouth.triangles, coverage=coverage)
    tooth = int(rng.choice([16, 17, 46, 47] if left else [26, 27, 36, 37]))
    name, mesh = arch_of(jaws, tooth)
    return Specimen({name: mesh}, (tooth,), ("coverage.tooth-outside",))


def uncut(mouth: Mouth, _size: float, _rng: Rng) -> Specimen:
    """A crown ordered on a tooth of a full arch that is not prepared."""
    tooth = mouth.tooth("full")
    name, mesh = arch_of(mouth.whole, tooth)
    return Specimen({name: mesh}, (tooth,), ("margin.missing",), mouth.whole.truth.teeth[tooth].centre)


def uncut_in_part(mouth: Mouth, _size: float, _rng: Rng) -> Specimen:
    """The same in a quadrant or a scan of the front teeth."""
    coverage = ("quadrant-left", "quadrant-right", "anterior")[mouth.seed % 3]
    tooth = mouth.tooth(coverage)
    jaws = jaw_pair(mouth.seed, triangles=mouth.triangles, coverage=coverage)
    name, mesh = arch_of(jaws, tooth)
    return Specimen({name: mesh}, (tooth,), ("margin.missing",), jaws.truth.teeth[tooth].centre)


def wrong_tooth(mouth: Mouth, steps: float, _rng: Rng) -> Specimen:
    """A preparation so many teeth further along than the ordered crown."""
    tooth = mouth.tooth("full")
    number = tooth % 10 + round(steps) if tooth % 10 + steps < 7 else tooth % 10 - round(steps)
    other = tooth // 10 * 10 + number
    jaws = jaw_pair(mouth.seed, triangles=mouth.triangles, preparations=[other])
    name, mesh = arch_of(jaws, tooth)
    return Specimen({name: mesh}, (tooth,), ("margin.missing",), jaws.truth.teeth[tooth].centre)


def margin_hole(mouth: Mouth, size: float, rng: Rng) -> Specimen:
    """A hole on the finish line of a prepared tooth."""
    tooth, jaws = mouth.prepared
    line = jaws.truth.teeth[tooth].finish_line
    place = line[int(rng.integers(len(line)))]
    name, mesh = arch_of(jaws, tooth)
    return Specimen({name: faults.hole(mesh, place, size)}, (tooth,), ("margin.unclear",), place)


def under_a_bridge(code: str, change: StumpChange) -> Plant:
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


LOCAL = (
    Fault("hole on a tooth, mm", (0.9, 1.2, 1.6, 2.5, 4.0), 1.0, _MESH, on_tooth("mesh.hole", faults.hole)),
    Fault("hole in the gums, mm", (2.5, 3.5, 5.0), 3.2, _MESH, in_gums),
    Fault("island, % of area", (0.3, 0.6, 1.0, 2.0), 0.55, _MESH, islanded),
    Fault("spike, x limit", (0.8, 1.2, 1.6, 2.5), 1.1, _MESH, on_tooth("mesh.spike", spike)),
    Fault("double layer, mm", (1.0, 2.0, 3.0, 5.0), 1.6, _MESH, on_tooth("mesh.double-layer", double_layer)),
    Fault("flipped, mm", (1.5, 3.0), 1.5, _MESH, on_tooth("mesh.flipped", faults.flipped), targeted=False),
    Fault("sheets that cross, mm", (2.0, 5.0, 7.0), 4.5, _MESH, on_tooth("mesh.self-intersection", crossing), False),
    Fault("deep folds, mm", (2.0, 5.0, 7.0), 4.5, _MESH, on_tooth("mesh.self-intersection", crumpled), False),
    Fault("noise, x limit", (0.7, 1.5), 1.2, _MESH, noisy, targeted=False),
    Fault("tooth past a cut, mm", (0.0, 2.0, 5.0), 0.0, _COVERAGE, outside),
    Fault("tooth on the other side", (1.0,), 0.0, _COVERAGE, other_side),
    Fault("crown on an uncut tooth", (1.0,), 0.0, _MARGIN, uncut),
    Fault("the same in a partial scan", (1.0,), 0.0, _MARGIN, uncut_in_part, targeted=False),
    Fault("another tooth is prepared, teeth off", (1.0, 2.0), 0.0, _MARGIN, wrong_tooth, targeted=False),
    Fault("hole on the margin, mm", (0.8, 1.2, 2.0), 0.6, _MARGIN, margin_hole),
    Fault("waist of a stump, mm", (0.1, 1.0, 1.5), 0.8, _PATH, under_a_bridge("insertion.undercut", waisted), False),
    Fault(
        "slanted stump, degrees", (5.0, 35.0, 45.0), 30.0, _PATH, under_a_bridge("insertion.parallel", slanted), False
    ),
)
