"""``casepan cases``: answers, talks, joining and parting, who works on it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import say_done
from casepan.cli.shared import By, CaseName, JsonFlag, LabFile, Note

LAB = Path("lab.toml")
OtherCase = Annotated[str, typer.Argument(metavar="OTHER", help="Another case.")]


class How(StrEnum):
    """How somebody talked with an office."""

    PHONE = "phone"
    MAIL = "mail"


def add_to(cases_app: typer.Typer) -> None:
    """Hang the commands under ``casepan cases``."""
    cases_app.command("set")(set_)
    cases_app.command("add")(add)
    cases_app.command("contact")(contact)
    cases_app.command("merge")(merge)
    cases_app.command("split")(split)
    cases_app.command("duplicate-of")(duplicate_of)
    cases_app.command("assign")(assign)
    cases_app.command("remake")(remake)
    cases_app.command("close")(close)
    cases_app.command("reopen")(reopen)


def set_(
    case: CaseName,
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET=VALUE...", help="scan.ID.FIELD, item.ID.FIELD, item.new.FIELD, rx.FIELD or practice."
        ),
    ],
    by: By,
    note: Note = "",
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Answer what a case asks: set fields over what its files say, all or none. The files stay as they are.

    Example:  casepan cases set K7Q2-M4 scan.other-1.role=bite item.1.teeth=26 --by anna --note "office said so"
    """
    from casepan.operate.answering import answer
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        done = answer(desk, case, assignments, by=by, note=note)
    text = (
        f"{done.place}: answered. casepan run checks it again." if done.changed else f"{case}: was answered so already."
    )
    say_done(text, as_json=as_json, place=done.place, changed=done.changed, targets=list(done.targets))


def add(
    case: CaseName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scans, photos or documents that came late.")],
    by: By,
    role: Annotated[
        str | None, typer.Option("--role", help="What the scans show, where their names do not say it.")
    ] = None,
    arch: Annotated[str | None, typer.Option("--arch", help="upper, lower or both.")] = None,
    note: Note = "",
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Join files that came late to a case, as its next revision.

    Example:  casepan cases add K7Q2-M4 bite.stl --by anna
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.joining import Shows
    from casepan.operate.joining import add as join

    with open_desk(lab) as desk:
        done = join(desk, case, files, by=by, note=note, shows=Shows(role, arch))
    text = f"{done.place}: joined. casepan run checks it." if done.changed else f"{case}: holds that already."
    say_done(text, as_json=as_json, place=done.place, changed=done.changed)


def contact(
    case: CaseName,
    by: By,
    how: Annotated[How, typer.Option("--how", help="How you talked.")],
    note: Annotated[str, typer.Option("--note", help="What was said; written into the ledger.")],
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Log a talk with the office. The case stays where it is.

    Example:  casepan cases contact K7Q2-M4 --by anna --how phone --note "sends the bite by noon"
    """
    from casepan.operate.deciding import contact as log
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        log(desk, case, how=how.value, by=by, note=note)
    say_done(f"{case}: noted.", as_json=as_json)


def merge(
    case: CaseName, other: OtherCase, by: By, note: Note = "", lab: LabFile = LAB, as_json: JsonFlag = False
) -> None:
    """Join the files of OTHER to CASE, as its next revision, and close OTHER.

    Example:  casepan cases merge K7Q2-M4 R3TD-9X --by anna
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.joining import merge as join

    with open_desk(lab) as desk:
        done = join(desk, case, other, by=by, note=note)
    text = f"{done.place}: joined. casepan run checks it." if done.changed else f"{other}: was joined already."
    say_done(text, as_json=as_json, place=done.place, changed=done.changed)


def split(
    case: CaseName,
    scans: Annotated[list[str], typer.Argument(metavar="SCAN...", help="Ids of the scans that are of another case.")],
    by: By,
    note: Note = "",
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Make scans a case of their own, without order and patient; CASE goes on without them as its next revision.

    Example:  casepan cases split K7Q2-M4 upper-arch-2 lower-arch-2 --by anna
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.joining import split as part

    with open_desk(lab) as desk:
        done = part(desk, case, scans, by=by, note=note)
    text = (
        f"{done.place}: is a case of its own. casepan run checks both."
        if done.changed
        else f"{done.place}: was split off."
    )
    say_done(text, as_json=as_json, place=done.place, changed=done.changed)


def duplicate_of(
    case: CaseName, other: OtherCase, by: By, note: Note = "", lab: LabFile = LAB, as_json: JsonFlag = False
) -> None:
    """CASE is OTHER once more: close it, and let OTHER go on.

    Example:  casepan cases duplicate-of R3TD-9X K7Q2-M4 --by anna
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.joining import duplicate_of as close_double

    with open_desk(lab) as desk:
        done = close_double(desk, case, other, by=by, note=note)
    text = f"{case}: closed, {done.place} goes on." if done.changed else f"{case}: was closed as its duplicate already."
    say_done(text, as_json=as_json, place=done.place, changed=done.changed)


def assign(
    case: CaseName,
    by: By,
    to: Annotated[str | None, typer.Option("--to", help="Who works on it.")] = None,
    department: Annotated[str | None, typer.Option("--department", help="Where it is worked on.")] = None,
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Say who works on a case, and where.

    Example:  casepan cases assign K7Q2-M4 --to ben --department ceramics --by anna
    """
    from casepan.operate.deciding import assign as give
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = give(desk, case, to=to, department=department, by=by)
    say_done(f"{case}: assigned." if changed else f"{case}: was assigned so already.", as_json=as_json, changed=changed)


def remake(
    case: CaseName,
    by: By,
    of: Annotated[str, typer.Option("--of", help="The case that is made again.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is made again.")],
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Say that a case is made again, and why.

    Example:  casepan cases remake R3TD-9X --of K7Q2-M4 --reason "margin open" --by anna
    """
    from casepan.operate.deciding import remake as link
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = link(desk, case, of=of, reason=reason, by=by)
    say_done(f"{case}: is a remake of {of}." if changed else f"{case}: was said to be one already.", as_json=as_json)


def close(case: CaseName, by: By, note: Note = "", lab: LabFile = LAB, as_json: JsonFlag = False) -> None:
    """Nothing more is to be done about a case.

    Example:  casepan cases close K7Q2-M4 --by anna --note "the office withdrew it"
    """
    from casepan.operate.deciding import close_case
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = close_case(desk, case, by=by, note=note)
    say_done(f"{case}: closed." if changed else f"{case}: was closed already.", as_json=as_json, changed=changed)


def reopen(case: CaseName, by: By, note: Note = "", lab: LabFile = LAB, as_json: JsonFlag = False) -> None:
    """Hold a closed case for review again.

    Example:  casepan cases reopen K7Q2-M4 --by anna --note "they want it after all"
    """
    from casepan.operate.deciding import reopen_case
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = reopen_case(desk, case, by=by, note=note)
    say_done(f"{case}: open again." if changed else f"{case}: is open.", as_json=as_json, changed=changed)
