"""Identifiers that follow from the delivery key: the same delivery is the same study, however often it is sent."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID


def uid(key: str, *parts: object) -> str:
    """A UID below 2.25 (PS3.5 B.2: a UUID as a decimal number), the same for the same words.

    Args:
        key: the delivery key.
        parts: what it is for: ``"study"``, ``"model", 3``.
    """
    digest = sha256("\0".join(["casepan dicom", key, *map(str, parts)]).encode()).digest()
    return f"2.25.{UUID(bytes=digest[:16], version=5).int}"
