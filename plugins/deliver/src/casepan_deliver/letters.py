"""The letter to the office as a mail."""

from __future__ import annotations

from attrs import evolve

from casepan.api import (
    Case,
    Context,
    as_html,
    as_markdown,
    completeness_rules,
    lacks,
    letter_pictures,
    letter_texts,
    write_letter,
)
from casepan_deliver.disclosure import tells_name
from casepan_deliver.email_message import Draft


def letter_draft(case: Case, ctx: Context, *, language: str = "", lab: str = "") -> Draft | None:
    """The letter in the practice's language, as text (Markdown) and HTML; None when nothing is a question to the office.

    The HTML shows the place of each point; a picture shows a surface, its file says nothing of whose it is.
    The order's reference stands in it unless it holds a part of the patient's name: then the case's own ref does.

    Args:
        language: instead of the practice's own; English when neither is known.
        lab: the laboratory's name, under the letter.

    Raises:
        ConfigError: there are no letter texts in that language.
    """
    wanted = language or (case.client.language if case.client else "en")
    texts = letter_texts(wanted, ctx.rules.get("letters", {}))
    if tells_name(case, case.prescription.reference or ""):
        case = evolve(case, prescription=evolve(case.prescription, reference=None))
    found = lacks(case, completeness_rules(ctx.rules.get("completeness", {})))
    letter = write_letter(case, case.findings, texts, lab=lab, lacks=found)
    if letter is None:
        return None
    pictures = letter_pictures(letter, case, ctx.mesh)
    page = f'<!DOCTYPE html>\n<html lang="{wanted}"><body>\n{as_html(letter, pictures)}</body></html>\n'
    return Draft(" ".join(letter.subject.split()), as_markdown(letter), page)
