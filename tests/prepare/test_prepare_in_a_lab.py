"""The page for newcomers, run as it stands: its lab.toml, a pair in the inbox, and what lies in the folder afterwards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from casepan.config.checks import check_lab
from casepan.config.loader import load_lab
from casepan.mesh import read_mesh, topology
from casepan.registry import Registry
from casepan.testing import scan_bytes
from casepan_prepare.findings import FINDINGS
from casepan_prepare.frame import NAME

from .conftest import pair


def lab_of_the_page(repository: Path, folder: Path) -> Path:
    """The first lab.toml of the page, with a settle time for tests."""
    page = (repository / "plugins" / "prepare" / "README.md").read_text("utf-8")
    block, *_ = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    file = folder / "lab.toml"
    file.write_text(block.replace('"30s"', '"0.2s"'), encoding="utf-8")
    return file


def test_the_pages_lab_is_valid(repository: Path, tmp_path: Path) -> None:
    """Every name and option in it exists."""
    (tmp_path / "inbox").mkdir()
    lab = load_lab(lab_of_the_page(repository, tmp_path))
    assert check_lab(lab, Registry.load(lab.adapters)) == ()


def test_the_pages_lab_turns_simplifies_and_prints(repository: Path, tmp_path: Path) -> None:
    """Scans in the occlusal frame with the matrix in the manifest, closed models beside them, every step said."""
    lab_of_the_page(repository, tmp_path)
    arrival = tmp_path / "inbox" / "case"
    arrival.mkdir(parents=True)
    for arch in ("upper", "lower"):
        (arrival / f"{arch}.ply").write_bytes(scan_bytes(getattr(pair(), arch), "ply"))
    done = subprocess.run(
        [sys.executable, "-m", "casepan", "run", "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    (case,) = json.loads(done.stdout)["cases"]
    assert case["verdict"] == "accept", case
    (package,) = (tmp_path / "out").iterdir()
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    said = {finding["code"] for finding in manifest["findings"]}
    assert {"mesh.simplified", "frame.oriented", "model.made"} <= said
    for scan in manifest["scans"]:
        (transform,) = scan["transforms"]
        assert (transform["name"], transform["applied"]) == (NAME, True)
        assert np.abs(read_mesh(package / scan["name"]).vertices[:, 2]).min() < 1
    models = sorted(package.glob("*model-*.stl"))
    assert len(models) == 2
    assert all(topology(read_mesh(model)).is_closed for model in models)


def test_every_page_of_a_finding_tells_cause_and_remedy() -> None:
    """Whoever types ``casepan explain`` learns what to do."""
    assert len({page.code for page in FINDINGS}) == len(FINDINGS) == 9
    assert all(page.cause and page.example and page.remedy for page in FINDINGS)
