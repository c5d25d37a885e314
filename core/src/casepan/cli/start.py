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
    except CasepanError as error:
        print(f"casepan: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("casepan: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader went away; let the last flush succeed
        raise SystemExit(0) from None
    raise SystemExit(0)


def _make_lossless(stream: TextIO) -> None:
    """UTF-8 on any machine; what cannot be shown (undecodable bytes in names) comes out escaped."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
