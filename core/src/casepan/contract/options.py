"""How a stage declares its options: an attrs class whose fields carry their own documentation.

    @frozen
    class HoleOptions:
        largest: Millimetres = option(1.0, "holes up to this width pass", source="derived, facts/quality.md 9")
        password: Secret | None = option(None, "password of the portal")

``lab.toml`` is read strictly into it, ``casepan check`` reports what does not fit, and the JSON Schema is made from it.
"""

from __future__ import annotations

from typing import Any, NewType

from attrs import NOTHING, field, frozen

Duration = NewType("Duration", float)
"""Seconds. Written ``"30s"``, ``"5m"``, ``"2h"``, ``"3d"`` or a number of seconds."""

ByteCount = NewType("ByteCount", int)
"""Bytes. Written ``"512MiB"``, ``"4GiB"`` or a number of bytes."""

Millimetres = NewType("Millimetres", float)
"""A length in millimetres, a plain number."""

FolderPath = NewType("FolderPath", str)
"""A folder; relative paths count from the folder of ``lab.toml``."""

FilePath = NewType("FilePath", str)
"""A file; relative paths count from the folder of ``lab.toml``."""


@frozen
class Secret:
    """A reference to a secret, never the secret itself: ``{ env = "NAME" }``, ``{ file = "PATH" }`` or ``{ secret = "NAME" }``.

    ``{ secret = "NAME" }`` points into the ``[secrets]`` table. The value is fetched by ``ctx.secret(reference)`` only.
    """

    env: str | None = None
    file: str | None = None
    secret: str | None = None


def option(
    default: Any = NOTHING,
    doc: str = "",
    *,
    source: str | None = None,
    minimum: float | None = None,
    factory: Any = None,
    **more: Any,
) -> Any:
    """An attrs field with its documentation; for a number the source it was taken from and the least that is allowed."""
    metadata = {"doc": doc, "source": source, "minimum": minimum}
    if factory is not None:
        return field(factory=factory, metadata=metadata, **more)
    return field(default=default, metadata=metadata, **more)


@frozen
class NoOptions:
    """The options of a stage that has none."""
