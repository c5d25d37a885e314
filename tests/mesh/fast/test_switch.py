"""When the kernels are used and when not."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from casepan.mesh import kernels

ASK = "from casepan.mesh import kernels; print(kernels.compiled())"


@pytest.mark.parametrize(("switch", "answer"), [("1", "False"), ("", "True")])
def test_the_environment_switches_them_off(switch: str, answer: str) -> None:
    """CASEPAN_NO_FAST=1 leaves the kernels alone, an empty value does not."""
    environment = {**os.environ, "CASEPAN_NO_FAST": switch}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == answer


def test_kernels_of_another_version_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older or newer casepan-fast is as good as none."""
    monkeypatch.delenv("CASEPAN_NO_FAST", raising=False)
    monkeypatch.setitem(sys.modules, "casepan_fast._kernels", SimpleNamespace(API=kernels.API + 1))
    assert kernels._load() is None


def test_a_package_built_without_a_compiler_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import fails quietly and numpy does the work."""
    monkeypatch.delenv("CASEPAN_NO_FAST", raising=False)
    monkeypatch.setitem(sys.modules, "casepan_fast._kernels", None)
    assert kernels._load() is None


def test_other_byte_orders_go_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels read little-endian files in place."""
    monkeypatch.delenv("CASEPAN_NO_FAST", raising=False)
    monkeypatch.setattr(sys, "byteorder", "big")
    assert kernels._load() is None
