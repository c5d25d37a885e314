"""Letters to the office as files: from ``validate --letter``, and about a case of the laboratory."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.errors import CasepanError
from casepan.testing import scan_bytes, small_scan

from .test_in_a_lab import LAB, lab_in

ORDER = (
    'version = 1\nreference = "R-77"\n[[items]]\nteeth = "26"\nkind = "crown"\nmaterial = "zirconia"\nshade = "A2"\n'
)


def casepan(*arguments: object) -> str:
    """What a command prints; its errors are raised."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def export_in(folder: Path, *roles: str) -> Path:
    """An export of an unprepared mouth, and the order of a crown."""
    folder.mkdir(parents=True)
    for role in roles:
        (folder / f"{role}.stl").write_bytes(scan_bytes(small_scan(role), "stl"))
    (folder / "rx.toml").write_text(ORDER, encoding="utf-8")
    return folder


def test_validate_writes_the_letter_with_its_pictures(tmp_path: Path) -> None:
    """Without a lab; in a folder named by the case, since names of files are names of patients."""
    export = export_in(tmp_path / "Jane Roe", "upper")
    told = json.loads(casepan("validate", export, "--letter", tmp_path / "letters", "--json"))
    (written,) = told["letters"]
    assert written["case"] == f"case-{told['case']['digest'][:6]}"
    folder = Path(written["folder"])
    assert sorted(written["files"]) == sorted(path.name for path in folder.iterdir())
    assert {"letter.html", "letter.md", "phone.txt"} < set(written["files"])
    assert "Case R-77" in (folder / "letter.md").read_text("utf-8")
    assert written["asked"][0].startswith("The scan of the opposing arch is missing")
    (export / "rx.toml").unlink()
    told = json.loads(casepan("validate", export, "--letter", tmp_path / "letters", "--json"))
    (written,) = told["letters"]
    assert f"# Case {told['case']['digest'][:6]}: " in (Path(written["folder"]) / "letter.md").read_text("utf-8")
    assert stat.S_IMODE((folder / "letter.md").stat().st_mode) == 0o600


def test_validate_writes_in_german(tmp_path: Path) -> None:
    """Letter and telephone script."""
    export = export_in(tmp_path / "export", "upper")
    said = casepan("validate", export, "--letter", tmp_path / "letters", "--language", "de")
    assert "Asked: Der Biss fehlt" in said
    (folder,) = (tmp_path / "letters").iterdir()
    assert "Der Biss fehlt" in (folder / "phone.txt").read_text("utf-8")
    assert '<html lang="de">' in (folder / "letter.html").read_text("utf-8")


def test_pictures_of_an_earlier_letter_do_not_stay(tmp_path: Path) -> None:
    """Nobody mails the picture of a question that is settled."""
    export = export_in(tmp_path / "export", "upper")
    casepan("validate", export, "--letter", tmp_path / "letters")
    (folder,) = (tmp_path / "letters").iterdir()
    (folder / "letter-1.png").write_bytes(b"old")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    casepan("validate", export, "--letter", tmp_path / "letters")
    assert not (folder / "letter-1.png").exists()
    assert (folder / "notes.txt").exists()


def test_nothing_to_ask_is_said(tmp_path: Path) -> None:
    """And no letter is written."""
    export = tmp_path / "export"
    export.mkdir()
    for role in ("upper", "lower", "bite"):
        (export / f"{role}.stl").write_bytes(scan_bytes(small_scan(role), "stl"))
    (tmp_path / "lab.toml").write_text('version = 1\n[lab]\nname = "Lab"\n', encoding="utf-8")
    said = casepan("validate", export, "--letter", tmp_path / "letters", "--lab", tmp_path / "lab.toml")
    assert "there is nothing to ask the office" in said
    assert not (tmp_path / "letters").exists()


