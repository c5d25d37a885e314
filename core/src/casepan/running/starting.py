"""How child processes come to be: forked by a warm process where that is possible, started afresh everywhere else."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from attrs import define, field

from casepan.config.lab import Lab
from casepan.model.documents import to_document
from casepan.running.mailbox import CHUNK, Selected
from casepan.running.platform import MARK, Platform, is_zombie
from casepan.running.wire import encode
from casepan.running.zygote import SPARE_MARK

PYTHON = (sys.executable, "-P", "-X", "utf8", "-m")
"""``-P`` and a working folder of its own: what lies where somebody typed the command is neither imported nor written over."""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
NO_FORK = "CASEPAN_NO_FORK"
FORKS = 500
"""Children of one warm process, then it is replaced."""
DEATHS = 3
"""Warm processes that may die before every child is started afresh until the end of the run."""
READY_SECONDS, ANSWER_SECONDS, END_SECONDS = 60.0, 10.0, 5.0
LOOK_SECONDS = 1.0


class NotForked(Exception):
    """The warm process is not there, or did not do it."""


@define(eq=False)
class Forked:
    """A child that a warm process forked, known before anybody can hear of its end."""

    pid: int
    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    _code: int | None = None
    _tell: Callable[[int], None] | None = None

    def ended(self, code: int) -> None:
        """Its parent told of its end."""
        self._code = code
        if self._tell is not None:
            self._tell(code)

    def when_ended(self, tell: Callable[[int], None]) -> None:
        """Hand its exit code on once it has ended, negative for a signal."""
        self._tell = tell
        if self._code is not None:
            tell(self._code)


Process = Forked | subprocess.Popen[bytes]
"""A running child."""


class Zygote:
    """A warm process and the children that it forked. It gets ready while others go on, and is waited for at its first fork."""

    def __init__(
        self, order: dict[str, Any], *, platform: Platform, lock: int, scratch: Path, mailbox: Selected
    ) -> None:
        self.forks = 0
        self._platform = platform
        self._mailbox = mailbox
        self._alive: dict[int, Forked] = {}
        self._ended: set[int] = set()
        self._answers: deque[dict[str, Any] | Forked | None] = deque()
        self._unfinished = b""
        self._retired = False
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                (*PYTHON, "casepan.running.zygote"), stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd=scratch, env={**os.environ, **ONE_THREAD, MARK: SPARE_MARK}, **platform.child_options(lock),
            )  # fmt: skip
        mailbox.attend(self._line.fileno(), self.hear)
        self._send(encode({**order, "parent": os.getpid()}), [])
        self._folders: tuple[Path, ...] = ()
        self._stamp: tuple[int, ...] = ()
        self._looked = self._checked = 0.0

    @property
    def pid(self) -> int:
        """Its process id: the parent of its children."""
        return self._process.pid

    @property
    def is_stale(self) -> bool:
        """True when it has forked enough, or when something was installed since it started."""
        return self.forks >= FORKS or self._is_outdated()

    def _is_outdated(self) -> bool:
        """Looked up at most once in ``LOOK_SECONDS``: it asks for every folder that modules come from."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        return stamp(self._folders) != self._stamp

    def fork(self, mark: str, errors: int) -> Forked:
        """A fresh child with its streams.

        Raises:
            NotForked: the warm process did not get ready, is gone or does not answer; it is ended then.
        """
        if not self.forks:
            self._wait_until_ready()
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        stdin, stdout = os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb")
        self.forks += 1
        try:
            self._send(encode({"mark": mark}), [theirs_in, theirs_out, errors])
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        forked = self._answer(ANSWER_SECONDS)
        if not isinstance(forked, Forked):
            self.kill()
            stdin.close()
            stdout.close()
            raise NotForked("it does not answer")
        forked.stdin, forked.stdout = stdin, stdout
        return forked

    def _wait_until_ready(self) -> None:
        ready = self._answer(READY_SECONDS)
        if not isinstance(ready, dict) or ready["threads"] != 1:
            self.kill()
            raise NotForked("a plugin starts threads when it is imported" if ready else "it ended while getting ready")
        self._folders = tuple(map(Path, ready["paths"]))
        self._stamp = stamp(self._folders)

    def retire(self) -> None:
        """End it once its last child has ended."""
        self._retired = True
        if not self._alive:
            self._close()

    def kill(self) -> None:
        """End it and its children now."""
        self._platform.kill_group(self.pid)

    @property
    def is_alive(self) -> bool:
        """True until it has ended."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> None:
        """Until it has ended."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._over()

    def _close(self) -> None:
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def _send(self, text: bytes, handles: list[int]) -> None:
        with suppress(OSError):
            socket.send_fds(self._line, [text], handles)

    def _answer(self, seconds: float) -> dict[str, Any] | Forked | None:
        deadline = time.monotonic() + seconds
        while not self._answers:
            if not select.select([self._line], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            self.hear()
        return self._answers.popleft()

    def hear(self) -> None:
        """What the warm process says now, and what its end means for its children. Waits while it says nothing."""
        try:
            text = self._line.recv(CHUNK)
            *lines, self._unfinished = (self._unfinished + text).split(b"\n")
            for line in lines:
                self._hear(json.loads(line))
        except (OSError, ValueError):
            text = b""
        if not text:
            self._over()

    def _over(self) -> None:
        """It says no more: nobody would be told of the end of its children."""
        if self._line.fileno() < 0:
            return
        self._mailbox.dismiss(self._line.fileno())
        self._line.close()
        self.kill()
        self._process.wait()
        for forked in self._alive.values():
            self._platform.kill_group(forked.pid)
            forked.ended(-signal.SIGKILL)
        self._alive.clear()
        self._answers.append(None)

    def check(self) -> None:
        """End it when it does not tell of the end of a child any more; looked up at most once in ``ANSWER_SECONDS``."""
        now = time.monotonic()
        if now - self._checked < ANSWER_SECONDS:
            return
        ended = {pid for pid in self._alive if is_zombie(pid)}
        if ended & self._ended:  # seen once it may have ended this very moment
            self.kill()
        self._checked, self._ended = now, ended

    def _hear(self, message: dict[str, Any]) -> None:
        if "ended" in message:
            forked = self._alive.pop(message["ended"], None)
            if forked is not None:  # else a process that some import left behind
                forked.ended(message["code"])
            if self._retired and not self._alive:
                self._close()
        elif "pid" in message:
            forked = self._alive[message["pid"]] = Forked(message["pid"])
            self._answers.append(forked)
        else:
            self._answers.append(message)


def stamp(folders: Iterable[Path]) -> tuple[int, ...]:
    """Changes when something is installed, upgraded or removed in one of the folders that modules come from."""
    return tuple(folder.stat().st_mtime_ns for folder in folders if folder.is_dir())


@define
class Starter:
    """Starts the children of one supervisor.

    Attributes:
        mailbox: where warm processes are heard; None where none can be.
        note: is told why children are not forked any more.
    """

    lab: Lab
    loader: str
    platform: Platform
    lock: int
    scratch: Path
    mailbox: Selected | None
    note: Callable[[str], object]
    _zygote: Zygote | None = None
    _old: list[Zygote] = field(factory=list)
    _deaths: int = 0
    _document: dict[str, Any] = field(factory=dict)

    def start(self, mark: str, errors: int) -> tuple[Process, dict[str, Any]]:
        """A child, and what it must be told besides its job.

        Args:
            mark: put into its environment.
            errors: open file for its standard error.

        Raises:
            OSError: no process can be started.
        """
        if self._may_fork:
            try:
                return self._forked(mark, errors)
            except NotForked as error:
                self._zygote = None
                self._deaths += 1
                self.note(str(error))
        return self._spawned(mark, errors), {**self._order(), "parent": os.getpid()}

    def prepare(self) -> None:
        """Work is coming: a warm process may get ready for it meanwhile."""
        if self._may_fork and self._zygote is None and self.mailbox is not None:
            self._zygote = Zygote(
                self._order(), platform=self.platform, lock=self.lock, scratch=self.scratch, mailbox=self.mailbox
            )

    def check(self) -> None:
        """End warm processes that are stuck."""
        for zygote in self._warm():
            zygote.check()

    def _warm(self) -> tuple[Zygote, ...]:
        return (*self._old, *((self._zygote,) if self._zygote else ()))

    @property
    def _may_fork(self) -> bool:
        can = self.platform.can_fork and self.mailbox is not None
        return can and not os.environ.get(NO_FORK) and self._deaths < DEATHS

    def close(self) -> None:
        """End the warm processes; their children have ended or are killed already."""
        for zygote in self._warm():
            zygote.retire()
            zygote.wait(END_SECONDS)
        self._zygote = None
        self._old.clear()

    def _order(self) -> dict[str, Any]:
        """What a process needs that has made nothing ready."""
        if not self._document:
            self._document = to_document(self.lab)
        return {"lab": self._document, "loader": self.loader}

    def _forked(self, mark: str, errors: int) -> tuple[Process, dict[str, Any]]:
        if self._zygote is not None and self._zygote.is_stale:
            self._zygote.retire()
            self._old = [zygote for zygote in self._old if zygote.is_alive] + [self._zygote]
            self._zygote = None
        self.prepare()
        assert self._zygote is not None
        return self._zygote.fork(mark, errors), {"parent": self._zygote.pid}

    def _spawned(self, mark: str, errors: int) -> Process:
        return subprocess.Popen(
            (*PYTHON, "casepan.running.child"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            cwd=self.scratch, env={**os.environ, **ONE_THREAD, MARK: mark}, **self.platform.child_options(self.lock),
        )  # fmt: skip
