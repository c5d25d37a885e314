"""Commands that need no lab, and what every command promises."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from casepan.cli.console import harmless
from casepan.mesh import read_mesh
from casepan.testing import scan_bytes, small_scan


def casepan(*arguments: object, ends: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    command = [sys.executable, "-m", "casepan", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == ends, done.stdout + done.stderr
    return done


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder of any scanner, coloured."""
    folder = tmp_path / "Roe 7"
    folder.mkdir()
    for role in ("upper", "lower"):
        (folder / f"{role}.ply").write_bytes(scan_bytes(small_scan(role), "ply"))
    return folder


def test_inspect_answers_in_the_documented_form(export: Path) -> None:
    """Every key of the contract is there."""
    answer = json.loads(casepan("inspect", export, "--json").stdout)
    assert answer["schema"] == 1
    assert answer["recognised"]["stage"] == "core.generic"
    assert set(answer) == {"schema", "path", "recognised", "case", "more", "findings", "checks", "verdict"}
    scan = next(scan for scan in answer["case"]["scans"] if scan["arch"] == "upper")
    assert (scan["role"], scan["format"], scan["colour"], scan["readable"]) == ("arch", "ply", "vertex", True)
    assert scan["faces"] == len(small_scan("upper").faces)
    assert scan["file"]["path"] == "upper.ply"
    assert 50 < max(scan["extent_mm"]) < 90


def test_paths_inside_a_zip_stand_behind_a_mark(export: Path, tmp_path: Path) -> None:
    """The same export as a zip has the same digest, and paths with ``!``."""
    packed = tmp_path / "Roe 7.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in export.iterdir():
            archive.write(path, f"Roe 7/{path.name}")
    folder, zipped = (json.loads(casepan("inspect", path, "--json").stdout)["case"] for path in (export, packed))
    assert {scan["file"]["path"] for scan in zipped["scans"]} == {
        "Roe 7.zip!Roe 7/upper.ply",
        "Roe 7.zip!Roe 7/lower.ply",
    }
    assert zipped["digest"] == folder["digest"]
    assert zipped["key"] == folder["key"]


def test_a_missing_path_is_a_usage_error(tmp_path: Path) -> None:
    """Two lines on stderr, nothing on stdout, exit 2."""
    done = casepan("inspect", tmp_path / "nothing", "--json", ends=2)
    assert done.stdout == ""
    assert "CP102" in done.stderr


def test_fail_on_ends_five(tmp_path: Path) -> None:
    """``--fail-on`` turns the verdict into an exit code."""
    (tmp_path / "upper.stl").write_bytes(b"broken")
    assert "reject" in casepan("validate", tmp_path).stdout
    casepan("validate", tmp_path, "--fail-on", "reject", ends=5)
    assert "--fail-on takes" in casepan("validate", tmp_path, "--fail-on", "perhaps", ends=2).stderr


def test_convert_takes_a_file_and_says_what_is_lost(export: Path, tmp_path: Path) -> None:
    """A coloured PLY to STL: the triangles are there, the colour is named as lost; nothing is overwritten unasked."""
    target = tmp_path / "made" / "upper.stl"
    assert "colour" in casepan("convert", export / "upper.ply", target).stderr
    assert len(read_mesh(target).faces) == len(small_scan("upper").faces)
    casepan("convert", export / "upper.ply", target, ends=2)
    casepan("convert", export / "upper.ply", target, "--force")


def test_convert_takes_a_whole_export(export: Path, tmp_path: Path) -> None:
    """Every readable scan of a folder, under its opaque id."""
    answer = json.loads(casepan("convert", export, tmp_path / "made", "--format", "obj", "--json").stdout)
    assert {Path(item["target"]).name for item in answer["converted"]} == {"upper-arch.obj", "lower-arch.obj"}
    assert all(item["losses"] == [] for item in answer["converted"])


def test_a_textured_obj_keeps_its_companions(tmp_path: Path) -> None:
    """The MTL and the image lie beside the OBJ under the names that it uses."""
    import numpy as np
    from attrs import evolve

    from casepan.mesh import Texture, write_mesh

    mesh = evolve(small_scan("upper"), vertex_colours=None)
    uv = np.zeros((len(mesh.faces), 3, 2), np.float32)
    image = b"\x89PNG\r\n\x1a\n"
    source = tmp_path / "in.obj"
    write_mesh(evolve(mesh, texture=Texture(uv, image, "skin.png")), source)
    casepan("convert", source, tmp_path / "out" / "arch.obj")
    written = {path.name: path.read_text("utf-8", "replace") for path in (tmp_path / "out").iterdir()}
    material = next(name for name in written if name.endswith(".mtl"))
    assert f"mtllib {material}" in written["arch.obj"]
    assert read_mesh(tmp_path / "out" / "arch.obj", images=lambda name: (tmp_path / "out" / name).read_bytes()).texture


@pytest.mark.parametrize("code", ["CP121", "cp121", "completeness.missing-scan", "Mesh.Unreadable"])
def test_explain_finds_a_code_in_any_case(code: str) -> None:
    """Cause, example and remedy."""
    said = casepan("explain", code).stdout
    assert all(word in said for word in ("Cause:", "Example:", "Remedy:"))


def test_an_unknown_code_gets_a_suggestion() -> None:
    """A slip of the pen is answered with what is nearest."""
    assert "mesh.unreadable" in casepan("explain", "mesh.unreadble", ends=2).stderr


def test_foreign_names_cannot_forge_lines_or_colours() -> None:
    """Line feeds, escape sequences and text-direction marks come out as escapes."""
    assert harmless("a\nVerdict: accept\x1b[31m\u202e") == "a\\nVerdict: accept\\x1b[31m\\u202e"
    assert harmless("Müller 상악 #1+2") == "Müller 상악 #1+2"


def test_init_check_and_schema_fit_together(tmp_path: Path) -> None:
    """What init writes passes check and its own schema; a second init refuses and changes nothing."""
    import tomllib

    from jsonschema import Draft202012Validator

    casepan("init", tmp_path / "lab")
    casepan("check", "--lab", tmp_path / "lab" / "lab.toml")
    text = (tmp_path / "lab" / "lab.toml").read_text("utf-8")
    schema = json.loads((tmp_path / "lab" / ".casepan" / "lab.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(tomllib.loads(text))
    casepan("init", tmp_path / "lab", ends=2)
    assert (tmp_path / "lab" / "lab.toml").read_text("utf-8") == text


def test_a_reader_that_goes_away_is_no_failure(export: Path) -> None:
    """``casepan inspect … | true`` ends 0."""
    process = subprocess.Popen([sys.executable, "-m", "casepan", "inspect", str(export)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 0


def test_output_survives_an_ascii_terminal(tmp_path: Path) -> None:
    """Names of any script are printed under any locale."""
    folder = tmp_path / "환자"
    folder.mkdir()
    (folder / "상악.stl").write_bytes(scan_bytes(small_scan("upper"), "stl"))
    environment = {"PATH": "/usr/bin", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "casepan", "inspect", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "상악.stl".encode() in done.stdout
