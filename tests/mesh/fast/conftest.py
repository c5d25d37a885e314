"""These tests compare both ways; without the compiled kernels there is only one."""

from __future__ import annotations

import pytest

from casepan.mesh import kernels


@pytest.fixture(autouse=True, scope="session")
def compiled() -> None:
    """Skip where the kernels are not built or switched off."""
    if not kernels.compiled():
        pytest.skip("casepan-fast has no kernels here")
