"""The few signs of the report, each told apart by its shape as well as by its colour."""

from __future__ import annotations

from casepan_report.markup import Html, tag

_SHAPES = {
    "accept": ("M12 2a10 10 0 1 0 0 20a10 10 0 0 0 0-20z", "M7.5 12.5l3 3l6-6.5"),
    "review": ("M12 2.2L23 21.5H1z", "M12 9v6m0 2.6v.4"),
    "reject": ("M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9z", "M8.5 8.5l7 7m0-7l-7 7"),
    "info": ("M12 2a10 10 0 1 0 0 20a10 10 0 0 0 0-20z", "M12 11v6m0-10v.4"),
}
_OF_SEVERITY = {"error": "reject", "warning": "review", "info": "info"}


def verdict_icon(verdict: str) -> Html:
    """A tick in a disc, an exclamation mark in a triangle, a cross in an octagon."""
    body, mark = _SHAPES[verdict]
    paths = (tag("path", d=body, class_="body"), tag("path", d=mark, class_="mark"))
    return tag("svg", paths, class_=f"icon {verdict}", viewBox="0 0 24 24", width=24, height=24, aria_hidden="true")


def severity_icon(severity: str) -> Html:
    """The same signs for findings."""
    return verdict_icon(_OF_SEVERITY[severity])
