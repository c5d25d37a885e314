"""``today``, ``find`` and ``stats``: the laboratory's day."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casepan.cli.console import note, say, say_json, say_table
from casepan.cli.operating import case_fields
from casepan.cli.shared import JsonFlag, LabFile

if TYPE_CHECKING:
    from casepan.operate.counting import Count
    from casepan.operate.desk import Desk
    from casepan.operate.finding_cases import Found
    from casepan.operate.morning import Morning, Section

LAB = Path("lab.toml")
SCREEN = (120, 48)
"""Columns and rows where nobody says how large the screen is."""
FEWEST_ROWS = 20
PROMPT = 2
"""Rows that the command itself and the prompt after it take."""
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write pages of A4 for the printer into this file.")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("today")(today)
    app.command("find")(find)
    app.command("stats")(stats)


def today(
    since: Annotated[
        str | None,
        typer.Option("--since", help="What counts as new: 18:00, 2026-11-20, 2026-11-20T18:00; else the last evening."),
    ] = None,
    html: HtmlFile = None,
    send: Annotated[bool, typer.Option("--send", help="Send it where [adapters.deliver.with.notices] says.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --send: also when it was sent today already.")] = False,
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """What came, what can start, whom to ring, what is late: one screen, and one page of A4.

    Example:  casepan today --since 18:00 --html today.html
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.digesting import send as send_morning
    from casepan.operate.morning import morning
    from casepan.operate.printing import page_of, write_page

    with open_desk(lab) as desk:
        made = morning(desk, since=since)
        if html:
            write_page(html, page_of(made))
        if as_json:
            say_json(made.document())
        else:
            _show(made)
        for answer in send_morning(desk, made, again=again) if send else ():
            note(answer)
    if html:
        note(f"wrote {html}")


def find(
    text: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT...",
            help="A number, practice, tooth, day, kind of work, reference, order number or name; or WHAT and it: tooth 26.",
        ),
    ],
    by: Annotated[str | None, typer.Option("--by", help="Who asks; written down when names are searched.")] = None,
    most: Annotated[int, typer.Option("--most", help="Cases to list.", min=1, max=1000)] = 50,
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Find cases by whatever is at hand. WHAT may be ref, number, tooth, date, kind, practice, vendor or name.

    A search for a name is written into the ledger with who asked; `name_index = false` of [lab] switches it off.

    Example:  casepan find tooth 26

    Example:  casepan find Roe --by anna
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.finding_cases import find as look

    with open_desk(lab) as desk:
        found = look(desk, " ".join(text), by=(by or "").strip() or _user(), most=most)
        if as_json:
            say_json(_found_document(found))
        else:
            _show_found(found, desk)
    for words in found.notes:
        note(words)


def stats(
    by: Annotated[str, typer.Option("--by", help="practice, scanner, finding, or several with commas.")] = "practice",
    month: Annotated[str | None, typer.Option("--month", help="2026-11; this month if none is named.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the table into this file, for a spreadsheet.")
    ] = None,
    html: HtmlFile = None,
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Count a month: cases right the first time, what held the others, remakes, hours waited.

    Example:  casepan stats --by practice,scanner --month 2026-11 --html practices.html
    """
    from casepan.operate.counting import as_csv, as_pages, count
    from casepan.operate.desk import open_desk
    from casepan.operate.printing import write_page

    with open_desk(lab) as desk:
        counted = count(desk, by=by, month=month)
        if csv:
            write_page(csv, as_csv(counted))
        if html:
            write_page(html, as_pages(desk, counted, _titles(desk)))
    if as_json:
        say_json(counted.document())
    else:
        _show_count(counted)
    for path in filter(None, (csv, html)):
        note(f"wrote {path}")


def _show(made: Morning) -> None:
    from casepan.operate.morning import fitting

    width, height = shutil.get_terminal_size(SCREEN)
    rows = max(FEWEST_ROWS, height) - PROMPT - 2
    say(_cut(f"{made.lab}: {made.title}, {made.at:%H:%M} ({made.at.tzinfo}), new since {made.since:%a %H:%M}", width))
    say(_cut(made.summary, width))
    shown = fitting(made.sections, rows)
    for section, count in zip(made.sections, shown, strict=True):
        for line in _section(section, count):
            say(_cut(line, width))


def _section(section: Section, shown: int) -> Iterator[str]:
    from casepan.operate.morning import columns

    yield f"{section.title}: {len(section.lines)}"
    rows = [columns(line) for line in section.lines[:shown]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for line, row in zip(section.lines, rows, strict=False):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        yield f"  {'  '.join(cells)}".rstrip()
        if line.point is not None:
            yield f"      “{line.point}”"
    if shown < len(section.lines):
        yield f"  … and {len(section.lines) - shown} more"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _show_found(found: Found, desk: Desk) -> None:
    from casepan.knowledge.numbers import zone
    from casepan.operate.lines import clock

    if not found.hits:
        say("Nothing found.")
        return
    here = zone(desk.lab.lab.timezone)
    say_table(
        ("case", "number", "practice", "received", "state", "work", "found by"),
        [
            (hit.row.place, hit.row.number, hit.row.practice, clock(hit.row.received, here), hit.row.state, hit.work,
             ", ".join(hit.by))
            for hit in found.hits
        ],
    )  # fmt: skip
    if found.total > len(found.hits):
        note(f"These are the newest {len(found.hits)} of {found.total}: --most shows more, WHAT TEXT finds fewer.")


def _found_document(found: Found) -> dict[str, object]:
    cases = [{**case_fields(hit.row), "work": hit.work, "found_by": list(hit.by)} for hit in found.hits]
    return {"schema": 1, "total": found.total, "tried": list(found.tried), "notes": list(found.notes), "cases": cases}


def _show_count(counted: Count) -> None:
    from casepan.operate.counting import WORDS

    if not counted.total.stories:
        say(f"No case came in {counted.month}.")
        return
    total: Sequence[object] = ("" if value is None else value for value in counted.total.numbers.values())  # type: ignore[assignment]
    blank = [""] * (len(counted.by) - 1)
    say_table((*counted.by, *WORDS, "what held them"), [*counted.rows(), ("all", *blank, *total, "")])


def _titles(desk: Desk) -> dict[str, str]:
    from casepan.registry import Registry

    return {code: doc.title for code, doc in Registry.load(tuple(desk.lab.adapters)).finding_docs().items()}


def _user() -> str:
    """Who is logged in; a machine may have no name for it."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
