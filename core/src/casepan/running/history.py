"""What a case was before: as it came, and as each step that changed it left it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from casepan.errors import StateError
from casepan.model.case import Case
from casepan.model.documents import converter
from casepan.running.durable import read_document
from casepan.running.intake import CASE_DOCUMENT, read_case
from casepan.running.steps import STEP_DOCUMENT


def history_of(folder: Path) -> Iterator[Case]:
    """The states of a case, oldest first; one whose document is gone or damaged is left out."""
    with suppress(StateError):
        yield read_case(folder / CASE_DOCUMENT)
    for document in sorted((folder / "steps").glob(f"[0-9][0-9]-*/{STEP_DOCUMENT}")):
        with suppress(StateError, KeyError, TypeError, ValueError):
            yield converter().structure(read_document(document)["case"], Case)
