"""Face corners with texture indices, with and without compiled kernels."""

from __future__ import annotations

import numpy as np
import pytest

from casepan.mesh import read_mesh

QUAD = b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 1/1 2/2 3/3\nf 1/1/ 3/3 -1/-1\n"


@pytest.mark.parametrize("compiled", [True, False])
def test_corners_with_texture_indices_are_read(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same faces and coordinates of the image both ways."""
    from casepan.mesh import kernels

    if not compiled:
        monkeypatch.setattr(kernels, "compiled", lambda: False)
    mesh = read_mesh(QUAD, name="quad.obj", images=lambda _: b"image")
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 3]])
    assert mesh.texture is not None
    np.testing.assert_array_equal(mesh.texture.uv[1], [[0, 0], [1, 1], [0, 1]])
