"""``inspect``, ``validate`` and ``convert``: look at a PATH without a lab."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casepan.cli.console import note, say, say_json, say_table, styled
from casepan.cli.lettering import Language, say_letter
from casepan.cli.shared import JsonFlag
from casepan.model.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from casepan.model.finding import Finding
    from casepan.operate.lettering import Written
    from casepan.operate.looking import Inspection, LookedAt
    from casepan.running.context import Bench

MOST_SHOWN = 3
"""Findings of one kind that people are shown: warnings and errors of each scan, notes of all scans."""
ExportPath = Annotated[
    Path, typer.Argument(metavar="PATH", help="A folder, a zip or a single mesh, as the scanner wrote it.")
]
OptionalLab = Annotated[
    Path | None,
    typer.Option("--lab", help="Use this lab's adapters, rules, limits and verdicts instead of all installed."),
]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("inspect")(inspect)
    app.command("validate")(validate)
    app.command("convert")(convert)


def inspect(path: ExportPath, lab: OptionalLab = None, as_json: JsonFlag = False) -> None:
    """Say whose export this is and what is inside.

    Needs no lab.toml and changes nothing.

    Example:  casepan inspect ~/Downloads/iTero_Export_70000001.zip
    """
    inspection, _ = _look(path, lab, checks=False)
    _answer(inspection, as_json=as_json, verdict=False)


def validate(
    path: ExportPath,
    lab: OptionalLab = None,
    rx: Annotated[Path | None, typer.Option("--rx", help="A prescription (rx.toml or rx.json) to judge it by.")] = None,
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", help="End 5 at this verdict or worse: review or reject.")
    ] = None,
    letter: Annotated[
        Path | None, typer.Option("--letter", help="Write the letter to the office into this folder.")
    ] = None,
    language: Language = None,
    as_json: JsonFlag = False,
) -> None:
    """Run all checks on an export; give a verdict, and with --letter the letter that asks the office for what is wrong.

    Example:  casepan validate ~/Downloads/case.zip --letter letters --language de
    """
    from casepan.errors import UsageError

    if fail_on not in (None, "review", "reject"):
        raise UsageError(f"--fail-on takes review or reject, not {fail_on!r}")
    if language and not letter:
        raise UsageError("--language is of letters", hint="Name the folder of the letter as well: --letter FOLDER.")
    inspection, letters = _look(path, lab, checks=True, rx=rx, letter=letter, language=language)
    _answer(inspection, as_json=as_json, verdict=True, letters=letters if letter else None)
    order = ("accept", "review", "reject")
    if fail_on and order.index(inspection.worst) >= order.index(fail_on):
        raise typer.Exit(5)


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="PATH", help="A mesh (STL, PLY, OBJ, open DCM), or a folder or zip.")
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; for a folder or zip, a folder.")],
    form: Annotated[
        str | None, typer.Option("--format", help="Format for a folder or zip: stl, ply, obj or glb.")
    ] = None,
    colour: Annotated[
        str, typer.Option("--colour", help="keep, vertex (bake textures), texture (draw one) or drop.")
    ] = "keep",
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Convert meshes and say what is lost.

    Example:  casepan convert upper.ply upper.stl
    """
    from casepan.operate.converting import convert_path

    results = convert_path(source, target, form=form, colour=colour, force=force)
    if as_json:
        say_json({"schema": 1, "converted": [result.document() for result in results]})
        return
    for result in results:
        say(f"wrote {result.target}: {result.faces:,} triangles, colour {result.colour}")
        for loss in result.losses:
            note(f"lost: {loss}")


def _look(
    path: Path, lab: Path | None, *, checks: bool, rx: Path | None = None, letter: Path | None = None,
    language: str | None = None,
) -> tuple[Inspection, list[Written]]:  # fmt: skip
    """What is in PATH, and the letters about it when there is a folder for them."""
    from casepan.operate.looking import LookOptions, look_at
    from casepan.registry import Registry

    loaded = None
    if lab is not None:
        from casepan.config.loader import load_lab

        loaded = load_lab(lab)
    registry = Registry.load(loaded.adapters if loaded else None)
    if loaded is not None:
        from casepan.config.checks import refuse_unusable

        refuse_unusable(loaded, registry)
    for problem in registry.problems:
        note(str(problem.as_error()))
    letters: list[Written] = []

    def write(inspection: Inspection, bench: Bench) -> None:
        if letter is not None:
            from casepan.operate.lettering import letters_of, wish_of

            letters.extend(letters_of(inspection, bench, wish_of(letter, language, loaded)))

    return look_at(path, registry, LookOptions(checks=checks, lab=loaded, rx=rx), write), letters


