"""Generated jaws: what they are made of."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from casepan.errors import UsageError
from casepan.mesh.structure import topology
from casepan.mesh.surface import Mesh
from casepan.testing import Hole, JawPair, jaw_pair, lower_scan, upper_scan
from casepan.testing.faults import Point

from .surfaces import closest, mean_normal, near, used

ARCHES = ("upper", "lower")


def digest(mesh: Mesh) -> str:
    """One line that stands for every byte of a mesh."""
    assert mesh.vertex_colours is not None
    return hashlib.sha256(mesh.vertices.tobytes() + mesh.faces.tobytes() + mesh.vertex_colours.tobytes()).hexdigest()


def centre(pair: JawPair, fdi: int) -> Point:
    """Where the truth puts a tooth."""
    return pair.truth.teeth[fdi].centre


def test_one_seed_makes_the_same_bytes_in_another_process() -> None:
    """Nothing but the seed decides: no clock, no hash seed, no state left by earlier calls."""
    code = (
        "from casepan.testing import jaw_pair; import hashlib; p = jaw_pair(5, triangles=6000)\n"
        "for m in (p.upper, p.lower, *p.bites):\n"
        "    print(hashlib.sha256(m.vertices.tobytes() + m.faces.tobytes() + m.vertex_colours.tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    pair = jaw_pair(5, triangles=6000)
    assert [digest(m) for m in (pair.upper, pair.lower, *pair.bites)] == other


def test_seeds_differ() -> None:
    """Two seeds are two people."""
    assert digest(upper_scan(1, triangles=4000)) != digest(upper_scan(2, triangles=4000))


@pytest.mark.parametrize("triangles", [16_000, 50_000, 600_000])
def test_the_count_asked_for_is_met_within_five_per_cent(triangles: int) -> None:
    """From decimated to full resolution."""
    assert len(lower_scan(2, triangles=triangles).faces) == pytest.approx(triangles, rel=0.05)


def test_a_single_arch_is_the_one_of_the_pair(pair: JawPair) -> None:
    """The convenience functions only save time."""
    assert digest(upper_scan(3, triangles=40_000)) == digest(pair.upper)
    assert digest(lower_scan(3, triangles=40_000)) == digest(pair.lower)


@pytest.mark.parametrize("arch", ARCHES)
def test_an_arch_is_a_sound_open_shell(pair: JawPair, arch: str) -> None:
    """One long rim, no holes, finite, oriented, no edge with three faces; islands as the truth counts them."""
    mesh = getattr(pair, arch)
    found = topology(mesh)
    largest = max(found.components, key=lambda part: part.faces)
    assert np.isfinite(mesh.vertices).all()
    assert [loop.is_rim for loop in found.loops if loop.part == largest.label] == [True]
    assert max(loop.perimeter_mm for loop in found.loops) > 250
    assert (found.nonmanifold_edges, found.inconsistent_edges, found.degenerate_faces, found.duplicate_faces) == (
        0,
    ) * 4
    assert len(found.components) == 1 + pair.truth.islands[arch]
    assert largest.faces > 0.99 * found.faces


@pytest.mark.parametrize("seed", range(4))
def test_arches_face_each_other(seed: int) -> None:
    """The mean normal has the length measured on real arches and points to the bite; the upper lies above the lower."""
    pair = jaw_pair(seed, triangles=8000)
    for mesh, up in ((pair.upper, -1), (pair.lower, 1)):
        mean = mean_normal(mesh)
        assert 0.25 < np.linalg.norm(mean) < 0.6
        assert mean[2] * up / np.linalg.norm(mean) > 0.86
    assert used(pair.upper)[:, 2].mean() > 2 > -2 > used(pair.lower)[:, 2].mean()


def test_teeth_stand_where_the_truth_says(pair: JawPair) -> None:
    """Every FDI number has its place on the surface of its arch, on its side, in its order."""
    for arch, quadrants in (("upper", (1, 2)), ("lower", (4, 3))):
        places = np.array([tooth.centre for tooth in pair.truth.of(arch)])
        assert closest(places, getattr(pair, arch))[0].max() < 0.1
        assert {tooth.fdi // 10 for tooth in pair.truth.of(arch)} == set(quadrants)
    for fdi in range(11, 17):
        assert centre(pair, fdi)[0] > 0 > centre(pair, fdi + 10)[0]
        assert centre(pair, fdi)[1] > centre(pair, fdi + 1)[1]


def test_teeth_are_single_crowns_with_valleys_between(pair: JawPair) -> None:
    """Between two molars the surface lies at least 1.5 mm deeper than their cusps."""
    a, b = np.array(centre(pair, 36)), np.array(centre(pair, 37))
    between = near(pair.lower, tuple((a + b) / 2), 2.5)
    cusps = near(pair.lower, centre(pair, 36), 4.5)
    assert between[:, 2].min() < cusps[:, 2].max() - 1.5


def test_only_the_upper_has_a_palate(pair: JawPair) -> None:
    """On the midline behind the incisors the upper has a surface, the lower has none."""
    behind = (np.array(centre(pair, 14)) + np.array(centre(pair, 24))) / 2
    upper, lower = used(pair.upper)[:, :2], used(pair.lower)[:, :2]
    assert np.linalg.norm(upper - behind[:2], axis=1).min() < 1
    assert np.linalg.norm(lower - behind[:2], axis=1).min() > 5


def test_enamel_is_paler_than_gum(pair: JawPair) -> None:
    """Colours tell a tooth from the gum below it."""
    assert pair.upper.vertex_colours is not None
    points = pair.upper.vertices.astype(np.float64)
    tooth = np.linalg.norm(points - centre(pair, 16), axis=1) < 2
    gum = points[:, 2] > np.percentile(points[:, 2], 90)
    green = pair.upper.vertex_colours[:, 1].astype(float)
    assert green[tooth].mean() > green[gum].mean() + 50
    assert jaw_pair(3, triangles=2000, colour=False).upper.vertex_colours is None


def test_a_hole_lies_where_it_was_planted(worked: JawPair) -> None:
    """Each planted hole is a border of its own, at its place and of about its width."""
    for hole in worked.truth.holes:
        loops = topology(getattr(worked, hole.arch)).holes
        distance = [np.linalg.norm(np.array(loop.centre) - hole.centre) for loop in loops]
        found = loops[int(np.argmin(distance))]
        assert min(distance) < 0.5
        assert found.across_mm == pytest.approx(hole.diameter, abs=0.3)
    assert len(topology(worked.upper).holes) == 1
    assert len(topology(worked.lower).holes) == 2


def test_a_preparation_has_room_and_a_finish_line(worked: JawPair) -> None:
    """The stump stays a millimetre away from its antagonist, and its finish line runs round it on the surface."""
    for fdi, mesh, antagonist in ((16, worked.upper, worked.lower), (36, worked.lower, worked.upper)):
        tooth = worked.truth.teeth[fdi]
        assert tooth.kind == "prepared"
        assert closest(near(mesh, tooth.centre, 2.5), antagonist)[0].min() > 1.0
        line = np.array(tooth.finish_line)
        assert closest(line, mesh)[0].max() < 0.1
        assert np.linalg.norm(np.diff(line, axis=0, append=line[:1]), axis=1).sum() > 20
        assert np.linalg.norm(line[:, :2].mean(axis=0) - tooth.centre[:2]) < 1.5


def test_a_missing_tooth_leaves_flat_gum(worked: JawPair) -> None:
    """Where a tooth is missing the surface lies millimetres below its neighbours."""
    gap, neighbour = centre(worked, 14), centre(worked, 15)
    assert worked.truth.teeth[14].kind == "missing"
    assert gap[2] > neighbour[2] + 4


def test_a_scan_body_is_a_cylinder_with_a_flat(worked: JawPair) -> None:
    """Its wall is 2.1 mm from its axis except on the cheek side, and its top is level."""
    body = worked.truth.teeth[25]
    assert body.kind == "scan-body"
    top = near(worked.upper, body.centre, 1.0)
    assert np.ptp(top[:, 2]) < 0.3
    wall = near(worked.upper, (body.centre[0], body.centre[1], body.centre[2] + 2.0), 2.6)
    wall = wall[np.abs(wall[:, 2] - body.centre[2] - 2.0) < 1.0]
    radius = np.linalg.norm(wall[:, :2] - body.centre[:2], axis=1)
    assert radius.max() == pytest.approx(2.1, abs=0.15)
    assert radius.min() == pytest.approx(1.35, abs=0.15)


@pytest.mark.parametrize(
    ("coverage", "present", "absent", "bites"),
    [
        ("quadrant-left", (26, 36), (16, 46), 1),
        ("quadrant-right", (16, 46), (26, 36), 1),
        ("anterior", (11, 31), (17, 37), 2),
    ],
)
def test_a_partial_scan_holds_its_part_only(
    coverage: str, present: tuple[int, int], absent: tuple[int, int], bites: int
) -> None:
    """Teeth inside the coverage are on the surface, teeth outside it are not."""
    pair = jaw_pair(1, triangles=8000, coverage=coverage)
    for mesh, inside, outside in zip((pair.upper, pair.lower), present, absent, strict=True):
        assert closest(np.array([centre(pair, inside)]), mesh)[0][0] < 0.3
        assert closest(np.array([centre(pair, outside)]), mesh)[0][0] > 3
    assert len(pair.bites) == bites


def test_frames_turn_meshes_and_truth_together(pair: JawPair) -> None:
    """Turned y-up nothing changes but the axes; teeth up, both arches face up and no longer meet."""
    turned = jaw_pair(3, triangles=40_000, frame="y-up")
    x, y, z = np.moveaxis(turned.lower.vertices, 1, 0)
    assert np.abs(np.stack([x, -z, y], axis=1) - pair.lower.vertices).max() < 1e-5
    both_up = jaw_pair(3, triangles=8000, frame="teeth-up")
    assert mean_normal(both_up.upper)[2] > 0.2
    assert mean_normal(both_up.lower)[2] > 0.2
    places = np.array([tooth.centre for tooth in both_up.truth.of("upper")])
    assert closest(places, both_up.upper)[0].max() < 0.2


def test_given_teeth_are_the_only_ones() -> None:
    """The dentition can be chosen tooth by tooth, third molars and all."""
    pair = jaw_pair(0, triangles=4000, teeth=(11, 16, 18, 36, 37), preparations=(26,))
    kinds = {tooth.fdi: tooth.kind for tooth in pair.truth.teeth.values()}
    assert {fdi for fdi, kind in kinds.items() if kind == "tooth"} == {11, 16, 18, 36, 37}
    assert kinds[26] == "prepared"
    assert kinds[28] == "missing"


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"triangles": 12}, "12 triangles"),
        ({"seed": -1}, "-1"),
        ({"teeth": (11, 19)}, "19"),
        ({"preparations": (16,), "missing": (16,)}, "16"),
        ({"coverage": "half"}, "half"),
        ({"frame": "x-up"}, "x-up"),
        ({"missing": (14,), "holes": (Hole(14),)}, "14"),
        ({"holes": (Hole(14, side="top"),)}, "top"),
    ],
)
def test_what_cannot_be_made_is_refused(wrong: dict[str, object], word: str) -> None:
    """A typed error names what was wrong."""
    with pytest.raises(UsageError, match=word):
        jaw_pair(**{"triangles": 2000, **wrong})  # type: ignore[arg-type]


def test_importing_the_kit_loads_nothing_heavy() -> None:
    """The names are lazy: numpy comes with the first jaw."""
    code = "import sys, casepan.testing; print([m for m in ('numpy', 'scipy', 'trimesh') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy module behaves as any other."""
    import casepan.testing

    with pytest.raises(AttributeError, match="jaw_trio"):
        casepan.testing.jaw_trio  # noqa: B018
