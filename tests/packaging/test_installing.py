"""Every distribution builds a wheel; core alone and core with exactly one adapter work in a clean environment, with plain pip."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ADAPTERS = ("trios", "itero", "primescan", "medit", "carestream")
MAKE_SAMPLE = """
import sys
from pathlib import Path
from casepan.registry import Registry
samples = Registry.load().samples()[sys.argv[1]]
print(next(sample for sample in samples if sample.demo).write(Path(sys.argv[2])))
"""


def run(*command: object) -> str:
    """Standard output of a command that must end 0."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of every distribution of the workspace."""
    out = tmp_path_factory.mktemp("wheels")
    folders = [
        repository / "core",
        repository / "fast",
        *sorted(path.parent for path in repository.glob("plugins/*/pyproject.toml")),
    ]
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, *folders)
    return out


@pytest.fixture(scope="module")
def clean(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a clean environment with core alone."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    place = home / ("Scripts" if sys.platform == "win32" else "bin")
    run(place / "python", "-m", "pip", "install", "-q", next(wheels.glob("casepan-0*.whl")))
    return place


def test_every_distribution_builds_a_wheel(wheels: Path, repository: Path) -> None:
    """One wheel per distribution, pure Python but for the compiled kernels."""
    pure = {path.name.split("-")[0] for path in wheels.glob("*-py3-none-any.whl")}
    plugins = {f"casepan_{path.parent.name}" for path in repository.glob("plugins/*/pyproject.toml")}
    assert pure - {"casepan_fast"} == {"casepan"} | plugins
    assert list(wheels.glob("casepan_fast-*.whl"))


def test_core_alone_takes_any_scanner(clean: Path, tmp_path: Path) -> None:
    """Without any adapter the generic importer and every built-in stage work."""
    listed = json.loads(run(clean / "casepan", "adapters", "--json"))
    assert [row["name"] for row in listed["adapters"]] == ["core"]
    sample = run(clean / "python", "-c", MAKE_SAMPLE, "core", tmp_path / "any").strip()
    inspected = json.loads(run(clean / "casepan", "inspect", sample, "--json"))
    assert inspected["recognised"]["stage"] == "core.generic"
    run(clean / "casepan", "demo", tmp_path / "demo")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_core_with_exactly_one_adapter(clean: Path, wheels: Path, adapter: str, tmp_path: Path) -> None:
    """An adapter needs nothing but core, recognises its own sample, and goes through the demo alone."""
    pip = (clean / "python", "-m", "pip")
    run(*pip, "install", "-q", next(wheels.glob(f"casepan_{adapter}-*.whl")))
    try:
        listed = json.loads(run(clean / "casepan", "adapters", "--json"))
        assert {row["name"]: row["state"] for row in listed["adapters"]} == {"core": "installed", adapter: "installed"}
        sample = run(clean / "python", "-c", MAKE_SAMPLE, adapter, tmp_path / "inbox").strip()
        inspected = json.loads(run(clean / "casepan", "inspect", sample, "--json"))
        assert inspected["recognised"]["adapter"] == adapter
        run(clean / "casepan", "demo", tmp_path / "demo")
    finally:
        run(*pip, "uninstall", "-q", "-y", f"casepan-{adapter}")
