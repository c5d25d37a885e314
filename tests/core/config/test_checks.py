"""``casepan check``: does lab.toml fit what is installed and what is on this machine?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pluggy
import pytest
from attrs import evolve, frozen

from casepan.config.checks import Checked, check_lab, inspect_lab
from casepan.config.loader import load_lab
from casepan.contract.options import FilePath, FolderPath, Secret, option
from casepan.contract.specs import (
    API_VERSION,
    AdapterInfo,
    ExporterSpec,
    FindingDoc,
    ImporterSpec,
    TransformerSpec,
    ValidatorSpec,
)
from casepan.errors import AdapterError, ConfigError, SecretError
from casepan.mesh.reading import READABLE
from casepan.operate.setting_up import check_lab_file
from casepan.registry import Installed, Plugin, PluginProblem, Registry

HEAD = """version = 1
[lab]
name = "Synthetic Lab"
[adapters.fake]
"""


@frozen
class Limits:
    """Options of the fake validator."""

    largest: float = 1.0


@frozen
class Door:
    """Options of the fake importer."""

    path: FolderPath = option(doc="where to look")


@frozen
class Format:
    """Options of the fake transformer."""

    format: str = "ply"
    colour: str = "keep"


@frozen
class Header:
    """An inner table with a secret."""

    value: Secret | None = None


@frozen
class Portal:
    """Options of the fake exporter."""

    path: FolderPath | None = None
    certificate: FilePath | None = None
    password: Secret | None = None
    tokens: tuple[Secret, ...] = ()
    named: Mapping[str, Secret] = option(factory=dict)
    header: Header = option(factory=Header)


@frozen
class Odd:
    """Options of a type that TOML does not have."""

    number: complex = 0j


HERE = f"{__name__}:"
STAGES = (
    ImporterSpec("fake.door", "watches", "x:Y", f"{HERE}Door", watches=True),
    ImporterSpec("fake.order", "reads", "x:Y"),
    ValidatorSpec("fake.limits", "checks", "x:Y", f"{HERE}Limits"),
    TransformerSpec("fake.format", "converts", "x:Y", f"{HERE}Format"),
    ExporterSpec("fake.portal", "sends", "x:Y", f"{HERE}Portal"),
    ExporterSpec(
        "fake.picky", "sends", "x:Y", f"{HERE}Portal", formats=("stl", "obj"), colour=False, max_faces=200_000
    ),
    ExporterSpec("fake.any", "sends", "x:Y", f"{HERE}Portal", formats=READABLE),
    ValidatorSpec("fake.broken", "cannot be imported", "x:Y", "nowhere_at_all:Options"),
    ValidatorSpec("fake.odd", "cannot be read", "x:Y", f"{HERE}Odd"),
)
CODE = FindingDoc("fake.code", "warning", "Title", "Cause", "Example", "Remedy")
INFO = AdapterInfo("fake", "Fake", API_VERSION, "for tests")
FAKE = Plugin("fake", "casepan-fake", "1.0", INFO, pluggy.PluginManager("casepan").hook, STAGES, (CODE,))
CORE = evolve(FAKE, name="core", stages=(), findings=())
RESTING = Installed("resting", "resting", "casepan-resting", "1.0")
BROKEN = PluginProblem("broken", "casepan-broken", "1.0", "it fails", "Upgrade it.")
REGISTRY = Registry((CORE, FAKE), (BROKEN,), (RESTING,))


def inspected(folder: Path, text: str) -> Checked:
    """Check a lab.toml against the fake registry."""
    path = folder / "lab.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return inspect_lab(load_lab(path), REGISTRY)


def problems(folder: Path, text: str) -> list[tuple[type, str, str, str | None]]:
    """Type, line, reason and hint of every problem."""
    prefix = f"{folder / 'lab.toml'}:"
    found = inspected(folder, text).problems
    return [(type(one), str(one.place).removeprefix(prefix), one.reason, one.hint) for one in found]


def advice(folder: Path, text: str) -> list[tuple[str, str]]:
    """Line and text of every advice; there must be no problem."""
    checked = inspected(folder, text)
    assert checked.problems == ()
    return [(one.place.removeprefix(f"{folder / 'lab.toml'}:"), one.text) for one in checked.advice]


def step(use: str, section: str = "steps", **keys: str) -> str:
    """A step of pipeline ``a``; its ``use`` stands in its second line."""
    rest = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f"[[pipelines.a.{section}]]\nuse = '{use}'\n{rest}"


GOOD = (
    step("fake.door", "import", **{"with": "{ path = 'in' }"})
    + step("fake.limits", **{"with": "{ largest = 2 }"})
    + step("fake.format")
    + step("fake.portal", "export", **{"with": "{ path = 'out' }"})
)


def test_a_lab_that_fits_has_no_problems(tmp_path: Path) -> None:
    """And checking it creates nothing."""
    (tmp_path / "in").mkdir()
    checked = inspected(tmp_path, GOOD)
    assert (checked.problems, checked.advice) == ((), ())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "lab.toml"]


@pytest.mark.parametrize(
    ("name", "kind", "reason", "hint"),
    [
        ("fakee", AdapterError, "adapter 'fakee' is not installed", "Did you mean 'fake'?"),
        ("itero", AdapterError, "adapter 'itero' is not installed", "Install it: pip install casepan-itero"),
        ("broken", AdapterError, "casepan-broken 1.0: it fails", "Upgrade it."),
        ("core", ConfigError, "'core' is always in use", "Remove this table."),
    ],
)
def test_enabled_adapters_must_be_there_and_work(tmp_path: Path, name: str, kind: type, reason: str, hint: str) -> None:
    """Missing, misspelt, broken: each with what to do."""
    assert problems(tmp_path, f"[adapters.{name}]\n") == [(kind, "5", reason, hint)]


@pytest.mark.parametrize(
    ("use", "kind", "reason", "hint"),
    [
        (
            "resting.mesh",
            ConfigError,
            "'resting.mesh' belongs to an adapter that is not enabled",
            "Add [adapters.resting].",
        ),
        ("fkae.mesh", AdapterError, "there is no adapter 'fkae' for 'fkae.mesh'", "Did you mean 'fake'?"),
        (
            "itero.mesh",
            AdapterError,
            "there is no adapter 'itero' for 'itero.mesh'",
            "Install casepan-itero and add [adapters.itero].",
        ),
        ("fake.limit", AdapterError, "there is no stage 'fake.limit'", "Did you mean fake.limits?"),
        ("fake.portal", ConfigError, "fake.portal is an exporter", "Move it to [[pipelines.a.export]]."),
        ("fake.order", ConfigError, "fake.order is an importer", "Move it to [[pipelines.a.import]]."),
    ],
)
def test_stages_must_exist_and_be_enabled(tmp_path: Path, use: str, kind: type, reason: str, hint: str) -> None:
    """A step names a stage of an enabled adapter that belongs among the steps."""
    assert problems(tmp_path, step(use)) == [(kind, "6", reason, hint)]


def test_a_validator_is_no_export(tmp_path: Path) -> None:
    """Each kind has its place."""
    assert problems(tmp_path, step("fake.limits", "export"))[0][2:] == (
        "fake.limits is a validator",
        "Move it to [[pipelines.a.steps]].",
    )


def test_only_watching_importers_stand_under_import(tmp_path: Path) -> None:
    """A reader of one layout is asked by the inbox."""
    assert problems(tmp_path, step("fake.order", "import"))[0][2] == "fake.order cannot be named under import"


def test_options_are_checked_with_their_lines(tmp_path: Path) -> None:
    """Every wrong option of every step, at its own line."""
    text = step("fake.limits") + "[pipelines.a.steps.with]\nlargest = 'x'\nlagrest = 1\n" + step("fake.door", "import")
    assert problems(tmp_path, text) == [
        (
            ConfigError,
            "8",
            "pipelines.a.steps[1].with.largest: must be a number, not a string",
            "Write a number, without quotes.",
        ),
        (ConfigError, "9", "pipelines.a.steps[1].with.lagrest: is not a key here", "Did you mean 'largest'?"),
        (ConfigError, "10", "pipelines.a.import[1].with.path: is missing", "Add it: where to look."),
    ]


def test_an_options_class_that_cannot_be_read_is_the_adapters_fault(tmp_path: Path) -> None:
    """A type that no TOML value could have is told at the step."""
    ((kind, line, reason, _),) = problems(tmp_path, step("fake.odd", **{"with": "{ number = 1 }"}))
    assert (kind, line, reason) == (AdapterError, "6", "options cannot have the type <class 'complex'>")


def test_an_options_class_that_cannot_be_imported_is_the_adapters_fault(tmp_path: Path) -> None:
    """The step is told, the check goes on."""
    found = problems(tmp_path, step("fake.broken") + step("fake.limits", id="'b'", **{"with": "{ x = 1 }"}))
    assert [(kind, line) for kind, line, _, _ in found] == [(AdapterError, "6"), (ConfigError, "10")]


def test_a_broken_adapter_is_told_once(tmp_path: Path) -> None:
    """Not again for each of its steps."""
    found = problems(tmp_path, "[adapters.broken]\n" + step("broken.a") + step("broken.b"))
    assert [line for _, line, _, _ in found] == ["5"]


def test_secrets_must_be_reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named or inline, deep in the options, each at its line; a named one is told once."""
    monkeypatch.delenv("CASEPAN_TEST_TOKEN", raising=False)
    options = """{ password = { secret = "portal" }, tokens = [{ env = "CASEPAN_TEST_TOKEN" }],
 named = { x = { secret = "portl" } }, header = { value = { file = "token" } } }"""
    text = "[secrets]\nportal = { env = 'CASEPAN_TEST_TOKEN' }\n" + step(
        "fake.portal", "export", **{"with": "'''{}'''"}
    ).replace("'''{}'''", options.replace("\n", " "))
    where = "pipelines.a.export[1].with"
    unset = "the environment variable 'CASEPAN_TEST_TOKEN' is not set"
    assert [(kind, line, reason) for kind, line, reason, _ in problems(tmp_path, text)] == [
        (SecretError, "6", f"secrets.portal: {unset}"),
        (SecretError, "9", f"{where}.tokens[1]: {unset}"),
        (SecretError, "9", f"{where}.named.x: there is no secret 'portl' in [secrets]"),
        (SecretError, "9", f"{where}.header.value: the secret's file cannot be read: No such file or directory"),
    ]


