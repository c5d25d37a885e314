"""The laboratory's rules: what is in force, and whether its own files fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.config.suggest import did_you_mean
from casepan.errors import ConfigError, UsageError
from casepan.knowledge.completeness import Rules, Work, completeness_rules, rules_from
from casepan.knowledge.implants import implants_from
from casepan.knowledge.lab_rules import FOLDER, checked, read_lab_rules, rule_files
from casepan.knowledge.letters import texts_from

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
        yield from checked(path, lambda table: texts_from(path.stem, table))
    elif name in CHECKS:
        yield from checked(path, CHECKS[name])
    else:
        known = (*CHECKS, "letters/LANGUAGE")
        yield ConfigError("nothing reads a rules file of this name", place=str(path), hint=did_you_mean(name, known))
