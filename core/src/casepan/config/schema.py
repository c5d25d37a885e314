"""JSON Schema (2020-12) from the same attrs classes that the strict loader reads, for editors and for people."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import attrs

from casepan.config.lab import AdapterTable, Lab
from casepan.config.options import keys_of
from casepan.contract.options import ByteCount, Duration, FilePath, FolderPath, Secret
from casepan.contract.specs import ExporterSpec, ImporterSpec, StageSpec, TransformerSpec, ValidatorSpec
from casepan.errors import AdapterError

if TYPE_CHECKING:
    from casepan.registry import Plugin, Registry

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_SECRET: Schema = {
    "description": "a reference to a secret, never the secret itself",
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "env": {"type": "string", "minLength": 1, "description": "name of an environment variable"},
        "file": {"type": "string", "minLength": 1, "description": "path of a file that holds nothing but the secret"},
        "secret": {"type": "string", "minLength": 1, "description": "name in the [secrets] table"},
    },
}
_TEXT: Schema = {"type": "string"}
_PATH: Schema = {"type": "string", "minLength": 1, "pattern": "^[^~]"}
_SCALARS: Mapping[Any, Schema] = {
    str: _TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Duration: {
        "anyOf": [
            {"type": "string", "pattern": r"^\d{1,9}(\.\d{1,9})? ?(ms|s|m|min|h|d|w)$"},
            {"type": "number", "minimum": 0},
        ]
    },
    ByteCount: {
        "anyOf": [
            {"type": "string", "pattern": r"^\d{1,18}(\.\d{1,9})? ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"},
            {"type": "integer", "minimum": 0},
        ]
    },
    FolderPath: _PATH,
    FilePath: _PATH,
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    Secret: _SECRET,
    Any: {},
}


def schema_of(kind: Any) -> Schema:
    """The schema of one type: whatever ``casepan.config.options.read`` accepts.

    Raises:
        AdapterError: a type that options cannot have.
    """
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if hasattr(kind, "__supertype__"):
        return schema_of(kind.__supertype__)
    origin, arms = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(arms)}
    if origin in (Union, types.UnionType):
        kinds = [arm for arm in arms if arm is not type(None)]
        return schema_of(kinds[0]) if len(kinds) == 1 else {"anyOf": [schema_of(arm) for arm in kinds]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arms[1])}
    if isinstance(origin, type) and issubclass(origin, typing.Collection):
        return _list_schema(origin, arms)
    if isinstance(kind, type) and attrs.has(kind):
        return class_schema(kind)
    raise AdapterError(f"options cannot have the type {kind!r}", hint="Tell the plugin's author.")


def _list_schema(origin: type, arms: tuple[Any, ...]) -> Schema:
    if origin is tuple and arms[1:] != (Ellipsis,):
        exact = {"prefixItems": [schema_of(arm) for arm in arms], "items": False}
        return {"type": "array", **exact, "minItems": len(arms), "maxItems": len(arms)}
    return {"type": "array", "items": schema_of(arms[0])}


def class_schema(kind: type) -> Schema:
    """The schema of a table: its keys with their documentation, sources and defaults; no other key is allowed."""
    keys = keys_of(kind)
    schema: Schema = {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n\n")[0].strip(),
        "additionalProperties": False,
        "properties": {key: _key_schema(attribute, type_) for key, (attribute, type_) in keys.items()},
    }
    required = [key for key, (attribute, _) in keys.items() if attribute.default is attrs.NOTHING]
    return schema | ({"required": required} if required else {})


def _key_schema(attribute: attrs.Attribute[Any], kind: Any) -> Schema:
    schema = schema_of(kind)
    doc, source = attribute.metadata.get("doc"), attribute.metadata.get("source")
    text = " ".join(filter(None, (doc, f"(source: {source})" if source else None)))
    if text:
        schema["description"] = text
    if attribute.metadata.get("minimum") is not None:
        schema["minimum"] = attribute.metadata["minimum"]
    if isinstance(attribute.default, str | int | float) and attribute.default != "":
        schema["default"] = attribute.default
    return schema


_SECTIONS: Mapping[str, tuple[type[StageSpec], ...]] = {
    "import": (ImporterSpec,),
    "steps": (ValidatorSpec, TransformerSpec),
    "export": (ExporterSpec,),
}


def lab_schema(registry: Registry) -> Schema:
    """JSON Schema of ``lab.toml`` with the options of every stage of the loaded plugins.

    A plugin whose options cannot be imported costs its own completion only; ``casepan check`` reports it.
    """
    schema = class_schema(Lab)
    properties = schema["properties"]
    properties["version"] = {"const": 1, "description": properties["version"]["description"]}
    properties["adapters"]["properties"] = {plugin.name: _adapter_schema(plugin) for plugin in _adapters(registry)}
    pipeline = properties["pipelines"]["additionalProperties"]
    for section, kinds in _SECTIONS.items():
        step = pipeline["properties"][section]["items"]
        _add_stages(step, [spec for kind in kinds for spec in registry.stages(kind) if _placeable(spec)], registry)
    return {"$schema": DIALECT, "title": "casepan laboratory (lab.toml)", **schema}


def _adapters(registry: Registry) -> list[Plugin]:
    return [plugin for plugin in registry.plugins if plugin.name != "core"]


def _adapter_schema(plugin: Plugin) -> Schema:
    return class_schema(AdapterTable) | {"description": f"{plugin.info.title}: {plugin.info.summary}"}


def _placeable(spec: StageSpec) -> bool:
    return not isinstance(spec, ImporterSpec) or spec.watches


def _add_stages(step: Schema, specs: list[StageSpec], registry: Registry) -> None:
    """Offer the stages under ``use``, and for each its own options under ``with``."""
    step["properties"]["use"] |= {"anyOf": [{"const": spec.name, "description": spec.summary} for spec in specs]}
    step["allOf"] = [
        {
            "if": {"properties": {"use": {"const": spec.name}}, "required": ["use"]},
            "then": _with_schema(registry, spec),
        }
        for spec in specs
    ]


def _with_schema(registry: Registry, spec: StageSpec) -> Schema:
    try:
        options = class_schema(registry.options_type(spec.name))
    except AdapterError:
        return {}
    return {"properties": {"with": options}} | ({"required": ["with"]} if "required" in options else {})
