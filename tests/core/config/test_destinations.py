"""What ``casepan check`` says of every destination before the first run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.config.checks import inspect_lab
from casepan.config.destinations import Destination
from casepan.config.loader import load_lab
from casepan.contract.specs import ExporterSpec, NameLimits
from casepan.registry import Registry

HEAD = """version = 1
[lab]
name = "Synthetic Lab"
[adapters.deliver]
[adapters.dicom]
[adapters.exocad]
[adapters.report]
[adapters.trios]
"""
DESTINATIONS: Mapping[str, Mapping[str, Any]] = {
    "core.folder": {},
    "core.zip": {"private": True, "attachments": True, "names": "original"},
    "dicom.stl": {},
    "exocad.project": {},
    "trios.dental-system": {"materials": "Materials.xml", "manufacturers": "Manufacturers.3ml"},
    "deliver.table": {},
    "report.html": {},
}
ALL = tuple(Registry.load().stages(ExporterSpec))


def lab_with(folder: Path, *, steps: str = "", use: Mapping[str, Mapping[str, Any]] = DESTINATIONS) -> Path:
    """A lab.toml with these exports, one after the other."""
    for name in ("Materials.xml", "Manufacturers.3ml"):
        (folder / name).write_text("<x/>")
    lines = [HEAD, steps]
    for name, options in use.items():
        told = "".join(f"with.{key} = {json.dumps(value)}\n" for key, value in options.items())
        lines.append(f"[[pipelines.a.export]]\nuse = '{name}'\n{told}")
    path = folder / "lab.toml"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def destinations(folder: Path, **more: Any) -> dict[str, Destination]:
    """What check knows of the destinations, by exporter; the lab has no problem."""
    lab = load_lab(lab_with(folder, **more))
    checked = inspect_lab(lab, Registry.load(lab.adapters))
    assert checked.problems == ()
    return {one.use: one for one in checked.destinations}


def converting(options: str) -> str:
    """A step that converts."""
    return f"[[pipelines.a.steps]]\nuse = 'core.convert'\nwith = {{ {options} }}\n"


@pytest.mark.parametrize("spec", ALL, ids=[spec.name for spec in ALL])
def test_every_installed_destination_declares_its_limits_for_names(spec: ExporterSpec) -> None:
    """Nobody has to find out by a refusal."""
    assert spec.names is not None


def test_a_destination_says_what_its_layout_has_no_place_for(tmp_path: Path) -> None:
    """By what the exporter declares, whatever the case is."""
    found = destinations(tmp_path)
    assert "documents and pictures" in found["exocad.project"].not_carried
    assert "the names of the scans: the layout has words of its own" in found["exocad.project"].not_carried
    assert {"the order", "the colour of the scans"} <= set(found["dicom.stl"].not_carried)
    assert found["trios.dental-system"].formats == ("stl",)


def test_options_decide_what_stays_at_home(tmp_path: Path) -> None:
    """What the lab allows to go along is not told as lost."""
    found = destinations(tmp_path)
    withheld = "patient, practice, doctor, references and notes (`private = false`)"
    assert withheld in found["core.folder"].not_carried
    assert "documents and pictures (`attachments = false`)" in found["core.folder"].not_carried
    assert found["core.zip"].not_carried == ()


def test_a_table_names_the_fields_that_have_no_column(tmp_path: Path) -> None:
    """A program that imports rows gets what its columns say, and nothing else."""
    found = destinations(tmp_path, use={"deliver.table": {"columns.Zahn": "teeth", "columns.Farbe": "shade"}})
    (told,) = (phrase for phrase in found["deliver.table"].not_carried if "column" in phrase)
    assert "material" in told
    assert "teeth" not in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("format = 'obj', colour = 'keep'", "the colour of the scans"),
        ("format = 'stl', colour = 'drop'", "the colour of the scans: a step before it drops it"),
        ("format = 'ply', colour = 'drop'", "the colour of the scans: a step before it drops it"),
    ],
)
def test_lost_colour_is_told_once_and_with_who_drops_it(tmp_path: Path, options: str, told: str) -> None:
    """By the destination itself, or by the step before it."""
    found = destinations(tmp_path, steps=converting(options), use={"dicom.stl": {}})
    assert [phrase for phrase in found["dicom.stl"].not_carried if "colour" in phrase] == [told]


def test_what_has_no_scans_loses_no_colour(tmp_path: Path) -> None:
    """A table is not told to miss what it never has."""
    found = destinations(tmp_path, steps=converting("format = 'stl', colour = 'drop'"), use={"deliver.table": {}})
    assert not any("colour" in phrase for phrase in found["deliver.table"].not_carried)


def test_colour_that_arrives_is_not_told_as_lost(tmp_path: Path) -> None:
    """A destination with colour behind a step that keeps it."""
    found = destinations(tmp_path, steps=converting("format = 'ply', colour = 'keep'"), use={"core.folder": {}})
    assert not any("colour" in phrase for phrase in found["core.folder"].not_carried)


def destination(**limits: Any) -> Destination:
    """A destination with some limits."""
    told = {"formats": (), "colour": True, "max_faces": None, "names": NameLimits("kept"), **limits}
    return Destination("lab.toml:1", "a", "b", "x.y", not_carried=(), **told)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "meshes of any format, with colour, any number of triangles, names kept as far as they fit"),
        ({"formats": ("stl", "ply"), "colour": False}, "STL PLY, without colour"),
        ({"max_faces": 200_000}, "at most 200,000 triangles a scan"),
        (
            {"names": NameLimits("layout", characters="ascii")},
            "names of its own (ASCII only; at most 180 bytes a name)",
        ),
        ({"names": NameLimits("kept", None, 1024)}, "names kept as far as they fit (at most 1,024 bytes a path)"),
        ({"names": NameLimits("layout", None)}, "triangles, names of its own"),
        ({"names": None}, "names not told"),
        ({"names": NameLimits("none")}, "no files of the case"),
    ],
)
def test_what_a_destination_takes_is_one_line(limits: Mapping[str, Any], words: str) -> None:
    """Formats, colour, faces and names."""
    assert words in destination(**limits).takes


def test_check_prints_what_will_be_lost_where(tmp_path: Path) -> None:
    """For people as lines, for programs as values."""
    path = lab_with(tmp_path)
    text = CliRunner().invoke(app, ["check", "--lab", str(path)])
    assert text.exit_code == 0, text.output
    assert "a/stl (dicom.stl) takes STL PLY OBJ HPS DICOM, without colour" in text.output
    assert "  not carried: the order\n" in text.output
    answer = json.loads(CliRunner().invoke(app, ["check", "--lab", str(path), "--json"]).stdout)
    (stl,) = (one for one in answer["destinations"] if one["use"] == "dicom.stl")
    assert (stl["pipeline"], stl["export"], stl["colour"], stl["max_faces"]) == ("a", "stl", False, None)
    assert stl["names"] == {"given": "layout", "longest": 180, "longest_path": None, "characters": "ascii"}
    assert "the order" in stl["not_carried"]
    assert stl["place"].startswith(f"{path}:")
