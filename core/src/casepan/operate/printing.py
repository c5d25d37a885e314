"""Pages of A4 for the printer: one file each, no script, nothing loaded, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from casepan.errors import UsageError
from casepan.operate.morning import Morning, Section, columns, fitting

ROWS_OF_A4 = 52
"""Rows of 4.8 mm below the heading; with the margins they fill an A4 page."""
STYLE = """
@page { size: A4 portrait; margin: 12mm }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 186mm; font: 9pt/4.8mm system-ui, "Segoe UI", Arial, sans-serif; color: #111; background: #fff }
.page { break-after: page }
.page:last-child { break-after: auto }
h1 { margin: 0; font-size: 13pt; line-height: 7mm }
h2 { margin: 0; font-size: 9pt; line-height: 4.8mm; border-bottom: 0.3mm solid #888 }
p { margin: 0; line-height: 4.8mm; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.head p { white-space: normal; max-height: 9.6mm; color: #444 }
table { width: 100%; border-collapse: collapse; table-layout: fixed }
td, th { height: 4.8mm; padding: 0 1mm 0 0; text-align: left; font-weight: normal }
td, th { white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
th { color: #444; border-bottom: 0.3mm solid #888 }
td.number, th.number { text-align: right }
.case { width: 24mm; font-family: ui-monospace, Consolas, monospace }
.no { width: 19mm }
.from { width: 22mm }
.work { width: 36mm }
.phone { width: 30mm }
td.say { padding-left: 24mm; font-style: italic }
.more { color: #444 }
@media screen and (prefers-color-scheme: dark) {
  body { color: #eee; background: #16181b }
  .head p, th, .more { color: #bbb }
}
"""
CELLS = ("case", "no", "from", "work", "phone", "why")


def page_of(morning: Morning) -> str:
    """The morning as one page of A4; what does not fit is counted."""
    rows = fitting(morning.sections, ROWS_OF_A4)
    body = "\n".join(_section(one, shown) for one, shown in zip(morning.sections, rows, strict=True))
    words = f"{morning.at:%H:%M} ({morning.at.tzinfo}), new since {morning.since:%a %Y-%m-%d %H:%M}. {morning.summary}"
    head = heading(f"{morning.lab}: {morning.title}", words)
    return document(morning.title, [head + (body or "<p>Nothing to do.</p>")])


def document(title: str, pages: Iterable[str]) -> str:
    """A whole HTML file of pages; their bodies are escaped already."""
    body = "\n".join(f'<section class="page">\n{page}\n</section>' for page in pages)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, texts: int = 1) -> str:
    """A table whose first ``texts`` columns are text and the others numbers."""
    head = "".join(f"<th{_number(index, texts)}>{escape(name)}</th>" for index, name in enumerate(headers))
    lines = (
        "".join(f"<td{_number(index, texts)}>{escape(str(cell))}</td>" for index, cell in enumerate(row))
        for row in rows
    )
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "\n</table>"


def heading(title: str, words: str) -> str:
    """What stands at the top of a page."""
    return f'<div class="head"><h1>{escape(title)}</h1>\n<p>{escape(words)}</p></div>\n'


def write_page(path: Path, text: str) -> None:
    """Write a page where somebody asked for it; see :func:`write_file`."""
    write_file(path, text.encode("utf-8"))


def write_file(path: Path, content: bytes) -> None:
    """Write a file where somebody asked for it, readable by its owner only; an older one is replaced once it is whole.

    Raises:
        UsageError: it cannot be written there.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        hint = "Name a file in a folder that is there and that you may write to."
        raise UsageError(f"cannot be written: {error.strerror}", place=str(path), hint=hint) from error


def _section(section: Section, shown: int) -> str:
    left = len(section.lines) - shown
    more = f'\n<p class="more">… and {left} more</p>' if left else ""
    rows = "\n".join(_rows(section, shown))
    lines = f"\n<table>\n{rows}\n</table>" if rows else ""
    return f'<h2 id="{section.id}">{escape(section.title)}: {len(section.lines)}</h2>{lines}{more}'


def _rows(section: Section, shown: int) -> Iterator[str]:
    for line in section.lines[:shown]:
        cells = zip(CELLS, columns(line), strict=True)
        row = "".join(f'<td class="{name}">{escape(cell)}</td>' for name, cell in cells)
        yield f"<tr>{row}</tr>"
        if line.point is not None:
            yield f'<tr><td class="say" colspan="{len(CELLS)}">“{escape(line.point)}”</td></tr>'


def _number(index: int, texts: int) -> str:
    return "" if index < texts else ' class="number"'
