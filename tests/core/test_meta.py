"""What must hold for every hook, code and option, without anybody remembering it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from casepan import api, hookspecs
from casepan.config import lab
from casepan.operate.explaining import ADVICE, all_pages, error_types
from casepan.registry import HOOKS, Registry

REGISTRY = Registry.load()
ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "core" / "src").rglob("*.py"), *(ROOT / "plugins").glob("*/src/**/*.py")]
NEEDED = {"url": "https://localhost/in"}
"""Values of needed options that no word will do for."""
LAB_CLASSES = (lab.LabTable, lab.AdapterTable, lab.When, lab.Retry, lab.ImportStep, lab.Step, lab.Export, lab.Pipeline)


def raised_codes() -> Iterator[tuple[str, str]]:
    """(code, file) of every ``Finding("area.noun", …)`` in the sources."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Finding":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, path.name


def test_every_finding_code_has_its_page() -> None:
    """What a plugin raises, ``casepan explain`` can explain."""
    pages = all_pages(REGISTRY)
    codes = sorted(set(raised_codes()))
    assert len(codes) > 15
    assert [(code, file) for code, file in codes if code not in pages] == []


def test_every_error_has_its_page_and_its_own_code() -> None:
    """No two exceptions share a code, and each has an example and a remedy."""
    codes = [kind.code for kind in error_types()]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(ADVICE)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_what_it_is_for(name: str) -> None:
    """A hook has a docstring and stands on the author's page."""
    assert getattr(hookspecs, name).__doc__
    assert name in (ROOT / "docs" / "authors" / "hooks.md").read_text("utf-8")


@pytest.mark.parametrize("spec", REGISTRY.stages(), ids=lambda spec: spec.name)
def test_every_stage_is_documented_and_can_be_built(spec: api.ValidatorSpec) -> None:
    """A stage starts with its default options and a folder where it needs one, and each option says what it does."""
    options = REGISTRY.options_type(spec.name)
    assert [field.name for field in attrs.fields(options) if not field.metadata.get("doc")] == []
    needed = [field.name for field in attrs.fields(options) if field.default is attrs.NOTHING]
    assert REGISTRY.build(spec.name, options(**{name: NEEDED.get(name, "folder") for name in needed})) is not None
    assert f"## {spec.name}" in (ROOT / "docs" / "reference" / "stages.md").read_text("utf-8")


@pytest.mark.parametrize("kind", LAB_CLASSES, ids=lambda kind: kind.__name__)
def test_every_key_of_lab_toml_says_what_it_does(kind: type) -> None:
    """The schema and the reference page are made from these sentences."""
    assert [field.name for field in attrs.fields(kind) if not field.metadata.get("doc")] == []


def test_every_check_that_measures_names_its_source() -> None:
    """A number in millimetres without a source is an opinion."""
    without = [
        f"{spec.name} {field.name}"
        for spec in REGISTRY.stages(api.ValidatorSpec)
        for field in attrs.fields(REGISTRY.options_type(spec.name))
        if "Millimetres" in str(field.type) and not field.metadata.get("source")
    ]
    assert without == []


def test_the_public_surface_is_complete_and_sorted() -> None:
    """Everything promised can be imported, and nothing else is promised; constants come first."""
    assert all(hasattr(api, name) for name in api.__all__)
    assert list(api.__all__) == sorted(api.__all__, key=lambda name: (not name.isupper(), name))


def test_plugins_import_the_public_surface_only() -> None:
    """Of casepan, a plugin uses api, mesh, operate and (for samples and tests) testing."""
    allowed = ("casepan.api", "casepan.mesh", "casepan.operate", "casepan.testing")
    foreign = []
    for path in (ROOT / "plugins").glob("*/src/**/*.py"):
        own = f"casepan_{path.relative_to(ROOT / 'plugins').parts[0]}"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            foreign += [
                f"{path.name}: {name}"
                for name in names
                if name.startswith("casepan") and not name.startswith(own) and not name.startswith(allowed)
            ]
    assert foreign == []
