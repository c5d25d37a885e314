"""``prepare.orient``: one rigid transform for the whole case, in the manifest, reversible; or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from scipy.spatial.transform import Rotation

from casepan.api import Case, Finding, Transform
from casepan.mesh import Mesh
from casepan.running.context import Bench
from casepan_prepare.frame import NAME, ArchFrame, MouthFrame, find_frame, is_oriented, level_frame, moved
from casepan_prepare.options import OrientOptions
from casepan_prepare.orient import Orient

from .conftest import MakeCase, apply, codes, pair, surfaces

_HIDDEN = np.eye(4)
_HIDDEN[:3, :3] = Rotation.from_euler("xyz", [100, -35, 60], degrees=True).as_matrix()
_HIDDEN[:3, 3] = (12.0, -80.0, 33.0)


def hidden() -> dict[str, Mesh]:
    """The surfaces of a pair, far from any frame that a file axis would show."""
    return {name: moved(mesh, _HIDDEN) for name, mesh in surfaces(pair()).items()}


def oriented(case: Case, bench: Bench) -> Case:
    """The case after the step."""
    return apply(Orient(OrientOptions()), case, bench, f"step-{len(bench.stores)}")


def matrix_of(case: Case, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The transform that a scan says it has been through."""
    (transform,) = (transform for transform in case.scan(name).transforms if transform.name == NAME)
    return np.array(transform.matrix).reshape(4, 4)


def test_the_arches_come_to_stand_as_in_the_mouth(make_case: MakeCase) -> None:
    """x to the patient's left, y to the back, z to the head, the occlusal plane at z = 0, whatever the file's axes were."""
    case, bench = make_case(hidden())
    after = oriented(case, bench)
    assert codes(after) == ["frame.oriented"]
    truth = pair().truth.teeth
    whole = matrix_of(after, "upper") @ _HIDDEN
    turned = Rotation.from_matrix(whole[:3, :3] @ np.diag([-1, -1, 1])).magnitude()
    assert np.degrees(turned) < 3
    left_molar, incisor = (whole[:3, :3] @ truth[tooth].centre + whole[:3, 3] for tooth in (26, 11))
    assert left_molar[0] > 15
    assert left_molar[1] > 20
    assert np.abs(incisor[:2]).max() < 8
    assert bench.mesh(after.scan("upper")).vertices[:, 2].mean() > 2
    assert bench.mesh(after.scan("lower")).vertices[:, 2].mean() < -2


def test_every_scan_is_moved_by_the_same_matrix_and_says_so(make_case: MakeCase) -> None:
    """Bites included; provenance, counts and colours are kept."""
    case, bench = make_case(hidden())
    after = oriented(case, bench)
    matrices = [matrix_of(after, scan.id) for scan in after.scans]
    assert all((matrix == matrices[0]).all() for matrix in matrices)
    for before, scan in zip(case.scans, after.scans, strict=True):
        one, other = bench.mesh(before), bench.mesh(scan)
        assert scan.derived_from == before.file.sha256
        assert (scan.faces, scan.vertices) == (len(one.faces), len(one.vertices))
        np.testing.assert_array_equal(one.faces, other.faces)
        np.testing.assert_array_equal(one.vertex_colours, other.vertex_colours)
        np.testing.assert_allclose(moved(one, matrices[0]).vertices, other.vertices, atol=1e-5)


def test_the_inverse_brings_every_scan_back(make_case: MakeCase) -> None:
    """To what float32 holds of coordinates up to 130 mm."""
    case, bench = make_case(hidden())
    after = oriented(case, bench)
    matrix = matrix_of(after, "upper")
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1)
    for before, scan in zip(case.scans, after.scans, strict=True):
        back = moved(bench.mesh(scan), np.linalg.inv(matrix).astype(np.float64))
        assert np.abs(back.vertices - bench.mesh(before).vertices).max() < 2e-5


def test_what_cannot_be_opened_gets_the_transform_not_applied(make_case: MakeCase) -> None:
    """A closed bite stays where it was, and the manifest tells how to bring it to the others."""
    case, bench = make_case({**hidden(), "closed": b"x"})
    vendor = Transform("vendor", tuple(np.eye(4).ravel().tolist()))
    scans = tuple(evolve(scan, readable=scan.id != "closed", transforms=(vendor,)) for scan in case.scans)
    after = oriented(evolve(case, scans=scans), bench)
    closed = after.scan("closed")
    assert closed.file == case.scan("closed").file
    assert [(transform.name, transform.applied) for transform in closed.transforms] == [("vendor", None), (NAME, False)]
    assert codes(after) == ["frame.oriented", "prepare.untouched"]
    assert not is_oriented(closed)
    assert is_oriented(after.scan("upper"))


def test_places_of_earlier_findings_move_with_their_scans(make_case: MakeCase) -> None:
    """A mark in the report still sits on the same tooth; one on a scan that stayed does not move."""
    case, bench = make_case({**hidden(), "closed": b"x"})
    scans = tuple(evolve(scan, readable=scan.id != "closed") for scan in case.scans)
    place = tuple(float(value) for value in hidden()["upper"].vertices[77])
    marks = [Finding("mesh.hole", "warning", "a hole", scan=name, where_mm=place) for name in ("upper", "closed")]  # type: ignore[arg-type]
    after = oriented(evolve(case, scans=scans).with_findings(*marks), bench)
    np.testing.assert_allclose(after.findings[0].where_mm, bench.mesh(after.scan("upper")).vertices[77], atol=1e-4)  # type: ignore[arg-type]
    assert after.findings[1].where_mm == place


