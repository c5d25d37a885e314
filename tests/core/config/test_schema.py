"""JSON Schema of lab.toml: the loader's own rules for editors."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import attrs
import jsonschema
import pluggy
import pytest
from attrs import frozen

from casepan.config.loader import load_lab
from casepan.config.options import Misfit, read
from casepan.config.schema import class_schema, lab_schema, schema_of
from casepan.config.template import lab_template
from casepan.contract.options import ByteCount, Duration, FolderPath, Millimetres, Secret, option
from casepan.contract.specs import API_VERSION, AdapterInfo, ValidatorSpec
from casepan.errors import AdapterError, ConfigError
from casepan.registry import Plugin, Registry


@frozen
class Hole:
    """Options of the fake validator.

    More words.
    """

    path: FolderPath = option(doc="where")
    largest: Millimetres = option(Millimetres(1.0), "holes up to this width pass", source="derived")
    profile: Literal["auto", "crown"] = option("auto", "how strict")


STAGES = (
    ValidatorSpec("fake.hole", "finds holes", "x:Y", f"{__name__}:Hole"),
    ValidatorSpec("fake.broken", "cannot be imported", "x:Y", "nowhere_at_all:Options"),
)
INFO = AdapterInfo("fake", "Fake Scanner", API_VERSION, "for tests")
FAKE = Plugin("fake", "casepan-fake", "1.0", INFO, pluggy.PluginManager("casepan").hook, STAGES)


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Core and a fake plugin."""
    core = Registry.load(())
    return Registry((*core.plugins, FAKE), (), ())


@pytest.fixture(scope="module")
def validator(registry: Registry) -> Any:
    """A validator of the lab's schema, which itself is valid."""
    schema = lab_schema(registry)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


