"""What the practice reads: the words of the letter to the office, in its own language, instead of those of the checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import evolve

from casepan.api import Case, ConfigError, Context, Finding, completeness_rules, lacks, letter_texts, write_letter

if TYPE_CHECKING:
    from casepan.api import Texts


def language_of(case: Case, ctx: Context) -> str:
    """The practice's language, English where there are no letters in it."""
    wanted = case.client.language if case.client else "en"
    try:
        letter_texts(wanted, ctx.rules.get("letters", {}))
    except ConfigError:
        return "en"
    return wanted


def asked_of_office(case: Case, ctx: Context) -> tuple[Finding, ...]:
    """The findings that are a question to the office, in the words of the letter; the others stay in the laboratory.

    Raises:
        ConfigError: the laboratory's own letter texts or rules do not fit.
    """
    texts = letter_texts(language_of(case, ctx), ctx.rules.get("letters", {}))
    return tuple({(found.message, found.scan): found for found in _worded(case, ctx, texts)}.values())


def _worded(case: Case, ctx: Context, texts: Texts) -> Iterator[Finding]:
    lacking = lacks(case, completeness_rules(ctx.rules.get("completeness", {})))
    for finding in case.findings:
        letter = write_letter(case, (finding,), texts, lacks=lacking)
        if letter is not None:
            (point,) = letter.points
            yield evolve(finding, message=point.what, hint=point.how)
