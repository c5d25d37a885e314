"""Scans as files, and the small scans of large matrices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from casepan.errors import UsageError
from casepan.mesh import read_mesh
from casepan.testing import jaw_pair, scan_bytes, small_scan


@pytest.mark.parametrize("form", ["stl", "ply", "obj"])
def test_bytes_read_back_as_the_same_surface(tmp_path: Path, form: str) -> None:
    """Geometry survives in every format, colour in those that have one."""
    mesh = small_scan("lower")
    path = tmp_path / f"scan.{form}"
    path.write_bytes(scan_bytes(mesh, form))
    found = read_mesh(path)
    assert np.array_equal(found.vertices[found.faces], mesh.vertices[mesh.faces])
    assert (found.vertex_colours is not None) == (form != "stl")


def test_a_header_signs_an_stl() -> None:
    """Eighty bytes, filled up with zeros, and the rest unchanged."""
    plain, signed = scan_bytes(small_scan()), scan_bytes(small_scan(), header=b"a scanner")
    assert signed[:80] == b"a scanner".ljust(80, b"\0")
    assert signed[80:] == plain[80:]


@pytest.mark.parametrize(("form", "line"), [("ply", b"\ncomment made here\n"), ("obj", b"# made here\n")])
def test_comments_stand_in_the_head(tmp_path: Path, form: str, line: bytes) -> None:
    """And the file still reads."""
    data = scan_bytes(small_scan(), form, comments=["made here"])
    assert line in data[:200]
    path = tmp_path / f"scan.{form}"
    path.write_bytes(data)
    assert len(read_mesh(path).faces) == len(small_scan().faces)


def test_colour_can_be_left_out() -> None:
    """A scanner without colour writes none."""
    assert b"red" not in scan_bytes(small_scan(), "ply", colour=False)


def test_what_a_format_cannot_hold_is_refused() -> None:
    """Headers, comments, formats and roles that do not exist are usage errors."""
    with pytest.raises(UsageError, match="header"):
        scan_bytes(small_scan(), "ply", header=b"x")
    with pytest.raises(UsageError, match="header"):
        scan_bytes(small_scan(), "stl", header=b"x" * 81)
    with pytest.raises(UsageError, match="comments"):
        scan_bytes(small_scan(), "stl", comments=["x"])
    with pytest.raises(UsageError, match="3dm"):
        scan_bytes(small_scan(), "3dm")
    with pytest.raises(UsageError, match="palate"):
        small_scan("palate")


def test_small_scans_are_made_once_and_share_a_frame() -> None:
    """Three roles of one patient, arch shaped, a few thousand triangles each."""
    assert small_scan("upper") is small_scan("upper")
    for role in ("upper", "lower", "bite"):
        assert 1000 < len(small_scan(role).faces) < 3500
    for role in ("upper", "lower"):
        assert 50 < np.ptp(small_scan(role).vertices[:, 0]) < 95
    assert small_scan("bite", 1).vertices.tobytes() == jaw_pair(1, triangles=2000).bites[0].vertices.tobytes()
