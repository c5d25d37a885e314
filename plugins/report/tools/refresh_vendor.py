"""Rebuild the viewer's bundle of three.js from its npm package.

Run it from anywhere: ``python plugins/report/tools/refresh_vendor.py [three version]``. It needs Node.js with npm and the
network, writes into ``casepan_report/viewer/_vendor`` only, and gives the same bytes for the same versions. A test
compares the bundle with the hash written here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[1] / "src" / "casepan_report" / "viewer" / "_vendor"
THREE = "0.187.0"
ESBUILD = "0.28.2"


def refresh(three: str = THREE) -> None:
    """Write the bundle, its licence and ``vendor.json`` for one version of three.js."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
        packages = [f"three@{three}", f"esbuild@{ESBUILD}"]
        _run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *packages)
        shutil.copy(VENDOR / "entry.js", folder)
        bundle = folder / "three.js"
        options = ["--bundle", "--minify", "--format=iife", "--global-name=casepanThree", "--target=es2020"]
        _run(folder, "node", "node_modules/esbuild/bin/esbuild", "entry.js", *options, f"--outfile={bundle}")
        shutil.copy(folder / "node_modules" / "three" / "LICENSE", VENDOR / "LICENSE.three.txt")
        lock = json.loads((folder / "package-lock.json").read_bytes())["packages"]
        _write(bundle.read_bytes(), lock)


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)


def _write(bundle: bytes, lock: dict[str, Any]) -> None:
    if b"</script" in bundle.lower() or b"<!--" in bundle:
        raise SystemExit("the bundle holds text that would end or hide a script element: look at it before using it")
    (VENDOR / "three.js").write_bytes(bundle)
    three = lock["node_modules/three"]
    record = {
        "name": "three",
        "version": three["version"],
        "licence": three["license"],
        "package_integrity": three["integrity"],
        "bundler": f"esbuild {lock['node_modules/esbuild']['version']}",
        "bundle_integrity": "sha384-" + base64.b64encode(hashlib.sha384(bundle).digest()).decode(),
    }
    (VENDOR / "vendor.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    refresh(*sys.argv[1:2])
