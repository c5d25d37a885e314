"""The first lab.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casepan.config.checks import inspect_lab
from casepan.config.loader import load_lab
from casepan.config.schema import lab_schema
from casepan.config.template import SCHEMA_PATH, lab_template, toml_string
from casepan.registry import Registry


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=20).filter(lambda name: "${" not in name))
def test_any_name_makes_a_lab_that_loads(tmp_path: Path, name: str) -> None:
    """Quotes, line ends, control and broken characters in a laboratory's name do no harm."""
    path = tmp_path / "lab.toml"
    path.write_bytes(lab_template(name, ["trios", "medit"]).encode())
    lab = load_lab(path)
    assert lab.lab.name == name.encode("utf-8", "replace").decode()
    assert list(lab.adapters) == ["medit", "trios"]


def test_strings_are_toml() -> None:
    """Whatever the text, TOML reads the same text back."""
    for text in ('a "b" \\c', "Brücke\n\t", "\x7f\x00", "日本"):
        assert tomllib.loads(f"x = {toml_string(text)}") == {"x": text}


def test_the_template_passes_every_check(tmp_path: Path) -> None:
    """With core alone it has no problems, and its schema agrees."""
    path = tmp_path / "lab.toml"
    path.write_text(lab_template("Synthetic Lab", timezone="Europe/Berlin"), encoding="utf-8")
    lab = load_lab(path)
    registry = Registry.load(lab.adapters)
    checked = inspect_lab(lab, registry)
    assert lab.lab.timezone == "Europe/Berlin"
    assert checked.problems == ()
    assert [advice.text for advice in checked.advice] == ["this folder is not there yet"]
    jsonschema.Draft202012Validator(lab_schema(registry)).validate(tomllib.loads(path.read_text(encoding="utf-8")))


def test_the_first_line_names_the_schema() -> None:
    """Editors find the schema without any setting."""
    assert lab_template("x").splitlines()[0] == f"#:schema ./{SCHEMA_PATH}" == "#:schema ./.casepan/lab.schema.json"


def test_commented_examples_are_valid(tmp_path: Path) -> None:
    """Whoever takes the comment signs away gets a lab that loads."""
    lines = lab_template("x").splitlines()
    starts = ("# [", "# portal", '# "rx', "# fail_on")
    text = "\n".join(line[2:] if line.startswith(starts) else line for line in lines)
    path = tmp_path / "lab.toml"
    path.write_text(text, encoding="utf-8")
    lab = load_lab(path)
    assert list(lab.adapters) == ["trios"]
    assert lab.verdict == {"rx.conflict": "review"}
    assert "portal" in lab.secrets
    assert lab.pipelines["crowns"].steps[0].fail_on == "error"


def test_what_enabled_plugins_add_stands_ready(tmp_path: Path) -> None:
    """The checks and the report are there behind a # each; without it the lab passes every check."""
    starts = ("# [[pipelines", "# use", "# id", "# with", "# on")
    written = lab_template("x", ["quality", "report"])
    path = tmp_path / "lab.toml"
    path.write_text("\n".join(line[2:] if line.startswith(starts) else line for line in written.splitlines()))
    lab = load_lab(path)
    assert inspect_lab(lab, Registry.load(lab.adapters)).problems == ()
    assert [step.use for step in lab.pipelines["crowns"].steps[3:5]] == ["quality.completeness", "quality.identity"]
    assert [export.use for export in lab.pipelines["crowns"].export] == ["core.folder", "report.html"]
    assert "quality." not in lab_template("x", ["report"])
    assert "report.html" not in lab_template("x", ["quality"])
