"""One generated patient, shared by all tests of the test kit."""

from __future__ import annotations

import pytest

from casepan.testing import Hole, JawPair, jaw_pair


@pytest.fixture(scope="session")
def pair() -> JawPair:
    """A plain pair of full arches."""
    return jaw_pair(3, triangles=40_000)


@pytest.fixture(scope="session")
def worked() -> JawPair:
    """A pair with every kind of work on it."""
    return jaw_pair(
        4,
        triangles=40_000,
        preparations=(16, 36),
        scan_bodies=(25,),
        missing=(14, 46),
        holes=(Hole(27, 3.0), Hole(43, 2.0, "buccal"), Hole(36, 1.5, "lingual")),
    )
