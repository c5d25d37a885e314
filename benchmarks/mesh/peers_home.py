"""An environment of their own for the peers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

PEERS = {
    "trimesh": ["trimesh", "networkx", "scipy", "rtree"],
    "pymeshlab": ["pymeshlab"],
    "vtk": ["vtk", "pyvista"],
    "open3d": ["open3d"],
}
_IMPORTS = {"vtk": "pyvista"}


def usable_peers(home: Path, wanted: list[str]) -> tuple[dict[str, Path], dict[str, str]]:
    """The interpreter of every peer that can be imported there, and the reasons of those that cannot.

    open3d wants libusb-1.0 and libGL from the system.
    """
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(home, with_pip=shutil.which("uv") is None)
    usable, missing = {}, {}
    for name in wanted:
        reason = _import_error(python, name) and (_install(python, name) or _import_error(python, name))
        if reason:
            missing[name] = reason
        else:
            usable[name] = python
    return usable, missing


def _import_error(python: Path, name: str) -> str | None:
    return _complaint([str(python), "-c", f"import {_IMPORTS.get(name, name)}"])


def _install(python: Path, name: str) -> str | None:
    uv = shutil.which("uv")
    start = [uv, "pip", "install", "-q", "--python", str(python)] if uv else [str(python), "-m", "pip", "install", "-q"]
    return _complaint([*start, *PEERS[name]])


def _complaint(command: list[str]) -> str | None:
    """The last line a failing command wrote, or None when it went well."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200]
