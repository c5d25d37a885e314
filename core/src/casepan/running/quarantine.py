"""What lies in quarantine, for people: one folder per case or arrival with a REASON.txt that says what, where and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime

from attrs import frozen

from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.running.durable import private_folder, write_file
from casepan.running.intake import ARRIVAL_DOCUMENT, SOURCE_FOLDER, Landed, read_landed
from casepan.running.layout import StateFolder, checked

REASON = "REASON.txt"


@frozen
class Reason:
    """Why something lies in quarantine.

    Attributes:
        what: one sentence; place: which file or stage; todo: what to do about it.
        details: what the process printed last.
    """

    code: str
    what: str
    place: str | None = None
    todo: str | None = None
    findings: tuple[Finding, ...] = ()
    details: str = ""


def put_case(state: StateFolder, place: str, arrival: str, reason: Reason) -> None:
    """Write the reason of a case. The case itself stays where it is."""
    commands = (
        f"casepan quarantine show {place}                  what is known about it",
        f"casepan quarantine retry {place} --by NAME       run all steps again",
        f"casepan quarantine release {place} --by NAME     hand it on all the same",
        f"casepan quarantine discard {place} --by NAME     put it aside (nothing is deleted)",
    )
    _write(state, place, f"Case {place} is in quarantine.", arrival, reason, commands)


def put_arrival(state: StateFolder, arrival: str, reason: Reason) -> None:
    """Write the reason of an arrival that became no case."""
    commands = (
        f"casepan inspect {_path(state, arrival)}        who recognises it, and why",
        f"casepan quarantine retry {arrival} --by NAME       try again, for example after enabling an adapter",
        f"casepan quarantine discard {arrival} --by NAME     put it aside (nothing is deleted)",
    )
    _write(state, arrival, f"Arrival {arrival} is in quarantine.", arrival, reason, commands)


def take_out(state: StateFolder, subject: str) -> None:
    """It left quarantine, if it ever was there."""
    folder = f"{state.quarantined}{os.sep}{checked(subject)}"  # asked twice for each case: text is cheaper than a path
    if os.path.lexists(folder):
        shutil.rmtree(folder, ignore_errors=True)


def read_reason(state: StateFolder, subject: str) -> str | None:
    """The text of REASON.txt, None when it is not in quarantine."""
    path = state.quarantine(subject) / REASON
    return path.read_text("utf-8") if path.is_file() else None


def _write(state: StateFolder, subject: str, title: str, arrival: str, reason: Reason, commands: Iterable[str]) -> None:
    lines = [title, "", "What:   " + f"{reason.what} [{reason.code}]"]
    if reason.place:
        lines.append(f"Where:  {reason.place}")
    if reason.todo:
        lines.append(f"Do:     {reason.todo}")
    lines += ["", "Findings:", *(_line(finding) for finding in reason.findings)] if reason.findings else []
    lines += [
        "",
        "Files:",
        f"  as it arrived:       {_origin(state, arrival)}",
        f"  copy, never changed: {_path(state, arrival)}",
    ]
    lines += ["", "Commands:", *(f"  {command}" for command in commands)]
    lines += ["", "The process printed last:", reason.details.rstrip()] if reason.details.strip() else []
    lines += ["", f"Written {datetime.now(UTC).isoformat(timespec='seconds')}", ""]
    folder = private_folder(state.quarantine(subject))
    write_file(folder / REASON, "\n".join(lines).encode("utf-8", "backslashreplace"))


def _line(finding: Finding) -> str:
    about = f" ({finding.scan})" if finding.scan else ""
    hint = f"\n      {finding.hint}" if finding.hint else ""
    return f"  {finding.severity:8}{finding.code}{about}: {finding.message}{hint}"


def _path(state: StateFolder, arrival: str) -> str:
    folder = state.arrival(arrival)
    names = _landed(state, arrival).names
    return str(folder / SOURCE_FOLDER / names[0]) if len(names) == 1 else str(folder / SOURCE_FOLDER)


def _origin(state: StateFolder, arrival: str) -> str:
    landed = _landed(state, arrival)
    return f"{', '.join(landed.names)} in {landed.root}"


def _landed(state: StateFolder, arrival: str) -> Landed:
    folder = state.arrival(arrival)
    if not (folder / ARRIVAL_DOCUMENT).is_file():
        return Landed("an unknown place", (), "", "", "")
    return read_landed(folder)


def reason_of_case(case: Case, codes: str) -> Reason:
    """The reason of a case that its findings reject."""
    worst = tuple(finding for finding in case.findings if finding.severity != "info")
    return Reason("CP120", f"its findings reject it: {codes}", None, "Ask for a better scan, or release it.", worst)