def test_reachable_secrets_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set variables and readable files need no word, and no value is in what check gives."""
    monkeypatch.setenv("CASEPAN_TEST_TOKEN", "sentinel-secret")
    text = "[secrets]\nportal = { env = 'CASEPAN_TEST_TOKEN' }\n" + step(
        "fake.portal", "export", **{"with": "{ password = { secret = 'portal' } }"}
    )
    checked = inspected(tmp_path, text)
    assert (checked.problems, checked.advice) == ((), ())
    assert "sentinel" not in repr(checked)


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX")
@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_secret_file_that_others_can_read_gets_advice(tmp_path: Path, mode: int, told: bool) -> None:
    """Not a reason to stop, but worth a line."""
    (tmp_path / "token").write_text("sentinel-secret")
    (tmp_path / "token").chmod(mode)
    found = advice(tmp_path, "[secrets]\nportal = { file = 'token' }\n")
    assert found == ([("6", "others on this machine can read the file of this secret")] if told else [])


def test_folders_that_are_files_are_told(tmp_path: Path) -> None:
    """State, inbox and destination, each at its line."""
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text("x")
    text = step("fake.door", "import", **{"with": "{ path = 'two' }"})
    text += step("fake.portal", "export", **{"with": "{ path = 'three/deep' }"})
    path = tmp_path / "lab.toml"
    path.write_text(HEAD.replace('name = "Synthetic Lab"', 'name = "x"\nstate = "one/state"') + text, encoding="utf-8")
    found = [(str(one.place).rpartition(":")[2], one.reason) for one in check_lab(load_lab(path), REGISTRY)]
    assert found == [
        ("4", "lab.state: is no folder, or lies below a file"),
        ("8", "pipelines.a.import[1].with.path: is no folder"),
        ("11", "pipelines.a.export[1].with.path: is no folder, or lies below a file"),
    ]


def test_folders_without_rights_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are asked of the system, so that shares and lists of access count too."""
    (tmp_path / "in").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert [(line, reason) for _, line, reason, _ in problems(tmp_path, GOOD)] == [
        ("2", "lab.state: cannot be written to"),
        ("7", "pipelines.a.import[1].with.path: cannot be read"),
        ("15", "pipelines.a.export[1].with.path: cannot be written to"),
    ]


