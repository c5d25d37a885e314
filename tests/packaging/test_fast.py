"""casepan-fast builds one wheel for all Pythons, and installs without a compiler too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def build(repository: Path, out: Path, compiler: str | None) -> zipfile.ZipFile:
    """The wheel built from a clean copy of the sources, with another compiler if one is given."""
    source = out / "fast"
    shutil.copytree(repository / "fast", source, ignore=shutil.ignore_patterns("build", "*.so", "*.pyd", "*.egg-info"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(source),
    ]
    environment = {**os.environ, **({"CC": compiler} if compiler else {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(out.glob("casepan_fast-*.whl")))


def compiled_parts(wheel: zipfile.ZipFile) -> list[str]:
    """The shared libraries in a wheel."""
    return [name for name in wheel.namelist() if name.endswith((".so", ".pyd"))]


@pytest.mark.skipif(sys.platform == "win32" or shutil.which("cc") is None, reason="needs a C compiler named cc")
def test_one_wheel_serves_every_python(repository: Path, tmp_path: Path) -> None:
    """The kernels use the stable ABI of 3.11, so the wheel says abi3, and types come along."""
    wheel = build(repository, tmp_path, None)
    assert "cp311-abi3" in str(wheel.filename)
    assert compiled_parts(wheel) == ["casepan_fast/_kernels.abi3.so"]
    assert {"casepan_fast/_kernels.pyi", "casepan_fast/py.typed"} <= set(wheel.namelist())


@pytest.mark.skipif(sys.platform == "win32", reason="CC is not asked on Windows")
def test_without_a_compiler_the_package_installs_and_offers_nothing(repository: Path, tmp_path: Path) -> None:
    """The build ends well; what is missing is the compiled part alone."""
    wheel = build(repository, tmp_path, "/nowhere/cc")
    assert compiled_parts(wheel) == []
    assert "casepan_fast/__init__.py" in wheel.namelist()
