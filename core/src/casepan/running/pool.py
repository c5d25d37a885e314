"""Child processes as the supervisor holds them: started, spoken to, limited in time, and certainly ended."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from casepan.running.durable import FILE_MODE, FOLDER_MODE
from casepan.running.mailbox import Mailbox
from casepan.running.starting import Forked, Starter
from casepan.running.wire import Message, encode

STDERR_KEPT = 4000


class Child:
    """One child process.

    Attributes:
        limit, deadline: seconds that it has, and when they are over on the monotonic clock: then the supervisor kills it.
        killed: why the supervisor killed it, None when it did not.
        end: the message that the child ended with, None until then.
    """

    def __init__(self, job: Mapping[str, Any], *, starter: Starter, limit: float) -> None:
        self.mark = secrets.token_hex(8)
        self.killed: str | None = None
        self.end: Message | None = None
        self._platform = starter.platform
        self._scratch = starter.scratch / self.mark
        self._scratch.mkdir(FOLDER_MODE)
        self._errors = self._scratch / "stderr"
        with os.fdopen(os.open(self._errors, os.O_WRONLY | os.O_CREAT, FILE_MODE), "wb") as errors:
            self._process, more = starter.start(self.mark, errors.fileno())
        self.allow(limit)
        self._code = 0
        self._bound = self._platform.adopt(int(getattr(self._process, "_handle", 0)), int(job["memory"]))
        self.send({**job, **more, "scratch": str(self._scratch)})

    def watch(self, mailbox: Mailbox) -> None:
        """Let the mailbox have what the child says, and its end."""
        assert self._process.stdout is not None
        mailbox.listen(self, self._process.stdout)

        def ended(code: int) -> None:
            self._code = code
            mailbox.ended(self)

        process = self._process
        if isinstance(process, Forked):
            process.when_ended(ended)
        else:
            threading.Thread(target=lambda: ended(process.wait()), daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id, also the id of its group."""
        return self._process.pid

    def allow(self, seconds: float) -> None:
        """Set its time limit, counted from now."""
        self.limit, self.deadline = seconds, time.monotonic() + seconds

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the child; one that is gone already is found out by its end."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):
            self._process.stdin.write(encode(message))
            self._process.stdin.flush()

    def kill(self, why: str) -> None:
        """End it and everything in its group now. Its end comes through the mailbox like any other."""
        if self.killed is None:
            self.killed = why
        self._platform.kill_group(self.pid)

    def bury(self) -> str | None:
        """After its end: leave nothing of it behind. Says how it died, None when it ended as it should."""
        self._platform.kill_group(self.pid)
        died = self._death()
        if died is not None:
            self._platform.kill_marked(self.mark)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._bound = None
        return died

    def _death(self) -> str | None:
        if self.killed is not None:
            return self.killed
        if self.end is not None:
            return None
        code = self._code
        if code < 0:
            return f"the process was ended by signal {_signal_name(-code)}"
        return f"the process ended without a word (exit code {code})"

    def last_words(self) -> str:
        """The end of what it printed, for the private quarantine folder; its scratch folder goes, whatever it left there."""
        try:
            return self._errors.read_bytes()[-STDERR_KEPT:].decode("utf-8", "backslashreplace")
        except OSError:
            return ""
        finally:
            self._clear()

    def _clear(self) -> None:
        try:
            self._errors.unlink()
            self._scratch.rmdir()
        except OSError:  # it left something there
            shutil.rmtree(self._scratch, ignore_errors=True)


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
