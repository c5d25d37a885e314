"""The laboratory's rules: what is in force, and whether its own files fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.config.loader import read_text
from casepan.config.suggest import did_you_mean
from casepan.errors import ConfigError, UsageError
from casepan.knowledge.completeness import Rules, Work, completeness_rules, rules_from
from casepan.knowledge.implants import implants_from
from casepan.knowledge.lab_rules import FOLDER, checked, read_lab_rules, rule_files
from casepan.knowledge.letters import Texts, checked_texts, languages, letter_texts, shipped_texts

CHECKS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {"completeness": rules_from, "implants": implants_from}
"""Rules files by name, and what reads each."""


@frozen
class RulesCheck:
    """What ``casepan rules check`` found: the files it read, below the folder of lab.toml, and every problem."""

    files: tuple[str, ...]
    problems: tuple[ConfigError, ...]

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        problems = [{"place": one.place, "reason": one.reason, "hint": one.hint} for one in self.problems]
        return {"schema": 1, "files": list(self.files), "problems": problems}


def rules_in_force(lab: Path) -> Rules:
    """The shipped rules under those of the lab whose ``lab.toml`` this is; without a lab the shipped ones.

    Raises:
        ConfigError: the lab's table does not fit.
    """
    return completeness_rules(read_lab_rules(lab.parent).get("completeness", {}))


def work_named(rules: Rules, name: str) -> Work:
    """One kind of work. Raises ``UsageError`` when there is none of that name."""
    if name not in rules.work:
        raise UsageError(f"there are no rules for {name!r}", hint=did_you_mean(name, rules.work))
    return rules.work[name]


def letter_languages(lab: Path) -> dict[str, Texts]:
    """The texts of letters in force, by language: the shipped ones and those of the lab.

    Raises:
        ConfigError: the lab's own texts do not fit.
    """
    own = read_lab_rules(lab.parent).get("letters", {})
    return {language: letter_texts(language, own) for language in languages(own)}


def letter_file(lab: Path, language: str) -> str:
    """The file of texts in a language, to copy, change or translate: the shipped one, else the lab's own.

    Raises:
        UsageError: there is none.
    """
    own = lab.parent / FOLDER / "letters" / f"{language}.toml"
    if language in shipped_texts():
        return shipped_texts()[language]
    if own.is_file() and own.parent.name == "letters":
        return read_text(own)
    known = ", ".join(languages(read_lab_rules(lab.parent).get("letters", {})))
    hint = f"There are: {known}. Translate `casepan rules letters en` into {FOLDER}/letters/LANGUAGE.toml."
    raise UsageError(f"there are no letters in {language!r}", hint=hint)


def check_rules(lab: Path) -> RulesCheck:
    """Read every file in ``rules/`` beside ``lab.toml``.

    Raises:
        UsageError: there is no such folder beside it.
    """
    base = lab.parent
    if not (base / FOLDER).is_dir():
        hint = f"Put completeness.toml into {FOLDER}/ beside lab.toml; without it the shipped rules count."
        raise UsageError("there is no folder of rules", place=str(base / FOLDER), hint=hint)
    files = tuple(rule_files(base))
    problems = tuple(problem for path in files for problem in _problems(path, base / FOLDER))
    return RulesCheck(tuple(path.relative_to(base).as_posix() for path in files), problems)


def _problems(path: Path, folder: Path) -> Iterator[ConfigError]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    if name.startswith("letters/") and name.count("/") == 1:
        yield from checked(path, lambda table: checked_texts(path.stem, table))
    elif name in CHECKS:
        yield from checked(path, CHECKS[name])
    else:
        known = (*CHECKS, "letters/LANGUAGE")
        yield ConfigError("nothing reads a rules file of this name", place=str(path), hint=did_you_mean(name, known))
