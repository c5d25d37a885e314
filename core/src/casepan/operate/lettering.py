"""Letters to the office as files: for a case of the laboratory, and for whatever lies in a PATH."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from casepan.config.lab import Lab
from casepan.errors import UsageError
from casepan.knowledge.completeness import completeness_rules, lacks
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.knowledge.letter_pictures import letter_files, letter_pictures, picture_name
from casepan.knowledge.letters import ENGLISH, MOST_POINTS, languages, letter_texts, write_letter
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.operate.desk import Desk, find_case, latest_case
from casepan.operate.looking import Inspection
from casepan.operate.printing import write_file
from casepan.running.context import Bench
from casepan.running.facts import named_findings
from casepan.running.intake import open_source
from casepan.running.ledger import CaseRow
from casepan.running.steps import stores_of


@frozen
class LetterWish:
    """Where letters go and how they are written.

    Attributes:
        folder: each letter gets a folder of its own in it.
        language: None for the practice's own, English where that is not known.
        lab: the laboratory's name.
        rules: the laboratory's own rules.
    """

    folder: Path
    language: str | None = None
    lab: str = ""
    rules: Mapping[str, Any] = field(factory=dict)


@frozen
class Written:
    """What became of one case's letter.

    Attributes:
        case: the case, or a name made of its content.
        language: of the letter.
        asked: the questions, worst first; empty when there is nothing to ask.
        folder: where the letter lies, None when there is none; files: names in it.
    """

    case: str
    language: str
    asked: tuple[str, ...] = ()
    folder: Path | None = None
    files: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        folder = None if self.folder is None else str(self.folder)
        return {
            "case": self.case, "language": self.language, "asked": list(self.asked), "folder": folder,
            "files": list(self.files),
        }  # fmt: skip


def letter_of_case(desk: Desk, place: str, folder: Path, language: str | None = None) -> Written:
    """Write the letter about a case of the laboratory, with what its last run noticed and nobody marked as wrong.

    Raises:
        UsageError: there is no such case or language, its files are gone, or the folder cannot be written to.
        ConfigError: the laboratory's own texts or rules do not fit.
    """
    row = find_case(desk, place)
    case = latest_case(desk, row)
    if case is None:
        raise UsageError(f"the files of {place} are no longer here", hint="Its trail is: casepan cases show")
    wish = wish_of(folder, language, desk.lab)
    stores = stores_of(desk.state.case(row.ref, row.revision))
    with Bench.on(open_source(desk.state.arrival(row.arrival)), stores=stores) as bench:
        asked = evolve(case, ref=row.place, findings=_believed(desk, row, case))
        return _written(asked, row.place, bench, wish)


def _believed(desk: Desk, row: CaseRow, case: Case) -> tuple[Finding, ...]:
    """The findings without those that the laboratory marked as wrong."""
    wrong = {one.id for one in desk.ledger.findings_of(row.ref, row.revision) if one.agrees is False}
    return tuple(finding for name, finding in named_findings(case.findings) if name not in wrong)


def wish_of(folder: Path, language: str | None, lab: Lab | None) -> LetterWish:
    """The wish of somebody who looks at a PATH, with a laboratory or without."""
    if lab is None:
        return LetterWish(folder, language)
    return LetterWish(folder, language, lab.lab.name, read_lab_rules(lab.base))


def letters_of(inspection: Inspection, bench: Bench, wish: LetterWish) -> tuple[Written, ...]:
    """Write a letter about each case of a PATH.

    Raises:
        UsageError: there is no such language, or the folder cannot be written to.
        ConfigError: the laboratory's own texts or rules do not fit.
    """
    return tuple(_written(case, f"case-{case.ref}", bench, wish) for case in _named(inspection))


def _named(inspection: Inspection) -> Iterator[Case]:
    """The cases with their findings; called by their content, since names of files are names of patients."""
    for looked in inspection.cases:
        yield evolve(looked.case, ref=looked.case.digest[:6], findings=looked.findings)


def _written(case: Case, name: str, bench: Bench, wish: LetterWish) -> Written:
    own = wish.rules.get("letters", {})
    language = _language(case, wish.language, own)
    needs = lacks(case, completeness_rules(wish.rules.get("completeness", {})))
    letter = write_letter(case, case.findings, letter_texts(language, own), lab=wish.lab, lacks=needs)
    if letter is None:
        return Written(name, language)
    files = letter_files(letter, letter_pictures(letter, case, bench.mesh), language)
    folder = wish.folder / name
    _write(folder, files)
    return Written(name, language, tuple(point.what for point in letter.points), folder, tuple(files))


def _language(case: Case, wanted: str | None, own: Mapping[str, Any]) -> str:
    if wanted is not None:
        if wanted not in languages(own):
            raise _no_language(wanted, own)
        return wanted
    spoken = case.client.language if case.client else ENGLISH
    return spoken if spoken in languages(own) else ENGLISH


def _no_language(language: str, own: Mapping[str, Any]) -> UsageError:
    known = ", ".join(languages(own))
    hint = f"There are: {known}. `casepan rules letters en` prints a file to translate as rules/letters/LANGUAGE.toml."
    return UsageError(f"there are no letters in {language!r}", hint=hint)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """The files, readable by their owner only, without pictures of an earlier letter about the same case."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _pictures() - set(files):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        hint = "Name a folder that you may write to."
        raise UsageError(f"cannot be written: {error.strerror}", place=str(folder), hint=hint) from error
    for name, content in files.items():
        write_file(folder / name, content)


def _pictures() -> set[str]:
    return {picture_name(number) for number in range(1, MOST_POINTS + 1)}
