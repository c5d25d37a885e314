"""What supervisor and child say to each other: one JSON object a line, over the child's standard input and output.

The child keeps the line to itself: what plugins print goes to standard error. When the line closes, the child ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from casepan.errors import (
    AdapterError,
    CaseError,
    CasepanError,
    ConfigError,
    CorruptFile,
    FenceLost,
    NotReady,
    StateError,
)
from casepan.running import platform

Message = dict[str, Any]

COMPACT = json.JSONEncoder(separators=(",", ":"))


def encode(message: Mapping[str, Any]) -> bytes:
    """One line. ASCII, so that names with undecodable bytes survive."""
    return COMPACT.encode(message).encode("ascii") + b"\n"


class Link:
    """The child's end."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._lock = threading.Lock()
        if hasattr(select, "poll"):  # elsewhere the Job Object ends this process
            threading.Thread(target=end_when_closed, args=(incoming.fileno(),), daemon=True).start()

    @classmethod
    def on_standard_streams(cls) -> Link:
        """Take standard input and output for the link and point both elsewhere for everybody else."""
        incoming, outgoing = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb"))

    def receive(self) -> Message:
        """The next message of the supervisor. Called by one thread only."""
        line = self._incoming.readline()
        if not line:
            end_group()
        message: Message = json.loads(line)
        return message

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the supervisor."""
        with self._lock:
            self._outgoing.write(encode(message))
            self._outgoing.flush()

    def ask(self, **message: Any) -> Message:
        """Tell the supervisor and wait for its answer.

        Raises:
            FenceLost: it says that this process no longer owns the case.
        """
        self.send(message)
        answer = self.receive()
        if answer.get("lost"):
            raise FenceLost("another process has taken over this case")
        return answer


def end_when_closed(line: int) -> None:
    """In a thread that sleeps while the line is open, also through everything that is said on it."""
    hung_up = select.poll()
    hung_up.register(line, 0)  # that its other end was closed is always told
    hung_up.poll()
    end_group()


def end_group() -> NoReturn:
    """The supervisor is gone: end this process and what it started, at once."""
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def describe_error(error: BaseException) -> Message:
    """An error as the supervisor needs it: what kind, and what to say."""
    if isinstance(error, CasepanError):
        return {
            "kind": _kind(error), "code": error.code, "reason": error.reason,
            "place": _place(error), "hint": error.hint,
        }  # fmt: skip
    if isinstance(error, MemoryError):
        return {
            "kind": "crash", "code": "CP126", "reason": "the memory limit of one attempt was not enough",
            "place": None, "hint": "Raise memory_limit of the pipeline, or ask for a smaller export.",
        }  # fmt: skip
    if isinstance(error, OSError) and platform.is_too_large(error):
        return {
            "kind": "crash", "code": "CP126", "reason": "a file grew beyond the limit of one case", "place": None,
            "hint": "Report the step to the author of its plugin.",
        }  # fmt: skip
    return {
        "kind": "crash", "code": "CP100", "reason": f"a stage failed with {type(error).__name__}", "place": str(error)[:500],
        "hint": "Report it to the author of the plugin; details are in the case's quarantine folder.",
    }  # fmt: skip


def _kind(error: CasepanError) -> str:
    kinds: tuple[tuple[type[CasepanError], str], ...] = (
        (FenceLost, "fence"), (StateError, "state"), (NotReady, "not-ready"), (CaseError, "case"),
        (AdapterError, "setup"), (ConfigError, "setup"),
    )  # fmt: skip
    return next((kind for base, kind in kinds if isinstance(error, base)), "crash")


def _place(error: CasepanError) -> str | None:
    if isinstance(error, CorruptFile):
        if error.line is not None:
            return f"{error.place or ''} (line {error.line})"
        if error.offset is not None:
            return f"{error.place or ''} (byte {error.offset})"
    return error.place
