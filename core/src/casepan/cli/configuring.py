"""``init``, ``check``, ``schema``, ``adapters`` and ``explain``: what can be used, and how it is set up."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casepan.cli.console import note, say, say_json, say_table, styled
from casepan.cli.shared import JsonFlag, LabFile, Overrides

if TYPE_CHECKING:
    from casepan.contract.specs import FindingDoc, StageSpec
    from casepan.registry import Plugin

adapters_app = typer.Typer(help="What is installed, and what it can do.", rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("init")(init)
    app.command("check")(check)
    app.command("schema")(schema)
    app.command("explain")(explain)
    adapters_app.callback(invoke_without_command=True)(adapters)
    adapters_app.command("list")(adapters_list)
    adapters_app.command("show")(adapters_show)
    adapters_app.command("check")(adapters_check)
    app.add_typer(adapters_app, name="adapters")


def init(
    folder: Annotated[Path, typer.Argument(help="Where the lab's lab.toml goes.")] = Path(),
    name: Annotated[str, typer.Option(help="Name of the laboratory.")] = "My dental laboratory",
    as_json: JsonFlag = False,
) -> None:
    """Write a commented lab.toml and its schema.

    Every installed adapter is enabled; remove those of scanners that none of your clients own.

    Example:  casepan init lab && cd lab && casepan check
    """
    from casepan.operate.setting_up import write_lab

    written = write_lab(folder, name)
    if as_json:
        say_json({"schema": 1, "written": [str(path) for path in written]})
        return
    for path in written:
        say(f"wrote {path}")
    note(
        f"Drop exports into {folder / 'inbox'}, then: casepan run"
        if folder != Path()
        else "Drop exports into inbox, then: casepan run"
    )


def check(
    lab: LabFile = Path("lab.toml"),
    online: Annotated[bool, typer.Option("--online", help="Also ask the outside world (portals, servers).")] = False,
    overrides: Overrides = None,
    as_json: JsonFlag = False,
) -> None:
    """Check lab.toml and all it names; change nothing.

    Adapters, stages, options, folders and secrets; every problem at once, with its line. For each destination: what it takes,
    and what of a case will not get there.

    Example:  casepan check --lab lab/lab.toml
    """
    from casepan.operate.setting_up import check_lab_file

    result = check_lab_file(lab, overrides or (), online=online)
    if as_json:
        say_json(result.document())
    else:
        for problem in result.problems:
            note(str(problem))
        for advice in result.advice:
            note(f"{advice.place}: {advice.text}" + (f"\n  {advice.hint}" if advice.hint else ""))
        for one in result.destinations:
            say(f"{one.pipeline}/{one.export} ({one.use}) takes {one.takes}")
            for what in one.not_carried:
                say(f"  not carried: {what}")
        for row in result.health:
            say(f"{styled('ok' if row.ok else 'failed')}  {row.name}: {row.detail}")
            if row.hint:
                say(f"  {row.hint}")
        if not result.problems:
            say(result.summary)
    raise typer.Exit(result.exit_code)


def schema(
    what: Annotated[str, typer.Argument(help="`lab` or `rx`.")] = "lab",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to a file instead of stdout.")] = None,
) -> None:
    """Print a JSON Schema for editors.

    Of lab.toml (with the options of every installed stage) or of an rx file.

    Example:  casepan schema lab -o .casepan/lab.schema.json
    """
    import json

    from casepan.operate.setting_up import schema_of

    text = json.dumps(schema_of(what), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    say(f"wrote {out}")


def adapters(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """List what is installed (the same as `adapters list`)."""
    if ctx.invoked_subcommand is None:
        adapters_list(as_json=as_json)


def adapters_list(
    lab: Annotated[Path | None, typer.Option("--lab", help="Say what this lab.toml enables.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """What is installed, enabled, or broken and why."""
    from casepan.operate.setting_up import adapter_rows

    rows = adapter_rows(lab)
    if as_json:
        say_json({"schema": 1, "adapters": [row.document() for row in rows]})
        return
    say_table(
        ("name", "state", "version", "what", "formats", "evidence"),
        [(row.name, row.state, row.version, row.title, " ".join(row.formats), row.evidence) for row in rows],
    )
    for row in rows:
        if row.problem:
            note(row.problem)


def adapters_show(
    name: Annotated[str, typer.Argument(help="Name of an adapter, as `casepan adapters` lists it.")],
    as_json: JsonFlag = False,
) -> None:
    """The card of one adapter: what comes out open, what is closed, what carries colour, how cases arrive.

    Example:  casepan adapters show trios
    """
    from casepan.registry import Registry

    registry = Registry.load()
    plugin = registry.plugin(name)
    if as_json:
        say_json({"schema": 1, **_card(plugin)})
        return
    _show_card(plugin)


def adapters_check() -> None:
    """Load every installed adapter and report what is wrong. Ends 4 when one is broken."""
    from casepan.registry import Registry

    registry = Registry.load()
    for problem in registry.problems:
        note(str(problem.as_error()))
    say(f"{len(registry.plugins)} loaded, {len(registry.problems)} broken")
    raise typer.Exit(4 if registry.problems else 0)


def explain(
    code: Annotated[str | None, typer.Argument(help="A code such as CP121 or mesh.unreadable; none lists all.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Cause, example and remedy of a code.

    Example:  casepan explain completeness.missing-scan
    """
    from casepan.errors import UsageError
    from casepan.operate.explaining import all_pages
    from casepan.registry import Registry

    pages = all_pages(Registry.load())
    if code is None:
        say_json({"schema": 1, "codes": sorted(pages)}) if as_json else say_table(
            ("code", "severity", "title"), [(page.code, page.severity, page.title) for _, page in sorted(pages.items())]
        )
        return
    page = pages.get(code) or pages.get(code.upper()) or pages.get(code.lower())
    if page is None:
        from difflib import get_close_matches

        near = get_close_matches(code, pages, n=1)
        raise UsageError(
            f"there is no code {code!r}", hint=f"Did you mean {near[0]}?" if near else "casepan explain lists all."
        )
    _show_page(page, as_json=as_json)


