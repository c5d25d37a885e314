"""What can be shown of a case, and what is said of the rest."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from PIL import Image

from casepan.api import Case, FolderPath, Scan
from casepan.cli import reporting
from casepan.mesh import Mesh, Texture
from casepan.operate.looking import LookOptions, look_at
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan.testing import small_scan
from casepan_report.export import TicketExport
from casepan_report.images import photo, sampled
from casepan_report.options import TicketOptions
from casepan_report.shapes import Shape, shape_of, shapes_of
from casepan_report.testing import NAMES, write_case
from casepan_report.views import gallery


class Surfaces:
    """A context that gives surfaces by scan id."""

    def __init__(self, **meshes: Mesh) -> None:
        self.meshes = meshes

    def mesh(self, scan: Scan) -> Mesh:
        """The surface of a scan."""
        return self.meshes[scan.id]

    def cancelled(self) -> bool:
        """Nobody wants it to stop."""
        return False


def scan(case: Case, name: str, arch: Any, role: Any = "arch") -> Scan:
    """A scan of a role."""
    return evolve(case.scans[0], id=name, role=role, arch=arch)


def picture(colours: list[tuple[int, int, int]]) -> bytes:
    """A PNG of one row of pixels."""
    stream = io.BytesIO()
    image = Image.new("RGB", (len(colours), 1))
    image.putdata(colours)
    image.save(stream, "PNG")
    return stream.getvalue()


def textured(image: bytes | None) -> Mesh:
    """One triangle whose corners lie on three pixels."""
    uv = np.array([[[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]]], np.float32)
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    return Mesh(vertices, np.array([[0, 1, 2]], np.int32), texture=Texture(uv, image))


def test_a_texture_colours_the_corners(case: Case) -> None:
    """Each corner has the pixel under it; a texture that is missing or broken leaves the scan plain."""
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    shape = shape_of(scan(case, "a", "upper"), Surfaces(a=textured(picture(colours))))  # type: ignore[arg-type]
    assert isinstance(shape, Shape)
    assert shape.mesh.vertex_colours is not None
    assert shape.mesh.vertex_colours.tolist() == [list(colour) for colour in colours]
    for image in (None, b"no picture"):
        plain = shape_of(scan(case, "a", "upper"), Surfaces(a=textured(image)))  # type: ignore[arg-type]
        assert isinstance(plain, Shape)
        assert plain.mesh.vertex_colours is None


@pytest.mark.parametrize(
    ("mesh", "why"),
    [
        (Mesh(np.zeros((3, 3), np.float32), np.empty((0, 3), np.int32)), "it has no triangles"),
        (Mesh(np.full((3, 3), np.nan, np.float32), np.array([[0, 1, 2]], np.int32)), "coordinates that are no numbers"),
    ],
    ids=["empty", "nan"],
)
def test_a_surface_that_cannot_be_drawn_is_said(case: Case, mesh: Mesh, why: str) -> None:
    """No empty picture: a sentence."""
    shape = shape_of(scan(case, "a", "upper"), Surfaces(a=mesh))  # type: ignore[arg-type]
    assert isinstance(shape, str)
    assert why in shape


def together(case: Case, gap_mm: float) -> Any:
    """The shapes of two arches this far apart."""
    lower, upper = small_scan("lower"), small_scan("upper")
    up = np.array([0, 0, gap_mm], np.float32)
    arches = Surfaces(upper=evolve(upper, vertices=upper.vertices + up), lower=lower)
    two = (scan(case, "upper", "upper"), scan(case, "lower", "lower"))
    return shapes_of(evolve(case, scans=two, findings=()), arches)  # type: ignore[arg-type]


def test_an_open_bite_is_still_a_bite(case: Case) -> None:
    """Arches 2 mm apart are shown together, without a contact; arches 40 mm apart are not."""
    opened = together(case, 2.0).bite
    assert opened is not None
    assert not (opened.of_lower.distance_mm < 0.1).any()
    apart = together(case, 40.0)
    assert apart.bite is None
    assert "each file has a frame of its own" in apart.why_no_bite


def test_one_arch_alone_is_shown_alone(case: Case) -> None:
    """No bite, no contacts, one picture of the scan; a bite scan then from its biting side."""
    upper = small_scan("upper")
    scans = (scan(case, "upper", "upper"), scan(case, "bite", None, "bite"))
    ctx: Any = Surfaces(upper=upper, bite=small_scan("bite"))
    shapes = shapes_of(evolve(case, scans=scans, findings=()), ctx)
    drawn = gallery(shapes, (), (), (), ctx)
    assert shapes.bite is None
    assert (len(drawn.occlusion), len(drawn.scans), len(drawn.contacts)) == (0, 2, 0)


def test_nothing_more_is_drawn_once_somebody_stops_it(case: Case) -> None:
    """A cancelled export draws no further picture."""
    ctx: Any = Surfaces(upper=small_scan("upper"))
    shapes = shapes_of(evolve(case, scans=(scan(case, "upper", "upper"),), findings=()), ctx)
    ctx.cancelled = lambda: True
    assert gallery(shapes, (), (), (), ctx).shots == ()


def test_pictures_too_large_to_open_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo and a texture with too many pixels."""
    monkeypatch.setattr("casepan_report.images.MOST_PIXELS", 2)
    content = picture([(0, 0, 0)] * 3)
    assert sampled(content) is None
    with pytest.raises(Exception, match="too many pixels"):
        photo(content)


def test_the_sample_cases_end_as_they_are_called(tmp_path: Path) -> None:
    """The cases that the docs show are ready, need a look, and stop."""
    registry = Registry.load()
    verdicts = [look_at(write_case(name, tmp_path, 60_000), registry, LookOptions(checks=True)).worst for name in NAMES]
    assert verdicts == ["accept", "review", "reject"]


def test_a_ticket_is_delivered_and_found_again(bench: Bench, case: Case, tmp_path: Path) -> None:
    """One sheet per case, proven like any package."""
    exporter = TicketExport(TicketOptions(path=FolderPath(str(tmp_path))))
    ctx = bench.sending("report.ticket", "ticket", Errand("key", "K7Q2-M4"))
    assert exporter.probe(ctx) is None
    receipt = exporter.deliver(case, ctx)
    assert list(receipt.files) == ["K7Q2-M4-ticket.html"]
    found = exporter.probe(ctx)
    assert found is not None
    assert found.files == receipt.files


def test_open_shows_the_report_in_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--open`` hands the address of the file to the browser."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    (tmp_path / "reports").mkdir()
    reporting.report(index=tmp_path / "reports", open_it=True, lab=tmp_path / "lab.toml")
    assert opened == [(tmp_path / "reports" / "index.html").resolve().as_uri()]
