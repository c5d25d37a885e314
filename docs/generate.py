"""Write the reference pages from the code, so that they cannot disagree: ``uv run python docs/generate.py``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import attrs

from casepan import hookspecs
from casepan.config import lab
from casepan.contract.specs import StageSpec
from casepan.operate.explaining import all_pages
from casepan.registry import HOOKS, Registry

HERE = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py; change the code, not this page. -->\n\n"
TABLES = (
    ("`[lab]`", lab.LabTable),
    ("`[adapters.NAME]`", lab.AdapterTable),
    ("`[pipelines.NAME]`", lab.Pipeline),
    ("`[[pipelines.NAME.import]]`", lab.ImportStep),
    ("`[[pipelines.NAME.steps]]`", lab.Step),
    ("`[[pipelines.NAME.export]]`", lab.Export),
    ("`retry`", lab.Retry),
    ("`when`", lab.When),
)


def pages() -> Mapping[Path, str]:
    """Every generated page with its text."""
    registry = Registry.load()
    return {
        HERE / "reference" / "lab-toml.md": lab_page(),
        HERE / "reference" / "stages.md": stages_page(registry),
        HERE / "reference" / "codes.md": codes_page(registry),
        HERE / "adapters" / "open-or-closed.md": openness_page(registry),
        HERE / "authors" / "hooks.md": hooks_page(),
    }


def lab_page() -> str:
    """Every key of lab.toml."""
    parts = ["# lab.toml", NOTE + "Durations are written `30s`, `5m`, `2h`, `3d`; sizes `512MiB`, `4GiB`."]
    for title, kind in TABLES:
        parts += [f"## {title}", sentence(kind), table(kind)]
    return "\n\n".join(parts) + "\n"


def stages_page(registry: Registry) -> str:
    """Every stage with its options."""
    parts = ["# Stages", NOTE.strip()]
    for spec in registry.stages():
        parts += [f"## {spec.name}", f"{kind_of(spec)}: {spec.summary}."]
        options = registry.options_type(spec.name)
        parts.append(table(options) if attrs.fields(options) else "No options.")
    return "\n\n".join(parts) + "\n"


def codes_page(registry: Registry) -> str:
    """Every error and finding code."""
    parts = ["# Codes", NOTE + "`casepan explain CODE` prints the same."]
    for code, page in sorted(all_pages(registry).items()):
        lines = (f"Cause: {page.cause}", f"Example: {page.example}", f"Remedy: {page.remedy}")
        parts += [f"## {code}", f"**{page.title}** ({page.severity})", "\n\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def hooks_page() -> str:
    """Every hook and what it is for."""
    parts = [
        "# Hooks",
        NOTE
        + "A plugin's entry point names a module. Its functions with `@hookimpl` are asked; a misspelt one is refused "
        "with the nearest name. `casepan_adapter` is the only one that every plugin must have.",
    ]
    for name in HOOKS:
        hook = getattr(hookspecs, name)
        parts += [f"## {name}{signature(hook)}".replace("'", ""), (hook.__doc__ or "").strip()]
    return "\n\n".join(parts) + "\n"


def openness_page(registry: Registry) -> str:
    """What comes out of each ecosystem, and how."""
    cards = [plugin.info for plugin in registry.plugins if plugin.info.openness and plugin.name != "example"]
    rows = ["| | " + " | ".join(info.title for info in cards) + " |", "| --- |" + " --- |" * len(cards)]
    for name in ("open", "closed", "colour", "prescription", "arrives", "lost"):
        cells = [str(getattr(info.openness, name)).replace("|", "/") for info in cards]
        rows.append(f"| **{name}** | " + " | ".join(cells) + " |")
    return "# Open or closed workflow\n\n" + NOTE + "\n".join(rows) + "\n"


def table(kind: type) -> str:
    """The fields of an options class as a table."""
    rows = ["| key | default | meaning |", "| --- | --- | --- |"]
    return "\n".join([*rows, *(_row(field) for field in documented(kind))])


def documented(kind: type) -> Iterator[attrs.Attribute[Any]]:
    """The fields that stand in the file."""
    hidden = {"name"} if kind is lab.Pipeline else set()
    return (field for field in attrs.fields(kind) if field.name not in hidden)


def sentence(kind: type) -> str:
    """The first paragraph of a class's docstring."""
    text = " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
    return text.partition(": ")[2].capitalize() or text


def kind_of(spec: StageSpec) -> str:
    """``Importer``, ``Validator`` …."""
    return type(spec).__name__.removesuffix("Spec")


def _row(field: attrs.Attribute[Any]) -> str:
    shown = "required" if field.default is attrs.NOTHING else _plain(_default(field.default))
    source = f" Source: {field.metadata['source']}." if field.metadata.get("source") else ""
    return f"| `{field.name.rstrip('_')}` | {shown} | {field.metadata.get('doc', '')}.{source} |".replace("..", ".")


def _default(default: Any) -> Any:
    return default.factory() if hasattr(default, "factory") else default


def _plain(value: Any) -> str:
    if attrs.has(type(value)) or value in ({}, (), ""):
        return ""
    if value is None:
        return "none"
    return f"`{value}`".replace("|", "\\|")


def main() -> int:
    """Write the pages; with ``--check`` only compare, ending 1 when one is stale."""
    stale = [path for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        print("\n".join(f"stale: {path.name}" for path in stale) or "all pages are fresh")
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