def _answer(inspection: Inspection, *, as_json: bool, verdict: bool, letters: Sequence[Written] | None = None) -> None:
    if as_json:
        from casepan.operate.documents import inspection_document

        written = {} if letters is None else {"letters": [one.document() for one in letters]}
        say_json({**inspection_document(inspection), **written})
        return
    for number, looked in enumerate(inspection.cases, 1):
        if len(inspection.cases) > 1:
            say(f"Case {number} of {len(inspection.cases)}")
        _show_case(looked, verdict=verdict)
    _show_findings(inspection.findings)
    for letter in letters or ():
        say_letter(letter)
    if letters is not None and not inspection.cases:
        say("Letter: none is written where nothing was recognised")
    if not inspection.cases:
        say(f"Verdict: {styled(inspection.verdict)}" if verdict else "Nothing was recognised.")


def _show_case(looked: LookedAt, *, verdict: bool) -> None:
    recognition, case = looked.recognition, looked.case
    say(f"Recognised: {recognition.stage} ({recognition.confidence})")
    for mark in recognition.evidence:
        say(f"  because {mark}")
    _show_scans(looked)
    _show_prescription(looked)
    for attachment in case.attachments:
        say(f"Attached: {attachment.file.path} ({attachment.what})")
    for closed in case.closed:
        say(f"Closed: {closed.file.path} ({closed.format}): {closed.advice}")
    for ignored in case.ignored:
        say(f"Ignored: {ignored.path} ({ignored.why})")
    _show_findings(looked.findings)
    if verdict:
        for check in looked.checks:
            if not check.ran:
                note(f"{check.stage} did not run: {check.why}")
        because = f" because of {looked.reason}" if looked.reason else ""
        say(f"Verdict: {styled(looked.verdict)}{because}")


def _show_findings(findings: Sequence[Finding]) -> None:
    """Errors first, the first few of each kind, and advice once for all findings in a row that share it."""
    groups = [(group[:MOST_SHOWN], len(group) - MOST_SHOWN) for group in _by_kind(findings)]
    following = iter([*[finding.hint for shown, _ in groups for finding in shown][1:], None])
    for shown, left in groups:
        for number, finding in enumerate(shown, 1):
            about = f" [{finding.scan}]" if finding.scan else ""
            say(f"{styled(finding.severity)}  {finding.code}{about}: {finding.message}")
            if number == len(shown) and left > 0:
                say(f"         and {left} more of this kind; --json lists them all")
            if finding.hint not in (None, next(following)):
                say(f"         {finding.hint}")


def _by_kind(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one code together, warnings and errors by scan as well, the gravest groups first."""
    groups: dict[tuple[int, str, str | None], list[Finding]] = {}
    for finding in findings:
        scan = None if finding.severity == "info" else finding.scan
        groups.setdefault((-SEVERITIES.index(finding.severity), finding.code, scan), []).append(finding)
    return [group for _, group in sorted(groups.items(), key=lambda item: item[0][0])]


def _show_scans(looked: LookedAt) -> None:
    rows = []
    for scan in looked.case.scans:
        facts = looked.facts[scan.id]
        extent = " x ".join(f"{side:.1f}" for side in facts.extent_mm) if facts.extent_mm else "-"
        name = scan.id if scan.preferred else f"{scan.id} (carried along)"
        form = scan.format if facts.readable else f"{scan.format}, unreadable"
        faces = f"{facts.faces:,}" if facts.faces is not None else "-"
        rows.append((name, form, faces, facts.colour or "-", extent, scan.file.path))
    say_table(("scan", "format", "triangles", "colour", "extent mm", "file"), rows)


def _show_prescription(looked: LookedAt) -> None:
    prescription = looked.case.prescription
    for item in prescription.items:
        teeth = " ".join(str(tooth) for tooth in item.teeth) or "no tooth named"
        parts = [
            item.kind,
            teeth,
            item.material,
            f"shade {item.shade}" if item.shade else "",
            f"bridge {item.bridge}" if item.bridge else "",
        ]
        say("Ordered: " + ", ".join(part for part in parts if part))
    if not prescription.items:
        say("Ordered: nothing is stated in these files")
    if prescription.due:
        say(f"Due: {prescription.due.isoformat()}")