def test_a_missing_inbox_gets_advice(tmp_path: Path) -> None:
    """It may be made at the first run, or be a share that is not mounted."""
    assert advice(tmp_path, GOOD) == [("7", "this folder is not there yet")]


def test_a_destination_must_take_the_format_that_is_written(tmp_path: Path) -> None:
    """The last step that converts decides."""
    text = step("fake.format", **{"with": "{ format = 'stl' }"}) + step("fake.format", id="'again'")
    found = problems(tmp_path, text + step("fake.picky", "export"))
    assert [(line, reason) for _, line, reason, _ in found] == [
        ("12", "fake.picky takes stl, obj, but the steps before it write ply")
    ]


def test_keeping_colour_in_stl_gets_advice(tmp_path: Path) -> None:
    """Else every coloured case would be held for it, and nobody had been told."""
    text = step("fake.format", **{"with": "{ format = 'stl' }"})
    assert advice(tmp_path, text) == [("6", "STL has no colour: fake.format reports the loss for every coloured scan")]


def test_what_takes_every_mesh_needs_no_conversion(tmp_path: Path) -> None:
    """It is asked only whether what is written is among its formats."""
    assert advice(tmp_path, step("fake.any", "export")) == []
    text = step("fake.format", **{"with": "{ format = 'glb' }"}) + step("fake.any", "export")
    assert [reason for _, _, reason, _ in problems(tmp_path, text)] == [
        "fake.any takes stl, ply, obj, hps, but the steps before it write glb"
    ]