HEAD = 'version = 1\n[lab]\nname = "x"\n'
STEP = "[[pipelines.a.steps]]\nuse = 'fake.hole'\n"
GOOD = [
    HEAD,
    HEAD + STEP + "with = { path = 'x', largest = 2, profile = 'crown' }\n",
    HEAD + "[[pipelines.a.steps]]\nuse = 'fake.broken'\nwith = { anything = 1 }\n",
    HEAD + "[adapters.fake]\nmax_parallel = 2\nclosed = 'accept'\n[adapters.other]\n",
    HEAD + "[secrets]\na = { env = 'X' }\n[verdict]\n'mesh.hole' = 'review'\n",
    HEAD + "[pipelines.a]\ntime_limit = '15m'\nmemory_limit = '2GiB'\nwhen = { rush = true, kind = ['crown'] }\n",
    HEAD + "[[pipelines.a.import]]\nuse = 'core.inbox'\nwith = { path = 'in', settle = 30 }\n",
    lab_template("Synthetic Lab", ["fake"]),
]
BAD = [
    "",
    "version = 2\n[lab]\nname = 'x'\n",
    HEAD + "wrokers = 1\n",
    HEAD + "workers = '1'\n",
    HEAD + "min_free = '1 gig'\n",
    HEAD + "state = '~'\n",
    HEAD + "[adapters.fake]\nclosed = 'maybe'\n",
    HEAD + "[secrets]\na = 'hunter2'\n",
    HEAD + "[secrets]\na = { env = 'X', file = 'Y' }\n",
    HEAD + "[verdict]\n'mesh.hole' = 'revew'\n",
    HEAD + "[pipelines.a]\ntime_limit = 'soon'\n",
    HEAD + "[[pipelines.a.steps]]\nid = 'x'\n",
]
BAD_OPTIONS = [
    STEP,
    STEP + "with = {}\n",
    STEP + "with = { path = 'x', lagrest = 2 }\n",
    STEP + "with = { path = 'x', profile = 'bridge' }\n",
    "[[pipelines.a.steps]]\nuse = 'fake.nothing'\n",
    "[[pipelines.a.import]]\nuse = 'core.generic'\n",
    "[[pipelines.a.export]]\nuse = 'core.units'\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_schema_accepts_what_loads(validator: Any, tmp_path: Path, text: str) -> None:
    """No editor marks a file that casepan takes."""
    path = tmp_path / "lab.toml"
    path.write_text(text, encoding="utf-8")
    assert load_lab(path).version == 1
    assert [error.message for error in validator.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize("text", BAD)
def test_schema_refuses_what_does_not_load(validator: Any, tmp_path: Path, text: str) -> None:
    """What casepan refuses the editor marks."""
    path = tmp_path / "lab.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_lab(path)
    assert not validator.is_valid(tomllib.loads(text))


@pytest.mark.parametrize("text", BAD_OPTIONS)
def test_schema_knows_stages_and_their_options(validator: Any, text: str) -> None:
    """Unknown stages, stages in the wrong place and wrong options are marked."""
    assert not validator.is_valid(tomllib.loads(HEAD + text))


def test_documentation_and_sources_become_descriptions(registry: Registry) -> None:
    """Whoever hovers over a key reads what it is for and where its number comes from."""
    schema = class_schema(Hole)
    assert schema["description"] == "Options of the fake validator."
    assert schema["properties"]["largest"] == {
        "type": "number",
        "description": "holes up to this width pass (source: derived)",
        "default": 1.0,
    }
    assert schema["required"] == ["path"]
    steps = lab_schema(registry)["properties"]["pipelines"]["additionalProperties"]["properties"]["steps"]
    uses = steps["items"]["properties"]["use"]["anyOf"]
    assert {"const": "fake.hole", "description": "finds holes"} in uses
    adapters = lab_schema(registry)["properties"]["adapters"]["properties"]
    assert adapters["fake"]["description"] == "Fake Scanner: for tests"
    assert "core" not in adapters


def undocumented(schema: Any, path: str = "") -> list[str]:
    """Paths of keys without a description."""
    if isinstance(schema, list):
        return [found for item in schema for found in undocumented(item, path)]
    if not isinstance(schema, dict):
        return []
    keys = schema.get("properties", {})
    missing = [f"{path}.{key}" for key, value in keys.items() if "description" not in value and "if" not in path]
    return missing + [
        found
        for name, item in schema.items()
        for found in (
            [one for key, value in item.items() for one in undocumented(value, f"{path}.{key}")]
            if name == "properties"
            else undocumented(item, f"{path}/if" if name in ("if", "then") else path)
        )
    ]


def test_every_key_of_the_lab_is_documented(registry: Registry) -> None:
    """The schema is the reference of lab.toml; it can be written as JSON."""
    schema = lab_schema(registry)
    assert undocumented(schema) == []
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (str, ["a"], [1]),
        (bool, [True], [1, "true"]),
        (int, [1], ["1", True, 1.5]),
        (float, [1, 1.5], ["1", True]),
        (Millimetres, [1], ["1mm"]),
        (Duration, ["30s", "1.5 h", 3], ["30", "3 sec", -1, True]),
        (ByteCount, ["4GiB", 3], ["4gb", -3, 1.5]),
        (FolderPath, ["a"], ["", "~/a", 3]),
        (date, ["2026-01-31"], [3]),
        (datetime, ["2026-01-31T10:00:00"], [3]),
        (Secret, [{"env": "X"}], ["X", {}, {"env": "X", "file": "Y"}, {"enw": "X"}, {"env": ""}]),
        (Literal["a", 1], ["a", 1], ["b", 2]),
        (str | None, ["a"], [1, None]),
        (int | tuple[int, ...], [1, [1]], ["a", ["a"]]),
        (tuple[str, ...], [[], ["a"]], ["a", [1]]),
        (Sequence[int], [[1]], [1]),
        (tuple[int], [[1]], [[], [1, 2]]),
        (list[int], [[], [1, 2]], ["a"]),
        (frozenset[str], [["a"]], ["a", [1]]),
        (dict[str, int], [{"a": 1}], [{"a": True}]),
        (tuple[int, str], [[1, "a"]], [[1], ["a", 1], [1, "a", 2]]),
        (Mapping[str, int], [{}, {"a": 1}], [[], {"a": "b"}]),
        (Any, [1, "a", {}], []),
    ],
)
def test_schema_and_reader_agree_on_every_type(kind: Any, good: list[Any], bad: list[Any]) -> None:
    """What the schema allows the reader reads, and the other way round."""
    checker = jsonschema.Draft202012Validator(schema_of(kind))
    for value in good:
        read(kind, value)
        assert checker.is_valid(value)
    for value in bad:
        assert not checker.is_valid(value)
        with pytest.raises(Misfit):
            read(kind, value)


def test_an_unusable_type_is_the_plugins_fault() -> None:
    """A type that no TOML value could have is told by name."""
    with pytest.raises(AdapterError, match="options cannot have the type <class 'complex'>"):
        schema_of(complex)


def test_every_key_of_a_class_is_in_its_schema() -> None:
    """Schema and reader take their keys from one place."""
    assert list(class_schema(Hole)["properties"]) == [attribute.name for attribute in attrs.fields(Hole)]
