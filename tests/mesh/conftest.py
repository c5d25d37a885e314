"""Everything here but ``fast/`` tests the numpy code; ``fast/`` then holds the compiled kernels to the same results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casepan.mesh import kernels

HERE = Path(__file__).parent


@pytest.fixture(autouse=True, scope="module")
def numpy_code(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compiled kernels out of the way, except where they are what is tested."""
    kept = kernels._fast
    if HERE / "fast" not in request.path.parents:
        kernels._fast = None
    yield
    kernels._fast = kept