def test_a_destination_without_a_conversion_gets_advice(tmp_path: Path) -> None:
    """What arrives may be in any format."""
    assert advice(tmp_path, step("fake.picky", "export"))[0] == (
        "6",
        "fake.picky takes only stl, obj, and no step converts to it",
    )


def test_a_verdict_for_an_unknown_code_gets_advice(tmp_path: Path) -> None:
    """A typo would never match anything."""
    checked = inspected(tmp_path, "[verdict]\n'fake.cod' = 'review'\n'fake.code' = 'review'\n'other.code' = 'reject'\n")
    assert [(one.text, one.hint) for one in checked.advice] == [
        ("no enabled adapter raises 'fake.cod'", "Did you mean 'fake.code'?"),
        ("no enabled adapter raises 'other.code'", "Did you mean 'fake.code'?"),
    ]


def test_a_lab_made_in_code_is_checked_without_lines(tmp_path: Path) -> None:
    """No file, no lines, the same answers."""
    path = tmp_path / "lab.toml"
    path.write_text(HEAD + "[adapters.itero]\n", encoding="utf-8")
    lab = load_lab(path)
    path.unlink()
    assert [one.place for one in check_lab(lab, REGISTRY)] == [str(path)]


def test_check_tells_problems_of_shape_and_of_meaning_at_once(tmp_path: Path) -> None:
    """A typing error in one table hides neither an unknown stage nor a wrong option elsewhere."""
    file = tmp_path / "lab.toml"
    lines = [
        "version = 1",
        "[lab]",
        'name = "x"',
        "workers = 'two'",
        "[pipelines.a]",
        "[[pipelines.a.steps]]",
        "use = 'core.conver'",
        "when = { kind = ['crwn'] }",
        "[[pipelines.a.export]]",
        "use = 'core.folder'",
        "with = { pth = 'out' }",
        "[adapters.trioss]",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    places = [str(problem.place).rpartition(":")[2] for problem in check_lab_file(file).problems]
    assert places == ["4", "7", "8", "11", "12"]
