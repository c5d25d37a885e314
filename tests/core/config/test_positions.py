"""Lines of TOML keys."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.config.positions import line_numbers, line_of

TEXT = '''# comment
version = 1

[lab]
name = "a # [b]"   # c
"x.y".z = 'q'
[secrets]
a = { env = "X", b = [1, 2] }
m = """
[[no.table]]
k = 1 \\""" still
"""
n = \'\'\'
it's
\'\'\'
[[p.c.import]]
use = "x"
[p.c.import.with]
a=1
[[p.c.import]]
with = { q = [
  1,   # one
  { r = 2 },
] , z = 1979-05-27T07:32:00Z }
[[p.c.import.deep]]
[[p.c.import.deep]]
w = -1.5e3
["quo\\u0074ed" . 'li.teral']
last = true'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("version",), 2),
        (("lab",), 4),
        (("lab", "name"), 5),
        (("lab", "x.y", "z"), 6),
        (("secrets", "a", "env"), 8),
        (("secrets", "a", "b", 1), 8),
        (("secrets", "m"), 9),
        (("secrets", "n"), 13),
        (("p", "c", "import", 0), 16),
        (("p", "c", "import", 0, "use"), 17),
        (("p", "c", "import", 0, "with", "a"), 19),
        (("p", "c", "import", 1), 20),
        (("p", "c", "import", 1, "with", "q"), 21),
        (("p", "c", "import", 1, "with", "q", 0), 22),
        (("p", "c", "import", 1, "with", "q", 1, "r"), 23),
        (("p", "c", "import", 1, "with", "z"), 24),
        (("p", "c", "import", 1, "deep", 0), 25),
        (("p", "c", "import", 1, "deep", 1, "w"), 27),
        (("quoted", "li.teral"), 28),
        (("quoted", "li.teral", "last"), 29),
    ],
)
def test_every_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    """Tables, arrays of tables, inline tables, lists, dotted and quoted keys, strings that look like TOML."""
    assert line_numbers(TEXT)[path] == line


def test_a_key_that_is_not_there_has_the_line_of_its_table() -> None:
    """A missing or overridden key is told at the nearest table."""
    lines = line_numbers(TEXT)
    assert line_of(("lab", "timezone"), lines) == 4
    assert line_of(("p", "c", "import", 1, "id"), lines) == 20
    assert line_of(("nowhere", "at", "all"), lines) == 1


def test_a_text_that_is_no_toml_ends() -> None:
    """The scanner never loops, whatever it is given."""
    with pytest.raises(ValueError, match="not a TOML key"):
        line_numbers("= 1")


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path of a parsed document."""
    found = {path}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found |= paths(item, (*path, key))
    return found


def test_every_path_of_the_document_is_found_and_no_other() -> None:
    """The scanner and the parser see the same keys."""
    assert set(line_numbers(TEXT)) == paths(tomllib.loads(TEXT))


KEYS = st.text("ab-_1", min_size=1, max_size=3) | st.sampled_from(['"a.b"', "'#'", '"\\""', '"ü"', '" "'])
VALUES = st.recursive(
    st.sampled_from(["1", "true", "'#]'", '"\\"}"', '"""\n]\n"""', "'''\n'''", "1979-05-27 07:32:00", "+inf", "0xf"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[\n" + " ,# c\n".join(items) + "\n]")
        | st.dictionaries(KEYS, inner, max_size=2).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)
LINES = st.lists(
    st.tuples(KEYS, VALUES).map(" = ".join)
    | st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: f"[{' . '.join(keys)}]")
    | st.lists(KEYS, min_size=1, max_size=2).map(lambda keys: f"[[{'.'.join(keys)}]]"),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(LINES)
def test_scanner_and_parser_agree_on_any_document(lines: list[str]) -> None:
    """For whatever tomllib accepts, every path has a line, and the lines lie in the text."""
    text = "\n".join(lines)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = line_numbers(text)
    assert paths(document) <= set(found)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
