"""Did you mean?"""

from __future__ import annotations

import pytest

from casepan.config.suggest import closest, did_you_mean


@pytest.mark.parametrize(
    ("word", "near"), [("setle", "settle"), ("SETTLE", "settle"), ("pth", "path"), ("zzz", None), ("", None)]
)
def test_the_closest_word_is_found(word: str, near: str | None) -> None:
    """Typos and case lead to the word that was meant; nonsense to none."""
    assert closest(word, ["settle", "path", "give_up"]) == near


def test_names_keep_their_own_case() -> None:
    """The suggestion is spelt as it must be written."""
    assert closest("europe/berlin", ["Europe/Berlin"]) == "Europe/Berlin"


def test_the_sentence_is_a_suggestion_a_list_or_nothing() -> None:
    """The nearest word, else all of them, else nothing to say."""
    assert did_you_mean("setle", ["settle", "path"]) == "Did you mean 'settle'?"
    assert did_you_mean("zzz", ["settle", "path"]) == "Possible here: path, settle."
    assert did_you_mean("zzz", []) is None