def _show_page(page: FindingDoc, *, as_json: bool) -> None:
    from casepan.model.documents import to_document

    if as_json:
        say_json(to_document(page))
        return
    say(f"{page.code} ({page.severity}): {page.title}")
    say(f"Cause:   {page.cause}")
    say(f"Example: {page.example}")
    say(f"Remedy:  {page.remedy}")


def _card(plugin: Plugin) -> dict[str, Any]:
    from casepan.model.documents import to_plain

    stages = [{"name": spec.name, "kind": _kind(spec), "summary": spec.summary} for spec in plugin.stages]
    return {"distribution": plugin.distribution, "version": plugin.version, **to_plain(plugin.info), "stages": stages}


def _show_card(plugin: Plugin) -> None:
    from casepan.model.documents import to_plain

    info = plugin.info
    say(f"{info.title} ({plugin.distribution} {plugin.version})")
    say(info.summary)
    if info.scanners:
        say(f"Scanners:      {', '.join(info.scanners)}")
    if info.openness:
        card = info.openness
        rows = (
            ("Open", card.open),
            ("Closed", card.closed),
            ("Colour", card.colour),
            ("Prescription", card.prescription),
        )
        for title, text in (*rows, ("Arrives", card.arrives), ("Lost to CAD", card.lost)):
            say(f"{title + ':':<14} {text}")
    say(f"Evidence:      {info.evidence or 'none stated'}")
    if info.personal:
        say("Names people:")
        for title, places in to_plain(info.personal).items():
            if places:
                say(f"  {title + ':':<12} {', '.join(dict.fromkeys(map(_last_step, places)))}")
    say("Stages:")
    for spec in plugin.stages:
        say(f"  {spec.name:<24} {_kind(spec):<12} {spec.summary}")


def _last_step(place: str) -> str:
    """The property or element that a path into a document ends with; anything else as it is."""
    found = re.search(r"@name='([^']+)'\]/@value$", place) or re.search(r"^\w+/.*?@?([\w]+)$", place)
    return found[1] if found else place


def _kind(spec: StageSpec) -> str:
    return type(spec).__name__.removesuffix("Spec").lower()
