"""``rules``: what the laboratory needs before it starts, and its own changes to that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casepan.cli.console import note, say, say_json, say_lines, say_table, styled
from casepan.cli.shared import JsonFlag, LabFile

if TYPE_CHECKING:
    from casepan.knowledge.completeness import Rules
    from casepan.operate.implant_libraries import LibraryImport

rules_app = typer.Typer(
    help="What each kind of work needs before anybody starts.", no_args_is_help=True, rich_markup_mode=None
)


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    rules_app.command("show")(show)
    rules_app.command("letters")(letters)
    rules_app.command("check")(check)
    rules_app.command("import-exocad")(import_exocad)
    rules_app.command("calibration")(calibration)
    app.add_typer(rules_app, name="rules")


def show(
    work: Annotated[str | None, typer.Argument(help="A kind of work, such as crown; none lists all.")] = None,
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """The rules in force: casepan's own under those in rules/completeness.toml beside lab.toml.

    Example:  casepan rules show implant-crown
    """
    from casepan.model.documents import to_document
    from casepan.operate.ruling import rules_in_force, work_named

    rules = rules_in_force(lab)
    if as_json:
        say_json(to_document(rules) if work is None else to_document(work_named(rules, work)))
    elif work is not None:
        _show_work(rules, work)
    else:
        say_table(
            ("work", "required scans", "ask first", "must be stated"),
            [
                (name, ", ".join(one.required), ", ".join(one.expected), ", ".join(one.fields))
                for name, one in rules.work.items()
            ],
        )


def letters(
    language: Annotated[str | None, typer.Argument(help="Print the file of texts in this language.")] = None,
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """The languages of letters to the office; with a language its file of texts.

    Change single texts in rules/letters/en.toml beside lab.toml; add a language by translating the whole file.

    Example:  casepan rules letters en > rules/letters/fr.toml
    """
    from casepan.operate.ruling import letter_file, letter_languages

    if language is not None:
        text = letter_file(lab, language)
        say_json({"schema": 1, "language": language, "text": text}) if as_json else say_lines(text.rstrip("\n"))
        return
    names = {code: texts.language for code, texts in letter_languages(lab).items()}
    say_json({"schema": 1, "languages": names}) if as_json else say_table(("language", "name"), names.items())


def check(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Read every file in rules/ beside lab.toml; every problem at once, with its line. Ends 3 when there is one.

    Example:  casepan rules check --lab lab/lab.toml
    """
    from casepan.operate.ruling import check_rules

    result = check_rules(lab)
    if as_json:
        say_json(result.document())
    else:
        for problem in result.problems:
            note(str(problem))
        for name in result.files:
            say(name)
        say(styled("failed" if result.problems else "ok"))
    raise typer.Exit(3 if result.problems else 0)


def calibration(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """How often the lab agreed with each check (`casepan findings mark`), and which threshold would have.

    Example:  casepan rules calibration
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.marking import calibration as calibrate

    with open_desk(lab) as desk:
        found = calibrate(desk)
    if as_json:
        say_json({"schema": 1, "checks": [one.document() for one in found]})
        return
    if not found:
        say("Nobody has marked a finding yet: casepan findings mark CASE FINDING right|wrong --by NAME")
        return
    say_table(
        ("check", "right", "wrong", "limit", "threshold", "what the marks say"),
        [
            (one.code, one.right, one.wrong, _measures(one.limits, one.unit),
             _measures((one.threshold,) if one.threshold is not None else (), one.unit), one.words)
            for one in found
        ],
    )  # fmt: skip


def _measures(values: Sequence[float], unit: str | None) -> str:
    return " / ".join(f"{value:g}" for value in values) + (f" {unit}" if values and unit else "")


def import_exocad(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of implant libraries of exocad.")],
    lab: LabFile = Path("lab.toml"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added; write nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fill rules/implants.toml beside lab.toml with the implant libraries that are installed. What stands there stays.

    Ends 5 when a library could not be read; the others are taken.

    Example:  casepan rules import-exocad ~/exocad/library/implant --dry-run
    """
    from casepan.operate.implant_libraries import plan_import, write_import

    found = plan_import(lab, path)
    if not dry_run:
        write_import(found)
    if as_json:
        say_json({**found.document(), "written": bool(found.additions) and not dry_run})
    else:
        _say_import(found, dry_run=dry_run)
    raise typer.Exit(5 if found.refused else 0)


def _say_import(found: LibraryImport, *, dry_run: bool) -> None:
    for refused in found.refused:
        note(str(refused))
    for addition in found.additions:
        say(f"{addition.title}: {'new, ' if addition.new else ''}{', '.join(addition.fields)}")
    for kept in found.kept:
        say(f"kept: {kept}")
    verb = "would be added" if dry_run else "added"
    say(f"{found.libraries} libraries read, {len(found.additions)} systems {verb}, {len(found.refused)} refused.")


def _show_work(rules: Rules, name: str) -> None:
    from casepan.operate.ruling import work_named

    work = work_named(rules, name)
    say(f"{work.title}:")
    for words, key in (("required scans", "required"), ("ask first for", "expected"), ("better with", "recommended")):
        for scan in getattr(work, key):
            say(f"  {words}: {rules.scans[scan].title}")
    for words, key in (("must be stated", "fields"), ("helps", "wanted")):
        for field in getattr(work, key):
            say(f"  {words}: {rules.fields[field].title}")
    for thing in work.physical:
        say(f"  may come by courier: {thing}")
