"""``--set KEY=VALUE``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casepan.config.loader import load_lab
from casepan.config.overrides import apply_override
from casepan.errors import ConfigError

LAB = """version = 1
[lab]
name = "Synthetic Lab"
[pipelines.crowns]
[[pipelines.crowns.import]]
use = "core.inbox"
with = { path = "in" }
[[pipelines.crowns.steps]]
use = "quality.mesh"
[[pipelines.crowns.steps]]
id = "ply"
use = "core.convert"
[[pipelines.crowns.export]]
id = "cad"
use = "core.folder"
"""


@pytest.fixture
def lab_file(tmp_path: Path) -> Path:
    """A lab.toml to override."""
    path = tmp_path / "lab.toml"
    path.write_text(LAB, encoding="utf-8")
    return path


def refusal(path: Path, override: str) -> ConfigError:
    """The one problem that an override makes."""
    with pytest.raises(ConfigError) as caught:
        load_lab(path, [override])
    (problem,) = caught.value.problems
    return problem


def test_steps_are_addressed_by_their_id(lab_file: Path) -> None:
    """By the default id, by a given one, in all three sections; missing tables are made."""
    overrides = (
        "pipelines.crowns.steps.mesh.with.x=1",
        "pipelines.crowns.steps.ply.with.format=stl",
        "pipelines.crowns.import.inbox.with.path=elsewhere",
        "pipelines.crowns.export.cad.retry.attempts=2",
    )
    crowns = load_lab(lab_file, overrides).pipelines["crowns"]
    assert [step.with_ for step in crowns.steps] == [{"x": 1}, {"format": "stl"}]
    assert crowns.import_[0].with_ == {"path": "elsewhere"}
    assert crowns.export[0].retry.attempts == 2


def test_everything_else_is_addressed_by_its_keys(lab_file: Path) -> None:
    """Quoted keys, new tables and keys of pipelines."""
    overrides = ('verdict."mesh.hole"=review', "adapters.trios.max_parallel=3", "pipelines.crowns.time_limit=10s")
    lab = load_lab(lab_file, overrides)
    assert lab.verdict == {"mesh.hole": "review"}
    assert lab.adapters["trios"].max_parallel == 3
    assert lab.pipelines["crowns"].time_limit == 10.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("plain words", "plain words"),
        ("out/cad", "out/cad"),
        ("'1'", "1"),
        ('"a=b"', "a=b"),
        ("a=b", "a=b"),
        ("[1, 2]", [1, 2]),
        ('{ env = "X" }', {"env": "X"}),
        ("2026-01-31", date(2026, 1, 31)),
        ("", ""),
        ("1\nother = 2", "1\nother = 2"),
    ],
)
def test_values_are_toml_or_bare_strings(text: str, value: Any) -> None:
    """What TOML does not know is taken as it stands."""
    table: dict[str, Any] = {}
    assert apply_override(table, f"a.b = {text}") == ("a", "b")
    assert table == {"a": {"b": value}}


def test_a_missing_step_is_told_with_those_that_are_there(lab_file: Path) -> None:
    """The remedy lists the ids of that section."""
    problem = refusal(lab_file, "pipelines.crowns.steps.mish.with.x=1")
    assert problem.place == "--set pipelines.crowns.steps.mish.with.x"
    assert problem.reason == "pipeline 'crowns' has no 'mish' under steps"
    assert problem.hint == "Did you mean 'mesh'? There is: mesh, ply."


def test_a_missing_pipeline_is_told_with_those_that_are_there(lab_file: Path) -> None:
    """A run-time setting never makes a pipeline."""
    problem = refusal(lab_file, "pipelines.dentures.time_limit=1s")
    assert (problem.reason, problem.hint) == ("there is no pipeline 'dentures'", "There is: crowns.")


def test_a_missing_section_is_told(tmp_path: Path) -> None:
    """A pipeline without steps has none to set."""
    path = tmp_path / "lab.toml"
    path.write_text("version = 1\nlab.name = 'x'\n[pipelines.a]\n", encoding="utf-8")
    problem = refusal(path, "pipelines.a.steps.mesh.with.x=1")
    assert (problem.reason, problem.hint) == ("pipeline 'a' has no steps", "There is none.")


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("lab.name", "a setting needs a key and a value"),
        ("=1", "not a key of lab.toml"),
        ("a b=1", "not a key of lab.toml"),
        ("lab.workers=[1", "the value is not valid TOML"),
        ("lab.name.first=x", "lab.name holds no keys"),
        ("lab.name.first.second=x", "lab.name holds no keys"),
        ("pipelines.crowns.steps.mesh=1", "pipelines.crowns.steps holds no keys"),
        ("lab.workers=" + "[" * 100_000, "the value is not valid TOML"),
        ("pipelines.crowns=1", "a whole pipeline cannot be set here"),
    ],
)
def test_what_cannot_be_set_is_told(lab_file: Path, override: str, reason: str) -> None:
    """Every refusal names the setting and says why."""
    problem = refusal(lab_file, override)
    assert problem.reason == reason
    assert str(problem.place).startswith("--set ")


def test_a_setting_is_as_strict_as_the_file(lab_file: Path) -> None:
    """A wrong value is told at the setting, not at a line of the file."""
    problem = refusal(lab_file, "lab.workers=many")
    assert problem.place == "--set lab.workers"
    assert problem.reason == "lab.workers: must be an integer, not a string"


def test_unknown_keys_of_a_setting_are_told(lab_file: Path) -> None:
    """A typo on the command line gets the same suggestion."""
    problem = refusal(lab_file, "lab.wrokers=3")
    assert (problem.place, problem.hint) == ("--set lab.wrokers", "Did you mean 'workers'?")


def test_problems_of_settings_and_file_come_together(lab_file: Path) -> None:
    """All at once means all."""
    lab_file.write_text(LAB + "wrong = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_lab(lab_file, ["lab.workers=0", "nonsense"])
    places = [str(problem.place).removeprefix(str(lab_file)) for problem in caught.value.problems]
    assert places == ["--set nonsense", "--set lab.workers", ":16"]


def test_lists_elsewhere_are_not_entered(tmp_path: Path) -> None:
    """Only steps have ids; odd tables do not end in a traceback."""
    path = tmp_path / "lab.toml"
    path.write_text("version = 1\nlab.name = 'x'\n[pipelines.a]\nsteps = [1]\n", encoding="utf-8")
    table: dict[str, Any] = {"odd": [1]}
    with pytest.raises(ConfigError, match="odd holds no keys"):
        apply_override(table, "odd.x.y=1")
    with pytest.raises(ConfigError) as caught:
        load_lab(path, ["pipelines.a.steps.x.with.y=1"])
    reasons = [problem.reason for problem in caught.value.problems]
    assert reasons == [
        "pipeline 'a' has no 'x' under steps",
        "pipelines.a.steps[1]: must be a table, not an integer",
    ]


def test_a_refused_setting_changes_nothing() -> None:
    """No half-made tables stay behind."""
    table: dict[str, Any] = {}
    with pytest.raises(ConfigError):
        apply_override(table, "a.b=[1")
    assert table == {}


def test_the_version_cannot_be_set_away(lab_file: Path) -> None:
    """The format's number is checked after the settings."""
    assert "version 2 is not known" in refusal(lab_file, "version=2").reason