def test_scans_with_matrices_of_their_own_are_not_turned_as_one(make_case: MakeCase) -> None:
    """Their files share no frame until these are in the vertices; one matrix for all, or none known, does no harm."""
    case, bench = make_case(hidden())
    waiting = Transform("scanInfo", tuple(np.eye(4).ravel().tolist()), applied=False)
    unclear = evolve(waiting, applied=None)
    first, *others = case.scans
    uneven = evolve(case, scans=(evolve(first, transforms=(waiting,)), *others))
    after = oriented(uneven, bench)
    assert codes(after) == ["frame.unknown"]
    assert "different matrices" in after.findings[0].message
    assert after.scans == uneven.scans
    for one in (waiting, unclear):
        alike = evolve(case, scans=tuple(evolve(scan, transforms=(one,)) for scan in case.scans))
        assert codes(oriented(alike, bench)) == ["frame.oriented"]


def test_an_oriented_case_is_left_alone(make_case: MakeCase) -> None:
    """The step may run again."""
    case, bench = make_case(hidden())
    after = oriented(case, bench)
    assert oriented(after, bench) == after


def test_arches_with_their_teeth_up_are_not_turned(make_case: MakeCase) -> None:
    """Exported for model making, the pair is not in occlusion: no common frame, a warning, not one byte changed."""
    jaws = pair(2000, frame="teeth-up")
    case, bench = make_case({"upper": jaws.upper, "lower": jaws.lower})
    after = oriented(case, bench)
    assert after.scans == case.scans
    assert codes(after) == ["frame.unknown"]
    assert "occlusion" in after.findings[0].message


@pytest.mark.parametrize("names", [("upper",), ("bite-left",), ()])
def test_too_little_is_no_frame(make_case: MakeCase, names: tuple[str, ...]) -> None:
    """One quadrant, a bite alone, nothing: unchanged with the reason."""
    parts = surfaces(pair(2002, coverage="quadrant-left"))
    case, bench = make_case({name: parts[name] for name in names})
    after = oriented(case, bench)
    assert (after.scans, codes(after)) == (case.scans, ["frame.unknown"])


def test_a_plane_is_no_arch(make_case: MakeCase) -> None:
    """Flat surfaces have no row of teeth."""
    x, y = np.meshgrid(np.arange(40.0), np.arange(40.0), indexing="ij")
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(1600)], axis=1).astype(np.float32)
    corner = np.add.outer(np.arange(39) * 40, np.arange(39)).ravel()
    plane = Mesh(vertices, (corner[:, None] + [0, 40, 41]).astype(np.int32))
    case, bench = make_case({"upper": plane, "lower": plane})
    assert codes(oriented(case, bench)) == ["frame.unknown"]


def frame_of(tilt: float = 0, turn: float = 0, *, full: bool = True, length: float = 80) -> ArchFrame:
    """What an arch would show that is tilted and turned by some degrees."""
    rotation = Rotation.from_euler("xz", [tilt, turn], degrees=True).as_matrix()
    left = rotation @ [1.0, 0.0, 0.0]
    return ArchFrame(rotation @ [0.0, 0.0, 1.0], left, np.zeros(3), full, length)


def test_when_a_frame_counts_as_found() -> None:
    """One full arch is enough; two partial ones must show a side and agree; two full ones agree too."""
    part = frame_of(full=False)
    assert isinstance(find_frame([frame_of()], 8), MouthFrame)
    assert isinstance(find_frame([part, frame_of(5, 5, full=False)], 8), MouthFrame)
    assert isinstance(find_frame([frame_of(12, 0), part], 8), MouthFrame)
    for frames, why in (
        ([], "no scan"),
        ([part], "so little"),
        ([part, frame_of(full=False, length=50)], "so little"),
        ([part, frame_of(9, 0, full=False)], "differ by 9"),
        ([part, frame_of(0, 9, full=False)], "where the front"),
        ([frame_of(), frame_of(0, 9)], "where the front"),
        ([frame_of(), frame_of(17, 0)], "occlusion"),
    ):
        assert why in str(find_frame(frames, 8))


def test_a_full_arch_outweighs_a_partial_one() -> None:
    """Its frame is taken as it is; two equal ones are averaged; a level frame only needs the planes to agree."""
    only = find_frame([frame_of(full=False), frame_of(10, 30)], 8)
    assert isinstance(only, MouthFrame)
    np.testing.assert_allclose(only.axes[2], frame_of(10, 30).up, atol=1e-9)
    mean = find_frame([frame_of(-2, 0), frame_of(2, 0)], 8)
    assert isinstance(mean, MouthFrame)
    np.testing.assert_allclose(mean.axes, np.eye(3), atol=1e-9)
    level = level_frame([frame_of(full=False), frame_of(0, 70, full=False)])
    assert level is not None
    np.testing.assert_allclose(level.axes, np.eye(3), atol=1e-9)
    assert level_frame([frame_of(), frame_of(180)]) is None
    assert level_frame([]) is None
