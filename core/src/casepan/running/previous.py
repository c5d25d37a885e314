"""The revision of a case that was handed on before the one in work, opened for whoever compares the two."""

from __future__ import annotations

from casepan.errors import CasepanError
from casepan.model.case import Case
from casepan.running.context import Bench
from casepan.running.intake import CASE_DOCUMENT, open_source, read_case
from casepan.running.layout import StateFolder
from casepan.running.steps import RESULT_DOCUMENT, read_result, stores_of


def open_previous(state: StateFolder, ref: str, previous: tuple[int, str] | None) -> tuple[Case, Bench] | None:
    """The case as its steps left it, with its files; None when there is none, or when it is gone or damaged.

    Args:
        previous: its revision and its arrival.
    """
    if previous is None:
        return None
    folder = state.case(ref, previous[0])
    try:
        whole = (folder / RESULT_DOCUMENT).is_file()
        case = read_result(folder).case if whole else read_case(folder / CASE_DOCUMENT)
        return case, Bench.on(open_source(state.arrival(previous[1])), stores=stores_of(folder))
    except CasepanError:
        return None
