"""The morning as a message, sent by whichever plugin the laboratory has told to."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from casepan.errors import ConfigError
from casepan.operate.desk import Desk
from casepan.operate.morning import Line, Morning, columns
from casepan.registry import Registry
from casepan.running.observers import configured, context_of

MOST_LINES = 20
"""Of one section, in a message."""
SENDER = "deliver.notices"
"""The observer that sends digests, of the distribution casepan-deliver."""


def digest_of(morning: Morning) -> dict[str, Any]:
    """The plain document that senders take: headings and lines, no names of patients."""
    sections = [
        {
            "title": f"{one.title}: {len(one.lines)}",
            "lines": [*map(_line, one.lines[:MOST_LINES]), *_more(len(one.lines))],
        }
        for one in morning.sections
    ]
    nothing = [{"title": "Nothing to do", "lines": ["Nothing came, and nothing waits for anybody."]}]
    return {"schema": 1, "title": f"{morning.title}: {morning.summary}", "sections": sections or nothing}


def send(desk: Desk, morning: Morning, *, again: bool = False) -> tuple[str, ...]:
    """Send the morning through every configured observer that can, each once a day.

    Args:
        again: also when it was sent today, or may have been.

    Returns:
        A sentence for each.

    Raises:
        AdapterError: the distribution that sends is not installed, or not enabled. ConfigError: nobody is told where to.
        DeliveryError: it was not taken, or nobody can tell.
    """
    registry = Registry.load(tuple(desk.lab.adapters))
    senders = [
        (spec, options)
        for spec, options in configured(desk.lab, registry)
        if hasattr(registry.build(spec.name, options), "digest")
    ]
    if not senders:
        registry.spec(SENDER)
        plugin, _, short = SENDER.partition(".")
        hint = (
            f"Add to lab.toml: [adapters.{plugin}.with.{short}] with a `channel`; see `casepan adapters show {plugin}`."
        )
        raise ConfigError("nobody is told where to send the morning to", place=str(desk.lab.path), hint=hint)
    scratch = Path(tempfile.mkdtemp(prefix="casepan-"))
    try:
        return tuple(
            _send(desk, registry.build(spec.name, options), spec.name, morning, scratch, again)
            for spec, options in senders
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _send(desk: Desk, observer: Any, name: str, morning: Morning, scratch: Path, again: bool) -> str:
    ctx = context_of(desk.lab, desk.state, scratch, name)
    answer = observer.digest(digest_of(morning), ctx, day=morning.at.date(), again=again)
    return (
        f"{name}: was sent today already; --again sends it once more" if answer is None else f"{name}: sent, {answer}"
    )


def _line(line: Line) -> str:
    words = "  ".join(cell for cell in columns(line) if cell)
    return f"{words}: {line.point}" if line.point else words


def _more(total: int) -> list[str]:
    return [f"… and {total - MOST_LINES} more"] if total > MOST_LINES else []
