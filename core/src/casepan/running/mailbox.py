"""What all children say, in one place. A loop waits there for whichever speaks first."""

from __future__ import annotations

import json
import os
import queue
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Protocol

from attrs import define, field

from casepan.running.platform import Platform
from casepan.running.wire import Message

if TYPE_CHECKING:
    from casepan.running.pool import Child

Heard = tuple["Child", Message | None]
"""Who said what; None is the end of that child, behind everything else that it said."""
CHUNK = 1 << 16
LAST_LINES_SECONDS = 1.0
"""A grandchild may still hold the line when a child has ended."""


class Mailbox(Protocol):
    """Where children are heard."""

    def listen(self, child: Child, line: IO[bytes]) -> None:
        """Hear what comes over a child's line from now on."""

    def ended(self, child: Child) -> None:
        """A child has ended; called by any thread."""

    def get(self, seconds: float) -> Heard | None:
        """The next that somebody said, None when nobody did for that long."""

    def close(self) -> None:
        """Hear nobody any more."""


@define(eq=False)
class Selected:
    """Asks the system who has something to say: a thread for each line would cost more than what is said."""

    _selector: selectors.BaseSelector = field(factory=selectors.DefaultSelector)
    _bell: tuple[socket.socket, socket.socket] = field(factory=socket.socketpair)
    _ends: queue.SimpleQueue[Child] = field(factory=queue.SimpleQueue)
    _heard: deque[Heard] = field(factory=deque)
    _lines: dict[Child, int] = field(factory=dict)
    _unfinished: dict[Child, bytes] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.attend(self._bell[0].fileno(), self._bury)

    def attend(self, handle: int, hear: Callable[[], object]) -> None:
        """Have ``hear`` called when there is something to be read from another line."""
        self._selector.register(handle, selectors.EVENT_READ, hear)

    def dismiss(self, handle: int) -> None:
        """Attend to a line no more; it is still open."""
        self._selector.unregister(handle)

    def listen(self, child: Child, line: IO[bytes]) -> None:
        """See :class:`Mailbox`."""
        handle = self._lines[child] = line.fileno()
        os.set_blocking(handle, False)
        self.attend(handle, lambda: self._hear(child))

    def ended(self, child: Child) -> None:
        """See :class:`Mailbox`."""
        self._ends.put(child)
        with suppress(OSError):
            self._bell[1].send(b"\0")

    def get(self, seconds: float) -> Heard | None:
        """See :class:`Mailbox`."""
        if not self._heard:
            for key, _ in self._selector.select(seconds):
                key.data()
        return self._heard.popleft() if self._heard else None

    def _bury(self) -> None:
        """Everything that a child wrote before its end is there to be read, whoever else holds its line."""
        self._bell[0].recv(1)
        child = self._ends.get()
        while self._hear(child):
            pass
        self._forget(child)
        self._heard.append((child, None))

    def _hear(self, child: Child) -> bool:
        """False when there is nothing to be heard now."""
        if child not in self._lines:  # buried this very moment
            return False
        try:
            text = os.read(self._lines[child], CHUNK)
            *lines, rest = (self._unfinished.pop(child, b"") + text).split(b"\n")
            self._heard.extend((child, json.loads(line.decode("ascii"))) for line in lines)
        except BlockingIOError:
            return False
        except (OSError, ValueError):
            text = b""
        if not text:
            self._forget(child)
            return False
        self._unfinished[child] = rest
        return True

    def _forget(self, child: Child) -> None:
        handle = self._lines.pop(child, None)
        self._unfinished.pop(child, None)
        if handle is not None:
            self.dismiss(handle)

    def close(self) -> None:
        """See :class:`Mailbox`."""
        self._selector.close()
        for end in self._bell:
            end.close()


@define(eq=False)
class Threaded:
    """Has a thread for each line, where the system cannot be asked."""

    _heard: queue.SimpleQueue[Heard] = field(factory=queue.SimpleQueue)
    _readers: dict[Child, threading.Thread] = field(factory=dict)

    def listen(self, child: Child, line: IO[bytes]) -> None:
        """See :class:`Mailbox`."""
        self._readers[child] = threading.Thread(target=self._read, args=(child, line), daemon=True)
        self._readers[child].start()

    def _read(self, child: Child, line: IO[bytes]) -> None:
        with suppress(ValueError, OSError):
            for text in line:
                self._heard.put((child, json.loads(text)))

    def ended(self, child: Child) -> None:
        """See :class:`Mailbox`."""
        self._readers.pop(child).join(LAST_LINES_SECONDS)
        self._heard.put((child, None))

    def get(self, seconds: float) -> Heard | None:
        """See :class:`Mailbox`."""
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Nothing to do: threads end with their lines."""


def mailbox_for(platform: Platform) -> Mailbox:
    """The cheaper one where lines can be waited for together."""
    return Selected() if platform.can_select else Threaded()
