"""Keyed pseudonyms: equal values and keys give equal pseudonyms, and nobody without the key can try whether a guess fits."""

from __future__ import annotations

import hmac
import re
import unicodedata
from hashlib import sha256

from attrs import field, frozen

from casepan.api import ConfigError

SHORTEST_KEY = 16
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = "23456789"
_PAIRS = 5
UMLAUTS = {
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe", "ł": "l", "đ": "d", "ð": "d",
    "þ": "th", "ı": "i",
}  # fmt: skip
"""How letters are written where a keyboard or a file name has none of them."""


@frozen
class Pseudonyms:
    """Makes pseudonyms with one key.

    A pseudonym is a letter for the field, a hyphen, and five pairs of a digit and a letter (``P-7K2Q9M4X5T``): read aloud
    without doubt, never with two letters side by side that could be a name. One in 1.6e11 values gets the pseudonym of
    another one; among 10,000 patients two are equal with probability 0.0003.
    """

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> Pseudonyms:
        """With the key that the laboratory keeps secret.

        Raises:
            ConfigError: it is shorter than 16 characters.
        """
        if len(secret.strip()) < SHORTEST_KEY:
            raise ConfigError(
                f"the key of prepare.pseudonymise is shorter than {SHORTEST_KEY} characters",
                hint="Make one, for example with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )
        return cls(secret.strip().encode("utf-8"))

    def of_person(self, kind: str, text: str) -> str:
        """The pseudonym of somebody, however the name is written: ``Doe, Jane``, ``jane doe`` and ``JANE_DOE`` are one."""
        return self._made(kind, " ".join(sorted(words_of(plain(text)))) or plain(text))

    def of_text(self, kind: str, text: str) -> str:
        """The pseudonym of a number or any other text; capitals and blanks at the ends do not matter."""
        return self._made(kind, plain(text).strip())

    def of_content(self, sha256_hex: str) -> str:
        """What stands for the checksum of a file that was cleaned: who has the key can prove it, and nobody can look it up."""
        return hmac.new(self.key, f"casepan\0content\0{sha256_hex}".encode(), sha256).hexdigest()

    def _made(self, kind: str, value: str) -> str:
        digest = hmac.new(self.key, f"casepan\0{kind}\0{value}".encode("utf-8", "surrogateescape"), sha256).digest()
        number = int.from_bytes(digest, "big")
        made = []
        for _ in range(_PAIRS):
            number, digit = divmod(number, len(_DIGITS))
            number, letter = divmod(number, len(_LETTERS))
            made.append(_DIGITS[digit] + _LETTERS[letter])
        return f"{kind}-{''.join(made)}"


def plain(text: str) -> str:
    """Lower case without accents, umlauts as two letters."""
    spelled = "".join(UMLAUTS.get(letter, letter) for letter in unicodedata.normalize("NFC", text).casefold())
    parted = unicodedata.normalize("NFKD", spelled)
    return unicodedata.normalize("NFC", "".join(letter for letter in parted if not unicodedata.combining(letter)))


def words_of(text: str) -> list[str]:
    """The runs of letters of a text."""
    return re.findall(r"[^\W\d_]+", text)
