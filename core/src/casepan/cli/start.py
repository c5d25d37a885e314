"""Where the ``casepan`` command begins: streams first, then typer, then exit codes."""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn, TextIO

from casepan.errors import CasepanError

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line. A known error is one to four lines on stderr and its own exit code; a bug keeps its traceback."""
    for stream in (sys.stdout, sys.stderr):
        _make_lossless(stream)
    from casepan.cli.app import app

    try:
        app()
        code: int | str | None = 0
    except SystemExit as end:
        code = end.code
    except CasepanError as error:
        print(f"casepan: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("casepan: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    raise SystemExit(_flushed(code))


def _flushed(code: int | str | None) -> int | str | None:
    """The exit code, once all output is out; a reader that went away (``| head``) is no failure."""
    gone = type(sys.stdout).__name__ == "PacifyFlushWrapper"  # typer put it there after a broken pipe, to end with 1
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        gone = True
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0 if gone else code


def _make_lossless(stream: TextIO) -> None:
    """UTF-8 on any machine; what cannot be shown (undecodable bytes in names) comes out escaped."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
