"""Did you mean? One helper for keys of ``lab.toml``, stages, plugins and commands."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, upper and lower case being equal; None when nothing comes near."""
    by_fold = {name.casefold(): name for name in sorted(known, reverse=True)}
    near = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A sentence for ``hint``: the closest known word, else all of them; None when nothing is known at all.

    >>> did_you_mean("setle", ["settle", "path"])
    "Did you mean 'settle'?"
    """
    names = sorted(known)
    near = closest(word, names)
    if near is not None:
        return f"Did you mean {near!r}?"
    return f"Possible here: {', '.join(names)}." if names else None