def test_where_nothing_is_recognised_no_letter_is_promised(tmp_path: Path) -> None:
    """It is said, and the list is empty."""
    (tmp_path / "film.mp4").write_bytes(b"x")
    assert "Letter: none" in casepan("validate", tmp_path / "film.mp4", "--letter", tmp_path / "letters")
    told = json.loads(casepan("validate", tmp_path / "film.mp4", "--letter", tmp_path / "letters", "--json"))
    assert (told["letters"], told["verdict"]) == ([], "reject")
    assert not (tmp_path / "letters").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--letter", "{here}/letters", "--language", "tlh"), "no letters in 'tlh'"),
        (("--language", "de"), "--language is of letters"),
        (("--letter", "{here}/export/rx.toml"), "cannot be written"),
    ],
)
def test_letters_that_cannot_be_are_refused(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """An unknown language, a language without a letter, a folder that is a file."""
    export = export_in(tmp_path / "export", "upper")
    with pytest.raises(CasepanError, match=words) as caught:
        casepan("validate", export, *(one.format(here=tmp_path) for one in arguments))
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_lab_adds_a_language_by_a_file(tmp_path: Path) -> None:
    """Translated from what ``rules letters en`` prints; ``rules check`` agrees, and letters are written in it."""
    export = export_in(tmp_path / "export", "upper")
    lab = tmp_path / "lab.toml"
    lab.write_text(LAB, encoding="utf-8")
    french = casepan("rules", "letters", "en", "--lab", lab)
    for english, words in FRENCH.items():
        assert english in french
        french = french.replace(english, words)
    file = tmp_path / "rules" / "letters" / "fr.toml"
    file.parent.mkdir(parents=True)
    file.write_text(french, encoding="utf-8")
    assert casepan("rules", "check", "--lab", lab).splitlines() == ["rules/letters/fr.toml", "ok"]
    assert casepan("rules", "letters", "--lab", lab).splitlines()[1:] == ["de\tDeutsch", "en\tEnglish", "fr\tFrançais"]
    assert casepan("rules", "letters", "fr", "--lab", lab).strip() == french.strip()
    assert json.loads(casepan("rules", "letters", "fr", "--lab", lab, "--json"))["text"] == french
    assert json.loads(casepan("rules", "letters", "--lab", lab, "--json"))["languages"]["fr"] == "Français"
    casepan("validate", export, "--lab", lab, "--letter", tmp_path / "letters", "--language", "fr")
    (folder,) = (tmp_path / "letters").iterdir()
    letter = (folder / "letter.md").read_text("utf-8")
    assert "Chers confrères," in letter
    assert "Il manque l'occlusion" in letter
    assert "dent 26" in letter
    assert "Test laboratory" in letter


FRENCH = {
    'language = "English"': 'language = "Français"',
    'decimal = "."': 'decimal = ","',
    'greeting = "Dear colleagues,"': 'greeting = "Chers confrères,"',
    'tooth = "tooth {teeth}"': 'tooth = "dent {teeth}"',
    "The bite is missing: we cannot tell how the arches meet.": "Il manque l'occlusion.",
}


def test_a_language_that_is_not_whole_is_told_with_lines(tmp_path: Path) -> None:
    """By ``rules check``, at the table where the keys are missing."""
    lab = tmp_path / "lab.toml"
    file = tmp_path / "rules" / "letters" / "fr.toml"
    file.parent.mkdir(parents=True)
    file.write_text('schema = 1\n\n[letter]\ngreeting = "Chers confrères,"\n', encoding="utf-8")
    told = json.loads(casepan("rules", "check", "--lab", lab, "--json"))["problems"]
    subject = next(one for one in told if one["reason"].startswith("letter.subject: "))
    assert subject["place"].endswith("fr.toml:3")
    assert subject["reason"] == "letter.subject: is missing and stays English"


def test_an_unknown_language_has_no_file(tmp_path: Path) -> None:
    """Nor has a path that leads elsewhere."""
    (tmp_path / "secret.toml").write_text("x = 1\n", encoding="utf-8")
    for name in ("fr", "../secret", "../../secret"):
        with pytest.raises(CasepanError, match="no letters in"):
            casepan("rules", "letters", name, "--lab", tmp_path / "lab.toml")


def test_a_case_of_the_lab_gets_its_letter_in_its_practices_language(tmp_path: Path) -> None:
    """With the laboratory's name and the case's number; asked again it is the same, without what somebody marked as wrong."""
    lab_in(tmp_path)
    (tmp_path / "practices.toml").write_text(
        'version = 1\n[practices.roe]\nname = "Roe"\nlanguage = "de"\nkeys = { inboxes = ["inbox"] }\n',
        encoding="utf-8",
    )
    lab = ("--lab", tmp_path / "lab.toml")
    (case,) = json.loads(casepan("run", *lab, "--json"))["cases"]
    told = json.loads(casepan("cases", "letter", case["place"], *lab, "--out", tmp_path / "letters", "--json"))
    assert (told["schema"], told["case"], told["language"]) == (1, case["place"], "de")
    folder = Path(told["folder"])
    assert folder == tmp_path / "letters" / case["place"]
    letter = (folder / "letter.md").read_text("utf-8")
    assert f"Fall {case['place']}" in letter
    assert "Test laboratory" in letter
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    casepan("cases", "letter", case["place"], *lab, "--out", tmp_path / "letters", "--language", "de")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    shown = json.loads(casepan("cases", "show", case["place"], *lab, "--json"))
    named = zip(shown["finding_ids"], shown["case"]["findings"], strict=True)
    for name in [name for name, finding in named if finding["message"].startswith("there is no bite")]:
        casepan("findings", "mark", case["place"], name, "wrong", "--by", "anna", *lab)
    again = json.loads(casepan("cases", "letter", case["place"], *lab, "--out", tmp_path / "letters", "--json"))
    assert told["asked"] != again["asked"] == [words for words in told["asked"] if "Biss" not in words]
