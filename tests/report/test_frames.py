"""Scans in frames of their own: shown where their matrices bring them, with their pins, or not together at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from numpy.typing import NDArray

from casepan.api import Arch, Case, Finding, Scan, Transform
from casepan.mesh import Mesh, write_mesh
from casepan.running.context import Bench, Errand
from casepan.testing import small_scan
from casepan_report.contents import Report
from casepan_report.frames import moves_of
from casepan_report.origins import repairs_of
from casepan_report.shapes import Shapes, shapes_of
from casepan_report.showing import viewer_part_of

Matrix = NDArray[np.float64]

TURN: Matrix = np.array([[0, -1, 0, 12], [1, 0, 0, -7], [0, 0, 1, 30], [0, 0, 0, 1]], float)
"""What brings the lower scan home."""


def matrix(of: Matrix, *, applied: bool | None = False, name: str = "home") -> Transform:
    """A transform as an adapter writes it."""
    return Transform(name, tuple(of.ravel().tolist()), applied)


def elsewhere(mesh: Mesh, by: NDArray[Any]) -> Mesh:
    """The surface moved by a matrix."""
    points = mesh.vertices.astype(float) @ by[:3, :3].T + by[:3, 3]
    return evolve(mesh, vertices=points.astype(np.float32))


def dot_of(mesh: Mesh) -> tuple[float, float, float]:
    """The vertex at one end of the surface, seen from that side; in its own coordinates."""
    place = mesh.vertices[_END].tolist()
    return place[0], place[1], place[2]


_END = int(small_scan("lower").vertices[:, 0].argmax())


class Stage:
    """Writes scans into a folder and makes cases of them."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder, self.case = folder, case

    def scan(self, role: str, mesh: Mesh, *transforms: Transform) -> Scan:
        """An arch in a file of its own."""
        path = self.folder / f"{role}.ply"
        write_mesh(mesh, path)
        with Bench.at(self.folder) as bench:
            file = bench.reference(path.name)
        arch: Arch = "lower" if role in ("lower", "home") else "upper"
        return Scan(f"{role}-arch", "arch", arch, file=file, format="ply", transforms=transforms)

    def made(self, scans: Sequence[Scan], *findings: Finding) -> Case:
        """A case of nothing but these."""
        return evolve(self.case, scans=tuple(scans), findings=findings, attachments=())

    def shapes(self, case: Case) -> Shapes:
        """What the report shows of it."""
        with Bench.at(self.folder) as bench:
            return shapes_of(case, bench.sending("report.html", "report", Errand("key", "K7Q2-M4")))

    def kept(self, case: Case, bench: Bench) -> Case:
        """The case with its files where the shared bench finds them."""
        bench.stores["frames"] = self.folder
        return evolve(case, scans=tuple(evolve(s, file=evolve(s.file, store="frames")) for s in case.scans))


@pytest.fixture
def stage(tmp_path: Path, case: Case) -> Stage:
    """A folder for scans."""
    return Stage(tmp_path, case)


@pytest.fixture
def away(stage: Stage) -> Case:
    """The lower scan lies elsewhere; its matrix, not applied, brings it home. A finding stands on it."""
    lower = elsewhere(small_scan("lower"), np.linalg.inv(TURN))
    scans = (stage.scan("upper", small_scan("upper")), stage.scan("lower", lower, matrix(TURN)))
    return stage.made(
        scans,
        Finding("mesh.hole", "warning", "a hole", "lower-arch", dot_of(lower)),
        Finding("bite.frames", "info", "x"),
    )


def test_a_scan_is_shown_where_its_matrix_brings_it(stage: Stage, away: Case) -> None:
    """In occlusion again, its findings on it, whatever was said of the files as they are."""
    shapes = stage.shapes(away)
    assert shapes.bite is not None
    assert not shapes.apart
    lower = shapes.shape("lower-arch")
    assert lower is not None
    where = away.findings[0].where_mm
    assert where is not None
    assert lower.at(where) == pytest.approx(dot_of(small_scan("lower")), abs=1e-3)
    assert np.abs(lower.mesh.vertices - np.array(lower.at(where))).sum(axis=1).min() < 1e-3


def test_pins_in_pictures_and_in_the_viewer_stand_on_the_moved_scan(
    stage: Stage, away: Case, gathered: Callable[..., Report], bench: Bench
) -> None:
    """The same place as in a case whose lower scan stands at home from the start."""
    home = stage.made((away.scans[0], stage.scan("home", small_scan("lower"))))
    there = Finding("mesh.hole", "warning", "a hole", "home-arch", dot_of(small_scan("lower")))
    cases = (away, evolve(home, findings=(there,)))
    moved, plain = (gathered(stage.kept(case, bench), viewer=True) for case in cases)
    pins = [
        [pin for shot in report.gallery.occlusion for pin in shot.pins if pin.number == 1] for report in (moved, plain)
    ]
    assert len(pins[0]) == len(pins[1]) > 0
    for one, other in zip(*pins, strict=True):
        assert (one.left, one.top) == pytest.approx((other.left, other.top), abs=0.3)
    html = viewer_part_of(moved).html
    story = json.loads(re.search(r'id="casepan-story">(.*?)</script>', html, re.DOTALL)[1])  # type: ignore[index]
    assert story["pins"][0]["where_mm"] == pytest.approx(dot_of(small_scan("lower")), abs=1e-3)


