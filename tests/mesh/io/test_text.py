"""Numbers of text files are the numbers that ``float()`` reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.mesh.text import BadNumberError, key, tokenise

FORMS = ("{}", "{:f}", "{:.3f}", "{:e}", "{:E}", "{:.12g}", "{:+.2e}", "{:.0f}.", "{:.17g}")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(FORMS)), max_size=40)
)
def test_written_floats_are_read_back(values: list[tuple[float, str]]) -> None:
    """Whatever way a float32 is printed, the nearest float32 of the text is read."""
    words = [form.format(value) for value, form in values]
    read = tokenise(" ".join(words).encode()).numbers()
    with np.errstate(over="ignore"):
        assert np.array_equal(read.astype(np.float32), np.array([float(word) for word in words]).astype(np.float32))


@settings(deadline=None)
@given(st.lists(st.integers(-(2**53), 2**53), max_size=30))
def test_integers_are_exact(values: list[int]) -> None:
    """Indices and counts lose no digit."""
    assert tokenise("\n".join(map(str, values)).encode()).numbers().tolist() == values


@settings(deadline=None)
@given(st.text("0123456789.eE+-xn_", min_size=1, max_size=9))
def test_a_word_is_a_number_exactly_when_float_says_so(word: str) -> None:
    """No other grammar than that of ``float()``, less its underscores."""
    try:
        expected = None if "_" in word else float(word)
    except ValueError:
        expected = None
    if expected is None:
        with pytest.raises(BadNumberError):
            tokenise(word.encode()).numbers()
    else:
        assert tokenise(word.encode()).numbers().tolist() == [expected]


@pytest.mark.parametrize("word", ["nan", "-nan", "NaN", "1.#IND", "-1.#QNAN", "1.#SNAN"])
def test_not_a_number_has_many_spellings(word: str) -> None:
    """All of them are NaN."""
    assert np.isnan(tokenise(word.encode()).numbers()).all()


@pytest.mark.parametrize(
    ("word", "value"), [("inf", np.inf), ("-Infinity", -np.inf), ("1.#INF", np.inf), ("-1.#INF", -np.inf)]
)
def test_infinity_has_many_spellings(word: str, value: float) -> None:
    """With either sign."""
    assert tokenise(word.encode()).numbers().tolist() == [value]


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_words_are_what_stands_between_blanks(text: bytes) -> None:
    """Bytes up to 32 separate, everything else is a word."""
    words = tokenise(text)
    blanks = bytes(range(33))
    expected = text.translate(bytes(32 if byte in blanks else byte for byte in range(256))).split(b" ")
    found = [text[start:end] for start, end in zip(words.starts, words.ends, strict=True)]
    assert found == [word for word in expected if word]


def test_long_text_is_split_like_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the scanning blocks meet, no word is lost or cut."""
    text = b" ".join(b"%d" % number for number in range(500))
    monkeypatch.setattr("casepan.mesh.text._SCAN", 7)
    monkeypatch.setattr("casepan.mesh.text._BLOCK", 11)
    assert tokenise(text).numbers().tolist() == list(range(500))


def test_bad_number_is_told_with_its_place() -> None:
    """The offset is that of the word in the text."""
    with pytest.raises(BadNumberError) as caught:
        tokenise(b"1 22 x3 4").numbers()
    assert caught.value.offset == 5


def test_keys_compare_words_of_up_to_eight_bytes() -> None:
    """A word and its key are the same thing, at the end of the text too."""
    words = tokenise(b"f vertex endfacet v")
    assert [int(each) for each in list(words.keys())] == [
        int(key(word)) for word in (b"f", b"vertex", b"endfacet", b"v")
    ]
