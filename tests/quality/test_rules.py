"""``casepan rules``: the table in force, and the laboratory's own files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.errors import ConfigError, UsageError
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.operate.ruling import check_rules, rules_in_force, work_named


def lab_with(folder: Path, files: Mapping[str, str]) -> Path:
    """The path of a lab.toml beside these files."""
    for name, text in files.items():
        path = folder / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "lab.toml"


def test_without_a_lab_the_shipped_rules_count(tmp_path: Path) -> None:
    """A crown needs three scans."""
    rules = rules_in_force(tmp_path / "lab.toml")
    assert work_named(rules, "crown").required == ("preparation", "antagonist", "bite")


def test_a_labs_file_lies_over_the_shipped_table(tmp_path: Path) -> None:
    """Work that is like another follows it."""
    lab = lab_with(tmp_path, {"completeness.toml": '[work.crown]\nrequired = ["preparation"]\n'})
    rules = rules_in_force(lab)
    assert rules.work["bridge"].required == ("preparation",)
    assert rules.work["model"].required == ("arch",)
    assert check_rules(lab).problems == ()


def test_rules_of_letters_are_tables_by_language(tmp_path: Path) -> None:
    """A folder is a table of tables."""
    lab_with(tmp_path, {"letters/en.toml": '[letter]\ngreeting = "Hi,"\n'})
    assert read_lab_rules(tmp_path) == {"letters": {"en": {"letter": {"greeting": "Hi,"}}}}


def test_every_problem_of_every_file_is_told_with_its_line(tmp_path: Path) -> None:
    """A wrong type, a placeholder that nothing fills, a file that nothing reads, a file that is no TOML."""
    files = {
        "completeness.toml": "\n[work.crown]\ntitle = 3\nrequired = 4\n",
        "letters/en.toml": '[letter]\nsubject = "{patient}"\n',
        "complteness.toml": "",
        "letters/de.toml": "subject = \n",
    }
    check = check_rules(lab_with(tmp_path, files))
    told = {(str(one.place).rpartition("rules/")[2], one.reason.partition(":")[0]) for one in check.problems}
    assert told == {
        ("completeness.toml:3", "work.crown.title"),
        ("completeness.toml:4", "work.crown.required"),
        ("letters/en.toml:2", "letter.subject"),
        ("complteness.toml", "nothing reads a rules file of this name"),
        ("letters/de.toml", "not valid TOML"),
    }
    assert len(check.files) == 4


def test_one_round_of_corrections_is_enough(tmp_path: Path) -> None:
    """Names that lead nowhere are told beside keys of a wrong type; rules that nothing can ever use are told too."""
    rules = """
[scans.bite]
count = 0
[work.crown]
title = 3
required = ["preparation", "antagonst"]
[work.veneer]
like = "veneer"
[work.night-guard]
title = "night guard"
like = "splint"
[fields.colour]
title = "colour"
"""
    told = {one.reason for one in check_rules(lab_with(tmp_path, {"completeness.toml": rules})).problems}
    assert {reason.partition(": ")[0] for reason in told} == {
        "scans.bite.count", "work.crown.title", "work.crown.required", "work.veneer.like", "work.night-guard", "fields.colour",
    }  # fmt: skip


def test_work_that_other_work_is_like_may_have_any_name(tmp_path: Path) -> None:
    """A lab may name what its kinds have in common."""
    rules = '[work.metal]\ntitle = "metal"\nlike = "crown"\n[work.coping]\nlike = "metal"\n'
    assert check_rules(lab_with(tmp_path, {"completeness.toml": rules})).problems == ()


def test_broken_files_stop_who_needs_them(tmp_path: Path) -> None:
    """A rules file that is no TOML is an error with its place."""
    lab = lab_with(tmp_path, {"completeness.toml": "x =\n"})
    with pytest.raises(ConfigError, match=r"completeness\.toml"):
        rules_in_force(lab)


def test_a_folder_without_rules_is_said(tmp_path: Path) -> None:
    """Checking nothing would look like success."""
    with pytest.raises(UsageError, match="no folder of rules"):
        check_rules(tmp_path / "lab.toml")


def test_the_command_line_shows_rules(tmp_path: Path) -> None:
    """All as a table, one in words, either as JSON."""
    lab = ["--lab", str(tmp_path / "lab.toml")]
    run = CliRunner().invoke
    assert "implant-crown" in run(app, ["rules", "show", *lab]).output
    assert "must be stated: the implant system" in run(app, ["rules", "show", "implant-crown", *lab]).output
    assert "may come by courier: impression" in run(app, ["rules", "show", "full-denture", *lab]).output
    whole = json.loads(run(app, ["rules", "show", "--json", *lab]).output)
    assert whole["schema"] == 1
    assert whole["work"]["crown"] == {
        key: value
        for key, value in json.loads(run(app, ["rules", "show", "crown", "--json", *lab]).output).items()
        if key != "schema"
    }


def test_the_command_line_checks_rules(tmp_path: Path) -> None:
    """Ends 0 when all fits, 3 when not."""
    lab = lab_with(tmp_path, {"completeness.toml": '[work.crown]\nwanted = ["due"]\n'})
    good = CliRunner().invoke(app, ["rules", "check", "--lab", str(lab)])
    assert (good.exit_code, good.stdout.splitlines()) == (0, ["rules/completeness.toml", "ok"])
    lab_with(tmp_path, {"completeness.toml": '[work.crown]\nwanted = ["day"]\n'})
    bad = CliRunner().invoke(app, ["rules", "check", "--lab", str(lab), "--json"])
    assert bad.exit_code == 3
    assert json.loads(bad.stdout)["problems"][0]["reason"] == "work.crown.wanted: 'day' is not defined"