def test_what_is_moved_is_said(away: Case, stage: Stage, written: Callable[..., str], bench: Bench) -> None:
    """The page names the scan, and says that its file is unchanged."""
    text = written(stage.kept(away, bench))
    assert re.search(r"Shown where the matrix that came with it brings it, .*?Lower scan", text)
    assert 'id="view-front"' in text


def test_a_matrix_that_all_scans_share_moves_nothing(stage: Stage) -> None:
    """Places stay those of the files, as every other program shows them."""
    upper, lower = (stage.scan(role, small_scan(role), matrix(TURN)) for role in ("upper", "lower"))
    assert moves_of((upper, lower)) == {}
    assert stage.shapes(stage.made((upper, lower))).bite is not None


def test_a_matrix_that_is_applied_or_of_which_nobody_knows_moves_nothing(stage: Stage) -> None:
    """The vertices are already there, or nobody can say."""
    upper = stage.scan("upper", small_scan("upper"))
    for applied in (True, None):
        assert moves_of((upper, stage.scan("lower", small_scan("lower"), matrix(TURN, applied=applied)))) == {}


def test_a_turn_of_the_case_after_the_matrix_came_is_taken_off_it() -> None:
    """The matrix speaks of the coordinates that the file came with."""
    turned = matrix(TURN @ TURN, applied=True, name="turned")
    file = Scan("x", "arch", "lower", file=None, transforms=(matrix(TURN), turned))  # type: ignore[arg-type]
    other = Scan("y", "arch", "upper", file=None)  # type: ignore[arg-type]
    assert moves_of((other, file))["x"] == pytest.approx(np.linalg.inv(TURN))


@pytest.mark.parametrize(
    "transforms",
    [
        (matrix(TURN), matrix(np.eye(4), name="other")),
        (Transform("short", (1.0, 0.0), applied=False),),
        (matrix(np.zeros((4, 4))),),
        (matrix(np.full((4, 4), np.nan)),),
    ],
    ids=["two", "short", "flat", "nan"],
)
def test_matrices_that_cannot_be_used_are_not(transforms: tuple[Transform, ...]) -> None:
    """Several at once, and damaged ones."""
    file = Scan("x", "arch", "lower", file=None, transforms=transforms)  # type: ignore[arg-type]
    assert moves_of((file, Scan("y", "arch", "upper", file=None))) == {}  # type: ignore[arg-type]


def test_a_stale_matrix_does_not_tear_a_bite_apart(stage: Stage) -> None:
    """Where the files stand in occlusion and the matrices do not bring them there, the files are shown."""
    scans = (stage.scan("upper", small_scan("upper")), stage.scan("lower", small_scan("lower"), matrix(TURN)))
    shapes = stage.shapes(stage.made(scans))
    assert shapes.bite is not None
    assert all(shape.move is None for shape in shapes.shown)


@pytest.mark.parametrize(
    ("shift", "said"), [((90, 0, 0), "do not lie together"), ((0, 0, 5), "run through each other")]
)
def test_unknown_frames_give_no_false_bite(
    stage: Stage, shift: tuple[float, float, float], said: str, written: Callable[..., str], bench: Bench
) -> None:
    """Far apart or through each other: said, not drawn; the viewer begins with one scan."""
    away: Matrix = np.eye(4)
    away[:3, 3] = shift
    scans = (stage.scan("upper", small_scan("upper")), stage.scan("lower", elsewhere(small_scan("lower"), away)))
    assert stage.shapes(stage.made(scans)).apart
    text = written(stage.kept(stage.made(scans), bench), viewer=True)
    assert said in text
    assert 'id="view-front"' not in text
    assert "says nothing of the mouth" in text
    assert re.findall(r'"shown": (\w+)', text) == ["true", "false"]


def test_a_turn_of_the_whole_case_is_no_repair(stage: Stage) -> None:
    """The scan as it came is brought to where it is now, before the two are compared."""
    came = stage.scan("upper", small_scan("upper"))
    now = stage.scan("turned", elsewhere(small_scan("upper"), TURN), matrix(TURN, applied=True))
    now = evolve(now, derived_from=came.file.sha256)
    with Bench.at(stage.folder, history=lambda: (stage.made((came,)),)) as bench:
        ctx = bench.sending("report.html", "report", Errand("key", "K7Q2-M4"))
        assert list(repairs_of(shapes_of(stage.made((now,)), ctx), ctx)) == []
        unsaid = evolve(now, transforms=())
        assert len(list(repairs_of(shapes_of(stage.made((unsaid,)), ctx), ctx))) == 1
